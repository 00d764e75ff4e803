from typing import Any

import pytest

from boutique_offline.plugins.kubernetes.helm import conceal_what_differs, mask
from boutique_offline.plugins.properties import Secret, reveal

Object = dict[str, Any]


@pytest.fixture
def manifest() -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "store", "annotations": {"checksum": "1f2e"}},
        "spec": {"template": {"env": [{"name": "USER", "value": "shop"}, {"name": "URL", "value": "x:hunter2@h"}]}},
    }


def test_a_mask_differs_in_every_secret_character_and_in_nothing_else() -> None:
    values = {"user": "shop", "password": Secret("aabbc"), "port": Secret(1), "sizes": [Secret(True), 2]}
    assert reveal(mask(values)) == {"user": "shop", "password": "bbaaa", "port": 2, "sizes": [False, 2]}


def test_whatever_a_secret_went_into_is_secret_also_if_it_was_transformed(manifest: Object) -> None:
    masked = {
        **manifest,
        "metadata": {"name": "store", "annotations": {"checksum": "9a8b"}},
        "spec": {"template": {"env": [{"name": "USER", "value": "shop"}, {"name": "URL", "value": "x:aaaaaaa@h"}]}},
    }
    concealed = conceal_what_differs(manifest, [masked])
    assert reveal(concealed) == manifest
    assert concealed["metadata"]["annotations"]["checksum"] == Secret("1f2e")
    assert concealed["spec"]["template"]["env"][1] == {"name": "URL", "value": Secret("x:hunter2@h")}
    assert concealed["spec"]["template"]["env"][0]["value"] == "shop"


def test_an_object_that_exists_only_for_the_real_secret_is_secret_below_its_name(manifest: Object) -> None:
    concealed = conceal_what_differs(manifest, [])
    assert concealed["metadata"] == {"name": "store", "annotations": Secret({"checksum": "1f2e"})}
    assert concealed["spec"] == Secret(manifest["spec"])
