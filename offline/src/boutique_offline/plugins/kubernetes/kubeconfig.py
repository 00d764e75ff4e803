"""From a kubeconfig to a cluster and the credentials for it.

Covered: certificate authorities, client certificates, tokens (also from a file) and exec credential plugins, which is
how EKS signs in. Source: the Kubernetes `client.authentication.k8s.io` API and the kubeconfig reference.
"""

import asyncio
import base64
import json
import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from boutique_offline.plugins.serving import PluginError

_EXPIRY_MARGIN: Final = timedelta(seconds=30)
_NOT_COVERED: Final = {"proxy-url", "tls-server-name", "auth-provider", "username", "as", "as-groups", "as-uid"}


@dataclass(frozen=True)
class Cluster:
    """One context of a kubeconfig: a server, how to trust it, and a user of it."""

    context: str
    server: str
    namespace: str
    settings: dict[str, Any]
    user: dict[str, Any]
    directory: Path
    """What relative paths in the kubeconfig are relative to."""


def load(contents_or_path: str | None, context: str | None) -> Cluster:
    """The cluster of a kubeconfig given by its contents or its path; without one, of `$KUBECONFIG` or `~/.kube/config`.

    Raises PluginError naming the file and what is missing or not covered.
    """
    document, where, directory = _read(contents_or_path)
    name = context or document.get("current-context")
    if not name:
        raise PluginError(f"{where} has no current-context, and the provider names no context")
    chosen = _named(document, "contexts", name, "context", where)
    cluster = _named(document, "clusters", str(chosen.get("cluster")), "cluster", where)
    user = _named(document, "users", str(chosen.get("user")), "user", where) if chosen.get("user") else {}
    if not cluster.get("server"):
        raise PluginError(f"{where}: cluster {chosen.get('cluster')!r} has no server")
    if unknown := sorted((cluster.keys() | user.keys()) & _NOT_COVERED):
        raise PluginError(f"{where}: {unknown[0]!r} is not covered by this stand-in plugin")
    return Cluster(
        context=name,
        server=str(cluster["server"]).rstrip("/"),
        namespace=str(chosen.get("namespace") or "default"),
        settings=cluster,
        user=user,
        directory=directory,
    )


def _read(contents_or_path: str | None) -> tuple[dict[str, Any], str, Path]:
    given = contents_or_path or os.environ.get("KUBECONFIG") or "~/.kube/config"
    if "\n" in given.strip() or given.lstrip().startswith("{"):
        text, where, directory = given, "the provider's kubeconfig", Path.cwd()
    else:
        path = Path(given).expanduser()
        try:
            text, where, directory = path.read_text(), str(path), path.parent
        except OSError as error:
            several = "; several files at once are not covered" if os.pathsep in given else ""
            raise PluginError(f"cannot read the kubeconfig {path}: {error.strerror}{several}") from None
    try:
        document = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        # Not the error itself: it quotes the line, which may hold a credential.
        position = getattr(error, "problem_mark", None)
        raise PluginError(f"{where} is not YAML{f' (line {position.line + 1})' if position else ''}") from None
    if not isinstance(document, dict):
        raise PluginError(f"{where} is not a kubeconfig")
    return document, where, directory


def _named(document: dict[str, Any], section: str, name: str, kind: str, where: str) -> dict[str, Any]:
    entries = {entry.get("name"): entry.get(kind) or {} for entry in document.get(section) or []}
    if name not in entries:
        known = ", ".join(map(str, entries)) or "none"
        raise PluginError(f"{where} has no {kind} {name!r}; it has: {known}")
    found: dict[str, Any] = entries[name]
    return found


def tls_context(cluster: Cluster, certificate: str | None, key: str | None) -> ssl.SSLContext:
    """TLS that trusts the cluster's authority alone and, given PEM texts, presents a client certificate."""
    settings = cluster.settings
    if settings.get("insecure-skip-tls-verify"):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context = ssl.create_default_context(cadata=_pem(cluster, settings, "certificate-authority"))
    if certificate and key:
        # The ssl module reads certificates from files alone.
        with _private_file(certificate) as certificate_path, _private_file(key) as key_path:
            context.load_cert_chain(certificate_path, key_path)
    return context


@contextmanager
def _private_file(text: str) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(text)
        file.flush()
        yield Path(file.name)


def _pem(cluster: Cluster, settings: dict[str, Any], name: str) -> str | None:
    """A PEM text that is given either inline (`<name>-data`, base64) or as a path (`<name>`)."""
    if data := settings.get(f"{name}-data"):
        return base64.b64decode(data).decode()
    path = settings.get(name)
    return (cluster.directory / str(path)).read_text() if path else None


@dataclass(frozen=True)
class Credential:
    """What signs a request in; either part may be absent."""

    token: str | None = None
    certificate: str | None = None
    key: str | None = None
    expires: datetime | None = None

    @property
    def expired(self) -> bool:
        return self.expires is not None and datetime.now(UTC) + _EXPIRY_MARGIN > self.expires


async def sign_in(cluster: Cluster) -> Credential:
    """A credential of the cluster's user; runs the exec plugin if that is how the user signs in."""
    user = cluster.user
    if "exec" in user:
        return await _run_exec_plugin(cluster, user["exec"])
    token = user.get("token")
    if not token and (path := user.get("tokenFile")):
        token = (cluster.directory / path).read_text().strip()
    return Credential(token, _pem(cluster, user, "client-certificate"), _pem(cluster, user, "client-key"))


async def _run_exec_plugin(cluster: Cluster, settings: dict[str, Any]) -> Credential:
    command = [str(settings["command"]), *map(str, settings.get("args") or [])]
    request = {"apiVersion": settings.get("apiVersion"), "kind": "ExecCredential", "spec": {"interactive": False}}
    environment = {
        **os.environ,
        **{entry["name"]: entry["value"] for entry in settings.get("env") or []},
        "KUBERNETES_EXEC_INFO": json.dumps(request),
    }
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        hint = settings.get("installHint") or "install it or use another kubeconfig"
        raise PluginError(f"the kubeconfig signs in with {command[0]!r}: {error.strerror}; {hint}") from None
    output, complaint = await process.communicate()
    if process.returncode != 0:
        raise PluginError(f"signing in with {' '.join(command)!r} failed: {complaint.decode().strip()}")
    try:
        status = json.loads(output)["status"]
    except (ValueError, KeyError):
        raise PluginError(f"{command[0]!r} answered something that is not an ExecCredential with a status") from None
    expires = status.get("expirationTimestamp")
    return Credential(
        token=status.get("token"),
        certificate=status.get("clientCertificateData"),
        key=status.get("clientKeyData"),
        expires=datetime.fromisoformat(expires) if expires else None,
    )
