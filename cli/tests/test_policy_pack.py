"""The pack under the real engine, on a stack whose resources have the types of real ones and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.stacks.engine import Backend, Stack
from dev.errors import ActionableError
from dev.progress import Progress
from dev.toolchain.toolbox import ensure

pytestmark = pytest.mark.cluster

_PROGRAM = """
import json, pulumi

class Key(pulumi.dynamic.Resource):
    arn: pulumi.Output[str]

unknown = Key(pulumi.dynamic.ResourceProvider(), "key", {"arn": None}).arn
for number, (kind, inputs) in enumerate(json.load(open("resources.json"))):
    inputs = {name: unknown if value == "unknown" else value for name, value in inputs.items()}
    pulumi.ComponentResource(kind, f"resource-{number}", inputs)
"""
TOPIC = "aws:sns/topic:Topic"
TAGS = {"boutique:project": "boutique", "boutique:stack": "trial"}

Previewed = Callable[..., None]


@pytest.fixture
def previewed(tmp_path: Path) -> Previewed:
    """Previews a stack of these resources, each a type and its inputs. Raises ActionableError where that fails."""
    with Progress() as progress:
        toolbox = ensure(["pulumi"], progress)
    (tmp_path / "Pulumi.yaml").write_text(json.dumps({"name": "trial", "runtime": "python"}))
    (tmp_path / "__main__.py").write_text(_PROGRAM)

    def preview(*resources: tuple[str, dict[str, Any]]) -> None:
        (tmp_path / "resources.json").write_text(json.dumps(resources))
        Stack("dev", toolbox, [], {}, Backend.local(tmp_path / "state"), tmp_path, policies=True).preview()

    return preview


def test_a_violation_fails_the_preview_and_says_which_resource_and_what_is_allowed(
    previewed: Previewed, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ActionableError, match="The preview failed: nothing was changed"):
        previewed((TOPIC, {"tags": TAGS}), (TOPIC, {"tags": TAGS, "kmsMasterKeyId": "key"}))
    printed = capfd.readouterr().out
    assert "[mandatory]" in printed
    assert "resource-0: kmsMasterKeyId: not set: must be a KMS key" in printed
    assert "resource-1" not in printed.partition("Policies:")[2]


def test_a_resource_that_follows_all_rules_passes(previewed: Previewed, capfd: pytest.CaptureFixture[str]) -> None:
    previewed((TOPIC, {"tags": TAGS, "kmsMasterKeyId": "key"}))
    assert "✅ boutique" in capfd.readouterr().out


def test_a_value_that_is_not_known_before_creation_passes(previewed: Previewed) -> None:
    previewed((TOPIC, {"tags": TAGS, "kmsMasterKeyId": "unknown"}))
