import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from boutique_offline.plugins.kubernetes.kubeconfig import load, sign_in
from boutique_offline.plugins.serving import PluginError


def _kubeconfig(user: Mapping[str, Any] | None = None, cluster: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "current-context": "kind",
        "contexts": [
            {"name": "kind", "context": {"cluster": "kind", "user": "admin", "namespace": "shop"}},
            {"name": "eks", "context": {"cluster": "eks", "user": "admin"}},
        ],
        "clusters": [
            {"name": "kind", "cluster": {"server": "https://127.0.0.1:6443/", **(cluster or {})}},
            {"name": "eks", "cluster": {"server": "https://eks.example.com"}},
        ],
        "users": [{"name": "admin", "user": user or {"token": "s3cret"}}],
    }


def test_contents_and_path_and_environment_lead_to_the_same_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = json.dumps(_kubeconfig())
    path = tmp_path / "config"
    path.write_text(contents)
    monkeypatch.setenv("KUBECONFIG", str(path))
    servers = {load(given, None).server for given in (contents, str(path), None)}
    assert servers == {"https://127.0.0.1:6443"}


def test_the_context_decides_and_its_namespace_is_the_default() -> None:
    contents = json.dumps(_kubeconfig())
    assert load(contents, None).namespace == "shop"
    assert (load(contents, "eks").server, load(contents, "eks").namespace) == ("https://eks.example.com", "default")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("/nowhere/config", "cannot read the kubeconfig /nowhere/config"),
        ("{\n: s3cret: [", "not YAML"),
        ("[]\n# not a mapping", "not a kubeconfig"),
        (json.dumps(_kubeconfig() | {"current-context": "gone"}), "no context 'gone'; it has: kind, eks"),
        (json.dumps(_kubeconfig() | {"current-context": ""}), "no current-context"),
        (json.dumps(_kubeconfig({"auth-provider": {}})), "'auth-provider' is not covered"),
        (json.dumps(_kubeconfig(cluster={"proxy-url": "http://proxy"})), "'proxy-url' is not covered"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_said_in_a_line_without_its_secrets(given: str, complaint: str) -> None:
    with pytest.raises(PluginError, match=complaint) as refusal:
        load(given, None)
    assert "s3cret" not in str(refusal.value)


async def test_a_token_is_read_from_the_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from a file\n")
    path = tmp_path / "config"
    path.write_text(json.dumps(_kubeconfig({"tokenFile": "token"})))
    assert (await sign_in(load(str(path), None))).token == "from a file"


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A credential plugin that answers what its environment tells it to."""
    path = tmp_path / "sign-in"
    path.write_text(f"#!{sys.executable}\nimport os\nprint(os.environ['ANSWER'])\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def _exec(command: Path, answer: str) -> str:
    settings = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": str(command),
        "env": [{"name": "ANSWER", "value": answer}],
    }
    return json.dumps(_kubeconfig({"exec": settings}))


async def test_an_exec_plugin_gives_a_token_until_it_expires(plugin: Path) -> None:
    answers = [
        json.dumps({"status": {"token": "t", "expirationTimestamp": f"{year}-01-01T00:00:00Z"}})
        for year in (2020, 2999)
    ]
    credentials = [await sign_in(load(_exec(plugin, answer), None)) for answer in answers]
    assert [(credential.token, credential.expired) for credential in credentials] == [("t", True), ("t", False)]


async def test_an_exec_plugin_that_is_missing_or_talks_nonsense_is_named(plugin: Path) -> None:
    with pytest.raises(PluginError, match="not an ExecCredential"):
        await sign_in(load(_exec(plugin, "nonsense"), None))
    with pytest.raises(PluginError, match="No such file"):
        await sign_in(load(_exec(plugin.with_name("absent"), ""), None))


def test_a_home_directory_may_be_abbreviated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(json.dumps(_kubeconfig()))
    assert load(None, None).context == load(f"~{os.sep}.kube/config", None).context == "kind"
