"""Creates certificates with the openssl command: P-256 keys, in files that only their owner can read."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dev.errors import ActionableError

_DAYS: Final = "365"
_OLDEST_OPENSSL: Final = "3.0"
_KEY: Final = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class KeyPair:
    """The files of a certificate and of its private key."""

    certificate: Path
    key: Path


def create_authority(pair: KeyPair) -> None:
    """Creates a self-signed certificate authority. Raises ActionableError if openssl fails."""
    _create(pair, "-subj", f"/CN={pair.certificate.stem}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def create_certificate(
    pair: KeyPair, issuer: KeyPair, *, user: str, groups: Sequence[str] = (), hosts: Sequence[str] = ()
) -> None:
    """Creates a client certificate, which is also a server certificate if there are hosts.

    Args:
        pair: The files to create.
        issuer: The certificate authority.
        user: The user's name in Kubernetes.
        groups: The user's groups in Kubernetes.
        hosts: Host names and addresses in openssl's notation: "DNS:localhost", "IP:127.0.0.1".

    Raises:
        ActionableError: openssl fails.
    """
    extensions = [
        "basicConstraints=critical,CA:FALSE",
        f"extendedKeyUsage={'serverAuth,clientAuth' if hosts else 'clientAuth'}",
        *([f"subjectAltName={','.join(hosts)}"] if hosts else []),
    ]
    _create(
        pair,
        *("-subj", "".join(f"/O={group}" for group in groups) + f"/CN={user}"),
        *("-CA", str(issuer.certificate), "-CAkey", str(issuer.key)),
        *(argument for extension in extensions for argument in ("-addext", extension)),
    )


def create_signing_key(pair: KeyPair) -> None:
    """Creates a key that signs tokens. Its certificate is only used for the public key."""
    _create(pair, "-subj", f"/CN={pair.certificate.stem}")


def _create(pair: KeyPair, *arguments: str) -> None:
    command = ["openssl", "req", "-x509", "-days", _DAYS, *_KEY]
    files = ["-keyout", str(pair.key), "-out", str(pair.certificate)]
    try:
        # Under this umask no file is readable by others at any moment.
        subprocess.run(
            [*command, *files, *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            umask=0o077,
        )
    except FileNotFoundError as error:
        raise ActionableError("openssl, which creates the cluster's certificates, is not on PATH.") from error
    except subprocess.CalledProcessError as error:
        raise ActionableError(
            f"openssl, which must be version {_OLDEST_OPENSSL} or newer, failed:\n  {error.stderr.strip()}"
        ) from error
