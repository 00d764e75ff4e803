import json
from typing import Any

import pytest

from boutique_offline.plugins.kubernetes.configuration import another_cluster, read
from boutique_offline.plugins.properties import UNKNOWN, Secret
from boutique_offline.plugins.serving import PluginError


def _kubeconfig(server: str, token: str = "t") -> str:
    return json.dumps(
        {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": token}}],
        }
    )


def test_booleans_may_come_as_the_text_that_the_sdk_makes_of_them() -> None:
    assert read({"enableSecretMutable": "true", "enableConfigMapMutable": False}).mutable_kinds == {"Secret"}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"renderYamlToDirectory": "x"}, "renderYamlToDirectory"),
        ({"enableServerSideApply": "false"}, "enableServerSideApply"),
        ({"enableSecretMutable": "maybe"}, "enableSecretMutable"),
        ({"namespace": 3}, "namespace"),
    ],
)
def test_a_setting_that_is_not_covered_or_wrong_is_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(PluginError, match=named):
        read(settings)


def test_a_cluster_identifier_alone_decides_whether_it_is_another_cluster() -> None:
    old = {"clusterIdentifier": "a", "kubeconfig": _kubeconfig("https://one")}
    assert another_cluster(old, old | {"kubeconfig": _kubeconfig("https://two")}) == []
    assert another_cluster(old, old | {"clusterIdentifier": "b"}) == ["clusterIdentifier"]


def test_without_an_identifier_the_address_decides_and_not_the_credential() -> None:
    old = {"kubeconfig": Secret(_kubeconfig("https://one"))}
    assert another_cluster(old, {"kubeconfig": _kubeconfig("https://one", token="renewed")}) == []
    assert another_cluster(old, {"kubeconfig": _kubeconfig("https://two")}) == ["kubeconfig"]


def test_a_kubeconfig_that_is_not_known_yet_or_lost_replaces_nothing() -> None:
    assert another_cluster({"kubeconfig": _kubeconfig("https://one")}, {"kubeconfig": UNKNOWN}) == []
    assert another_cluster({"kubeconfig": "/gone"}, {"kubeconfig": _kubeconfig("https://one")}) == []
