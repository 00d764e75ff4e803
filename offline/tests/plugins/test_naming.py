import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boutique_offline.plugins.kubernetes.naming import (
    automatic_name,
    field_manager,
    kind_of_token,
    object_id,
    split_id,
    token_of_kind,
)
from boutique_offline.plugins.serving import PluginError


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("kubernetes:core/v1:Service", ("v1", "Service")),
        ("kubernetes:apps/v1:Deployment", ("apps/v1", "Deployment")),
        ("kubernetes:rbac.authorization.k8s.io/v1:Role", ("rbac.authorization.k8s.io/v1", "Role")),
    ],
)
def test_a_type_token_names_the_kind_of_the_api(token: str, kind: tuple[str, str]) -> None:
    assert kind_of_token(token) == kind
    assert token_of_kind(*kind) == token


@pytest.mark.parametrize(
    "token", ["kubernetes:helm.sh/v3:Release", "kubernetes:apps/v1:DeploymentPatch", "kubernetes:core/v1:PodList"]
)
def test_resources_that_are_no_objects_are_refused(token: str) -> None:
    with pytest.raises(PluginError, match=re.escape(token)):
        kind_of_token(token)


@given(st.from_regex(r"[a-z]([a-z0-9-]{0,80}[a-z0-9])?", fullmatch=True), st.binary())
def test_an_automatic_name_is_a_valid_one_that_begins_with_the_resource_s(name: str, seed: bytes) -> None:
    made = automatic_name(name, seed)
    assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", made)
    assert len(made) <= 63
    assert made.startswith(name[:10].rstrip("-"))
    assert made == automatic_name(name, seed)


def test_another_seed_makes_another_name() -> None:
    assert automatic_name("cart", b"1") != automatic_name("cart", b"2")


def test_a_resource_has_the_same_field_manager_in_every_run_and_none_but_it() -> None:
    manager = field_manager("urn:pulumi:local::boutique::kubernetes:core/v1:Service::cart")
    assert re.fullmatch("pulumi-kubernetes-[0-9a-f]{8}", manager)
    assert manager != field_manager("urn:pulumi:dev::boutique::kubernetes:core/v1:Service::cart")


@pytest.mark.parametrize("metadata", [{"name": "cart", "namespace": "shop"}, {"name": "shop"}])
def test_an_id_is_read_as_it_was_written(metadata: dict[str, str]) -> None:
    assert split_id(object_id({"metadata": metadata})) == (metadata.get("namespace"), metadata["name"])
