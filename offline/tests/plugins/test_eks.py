"""Tests what the emulated eks plugin refuses before it creates anything."""

from typing import Any

import pytest

from boutique_offline.plugins.eks.cluster import uncovered

AUTO_MODE = {
    "autoMode": {"enabled": True},
    "authenticationMode": "API",
    "corednsAddonOptions": {"enabled": False},
    "privateSubnetIds": ["subnet-1", "subnet-2"],
    "version": "1.34",
}


def test_a_cluster_with_auto_mode_is_covered() -> None:
    assert uncovered(AUTO_MODE) is None


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        (AUTO_MODE | {"nodeGroupOptions": {}}, "nodeGroupOptions is not covered"),
        (AUTO_MODE | {"autoMode": None}, "autoMode.enabled must be true"),
        (AUTO_MODE | {"corednsAddonOptions": None}, "corednsAddonOptions.enabled must be false"),
        (AUTO_MODE | {"authenticationMode": "CONFIG_MAP"}, "authenticationMode must be API"),
        (AUTO_MODE | {"privateSubnetIds": None}, "privateSubnetIds must be set"),
    ],
)
def test_an_uncovered_input_is_named(inputs: dict[str, Any], named: str) -> None:
    assert named in str(uncovered(inputs))
