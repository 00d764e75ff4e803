"""Tests the comment on a pull request: lost data comes first, and no secret is shown."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from boutique_definition.validation import ConfigError
from cli.main import run
from cli.preview.comment import MARKER, comment_text
from cli.preview.report import LONGEST
from cli.tests.github_server import REPOSITORY, TOKEN, serving_github

DATABASE = "aws:rds/instance:Instance"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
KEY = "aws:kms/key:Key"
NAT = "aws:ec2/natGateway:NatGateway"
TOPIC = "aws:sns/topic:Topic"
PROVIDER = "urn:pulumi:dev::boutique::pulumi:providers:aws::aws"
TAGS = json.dumps({"tags": {"boutique:project": "boutique", "boutique:stack": "dev"}})
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:hunter2"}
PASSWORDS = ("hunter2", "hunter3")

State = dict[str, Any]
Step = dict[str, Any]
Write = Callable[..., None]


def text_of(stacks: list[str], directory: Path) -> str:
    """Returns the comment for the plans and prices in a directory."""
    return comment_text(stacks, directory, directory)


def step(
    op: str,
    kind: str,
    name: str,
    old: State | None = None,
    new: State | None = None,
    *,
    custom: bool = True,
    **more: Any,
) -> Step:
    """Returns a step of a plan. `old` and `new` are the inputs."""
    urn = f"urn:pulumi:dev::boutique::{kind}::{name}"
    states = {
        key: {"urn": urn, "type": kind, "custom": custom, "inputs": inputs, "outputs": inputs}
        for key, inputs in (("oldState", old), ("newState", new))
        if inputs is not None
    }
    return {"op": op, "urn": urn, **states, **more}


def updated(kind: str, name: str, old: State, new: State, *paths: str) -> Step:
    """Returns an update. `paths` are the changed paths that the provider reports."""
    differing = {path: {"kind": "update", "inputDiff": True} for path in paths}
    return step("update", kind, name, old, new, detailedDiff=differing)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a plan with the given steps, like `boutique plan`."""

    def write(stack: str, *steps: Step) -> None:
        (tmp_path / f"plan-{stack}.json").write_text(json.dumps({"steps": steps}))

    return write


@pytest.fixture(autouse=True)
def prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes the price of a NAT gateway, and removes the credentials to request others."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    price = {"usd": "0.1", "unit": "Hrs", "sku": "NAT1"}
    cache = {
        "date": str(datetime.now(UTC).date()),
        "prices": {"AmazonEC2 NatGateway-Hours operation=NatGateway": price},
    }
    (tmp_path / "eu-central-1.json").write_text(json.dumps(cache))


def rows(text: str) -> dict[str, list[str]]:
    """Returns the cells of the table of stacks by stack."""
    table = text.partition("| stack |")[2].partition("\n\n")[0]
    lines = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    return {line[0].strip(" `"): [cell.strip() for cell in line[1:]] for line in lines}


def diffs(text: str) -> list[str]:
    """Returns the lines of all differences."""
    blocks = re.findall(r"^```diff\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


# Resources


def test_each_stack_has_a_row_with_the_numbers_of_its_changes(write: Write, tmp_path: Path) -> None:
    write(
        "local",
        step("create", TOPIC, "new", None, {}),
        step("create", TOPIC, "newer", None, {}),
        updated(TOPIC, "changed", {"a": 1}, {"a": 2}, "a"),
        step("delete", TOPIC, "gone", {}),
        step("same", TOPIC, "kept", {}, {}),
        step("read", TOPIC, "read", {}, {}),
        step("create", "boutique:aws:Alarms", "component", None, {}, custom=False),
    )
    write("demo")
    text = text_of(["local", "demo"], tmp_path)
    assert text.splitlines()[2].startswith("| stack | replaced | deleted | changed | created |")
    assert {stack: cells[:4] for stack, cells in rows(text).items()} == {
        "local": ["0", "1", "1", "2"],
        "demo": ["0", "0", "0", "0"],
    }
    assert "### `demo`" not in text


def test_a_replacement_counts_once_and_names_its_reason(write: Write, tmp_path: Path) -> None:
    write(
        "local",
        step("create-replacement", TOPIC, "topic", {"name": "a"}, {"name": "b"}),
        step("replace", TOPIC, "topic", {"name": "a"}, {"name": "b"}, replaceReasons=["name"], diffReasons=["name"]),
        step("delete-replaced", TOPIC, "topic", {"name": "a"}),
    )
    text = text_of(["local"], tmp_path)
    assert rows(text)["local"][:4] == ["1", "0", "0", "0"]
    assert "| **replaced** | `aws:sns/topic:Topic` `topic` | `name` |" in text
    assert diffs(text) == ['- name: "a"', '+ name: "b"']


@pytest.mark.parametrize(
    "kind",
    [
        DATABASE,
        CACHE,
        KEY,
        "aws:s3/bucket:Bucket",
        "kubernetes:apps/v1:StatefulSet",
        "kubernetes:core/v1:PersistentVolumeClaim",
        "kubernetes:core/v1:Namespace",
    ],
)
@pytest.mark.parametrize(("op", "change"), [("replace", "replaced"), ("delete", "deleted")])
def test_lost_data_comes_first(write: Write, tmp_path: Path, kind: str, op: str, change: str) -> None:
    write("local", updated(TOPIC, "topic", {"a": 1}, {"a": 2}, "a"))
    of_cache = {"replicationGroupId": "cart-data", "nodeType": "cache.t4g.micro", "numCacheClusters": 1}
    inputs = {"engine": "valkey", "instanceClass": "db.t4g.micro", **of_cache}
    new = {**inputs, "port": 1} if op == "replace" else None
    write("prod", step(op, kind, "data", inputs, new, replaceReasons=["port"]))
    text = text_of(["local", "prod"], tmp_path)
    because = ", because of `port`" if op == "replace" else ""
    assert f"> - `prod`: ⚠️ **{change}** `{kind}` `data`{because}\n" in text
    assert text.index("[!CAUTION]") < text.index("### `local`")
    assert f"| ⚠️ **{change}** | `{kind}` `data` |" in text


@pytest.mark.parametrize("op", ["create", "update"])
def test_a_created_or_updated_store_loses_no_data(write: Write, tmp_path: Path, op: str) -> None:
    old = {"instanceClass": "db.t4g.micro"} if op == "update" else None
    write("dev", step(op, DATABASE, "data", old, {"instanceClass": "db.t4g.small"}))
    assert "CAUTION" not in text_of(["dev"], tmp_path)


def test_a_retained_resource_loses_no_data(write: Write, tmp_path: Path) -> None:
    forgotten = step("delete", KEY, "key", {})
    forgotten["oldState"]["retainOnDelete"] = True
    write("prod", forgotten)
    text = text_of(["prod"], tmp_path)
    assert "CAUTION" not in text
    assert "| **deleted**, but retained | `aws:kms/key:Key` `key` |" in text


# Changed fields


def test_changed_fields_are_collapsed_and_show_both_values(write: Write, tmp_path: Path) -> None:
    old = {"tags": {"a.b": "x"}, "rules": [{"port": 80}, {"port": 81}], "same": 1, "gone": True}
    new = {"tags": {"a.b": "y"}, "rules": [{"port": 80}, {"port": 82}], "same": 1, "arn": UNKNOWN}
    write("dev", updated(TOPIC, "t", old, new, 'tags["a.b"]', "rules[1].port", "gone", "arn"))
    text = text_of(["dev"], tmp_path)
    assert diffs(text) == [
        '- tags["a.b"]: "x"',
        '+ tags["a.b"]: "y"',
        "- rules[1].port: 81",
        "+ rules[1].port: 82",
        "- gone: true",
        '+ arn: "(known after creation)"',
    ]
    assert text.index("<details><summary>Changed fields</summary>") < text.index("rules[1]") < text.index("</details>")


def test_inputs_are_compared_if_the_provider_reports_no_paths(write: Write, tmp_path: Path) -> None:
    write("dev", step("update", TOPIC, "t", {"a": 1, "b": 1, "__defaults": []}, {"a": 2, "b": 1}, diffReasons=["a"]))
    assert diffs(text_of(["dev"], tmp_path)) == ["- a: 1", "+ a: 2"]


def test_a_long_value_is_shown_from_the_first_difference_on(write: Write, tmp_path: Path) -> None:
    start = "x" * 5_000
    write("dev", updated(TOPIC, "t", {"policy": f"{start}deny"}, {"policy": f"{start}allow{start}"}, "policy"))
    before, after = diffs(text_of(["dev"], tmp_path))
    assert before.endswith('xxxdeny"')
    assert "xxxallowxxx" in after
    assert len(after) < 400


def test_markdown_in_a_value_or_a_name_has_no_effect(write: Write, tmp_path: Path) -> None:
    evil = "```\n</details>\n@everyone | <img src=x>"
    write("dev", updated(TOPIC, f"`t` | {evil}", {"a```": "x"}, {"a```": evil}, "a```"))
    text = text_of(["dev"], tmp_path)
    name = "`'t' ¦ ''' </details> @everyone ¦ <img src=x>`"
    assert f"| changed | `aws:sns/topic:Topic` {name} |" in text
    fence = re.search(r"^(`{4,})diff\n.*^\1$", text, re.MULTILINE | re.DOTALL)
    assert fence
    assert "@everyone | <img src=x>" in fence[0]


# Secrets


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ({"password": "[secret]"}, {"password": "[secret]"}, "password"),
        ({"password": SECRET}, {"password": "[secret]"}, "password"),
        # A value that becomes a secret, or stops being one, is hidden on both sides.
        ({"password": "hunter2"}, {"password": "[secret]"}, "password"),
        ({"password": "[secret]"}, {"password": "hunter3"}, "password"),
        ({"login": {"password": "hunter2"}}, {"login": {"password": "[secret]"}}, "login"),
        ({"login": "[secret]"}, {"login": {"password": "hunter3"}}, "login.password"),
        ({"variables": ["hunter2", "b"]}, {"variables": ["[secret]", "b"]}, "variables"),
        ({"variables": ["hunter2", "b"]}, {"variables": ["[secret]", "b"]}, "variables[0]"),
        ({"variables": ["hunter2"]}, {"variables": ["b", "[secret]"]}, "variables"),
        ({"variables": [{"value": "hunter2"}]}, {"variables": [{"value": SECRET}]}, "variables[0].value"),
    ],
)
def test_a_secret_is_hidden_on_both_sides(write: Write, tmp_path: Path, old: State, new: State, path: str) -> None:
    write("dev", updated(TOPIC, "t", old, new, path))
    text = text_of(["dev"], tmp_path)
    assert "[secret]" in text
    assert not any(password in text for password in PASSWORDS)


def test_a_secret_output_is_hidden(write: Write, tmp_path: Path) -> None:
    one = updated(TOPIC, "t", {"token": "hunter2"}, {"token": "hunter3"}, "token")
    one["newState"]["additionalSecretOutputs"] = ["token"]
    write("dev", one)
    assert diffs(text_of(["dev"], tmp_path)) == ["- token: [secret]", "+ token: [secret]"]


@pytest.mark.parametrize("field", ["data", "stringData"])
def test_the_content_of_a_kubernetes_secret_is_hidden(write: Write, tmp_path: Path, field: str) -> None:
    old, new = {field: {"password": "hunter2"}}, {field: {"password": "hunter3"}}
    write("dev", updated("kubernetes:core/v1:Secret", "s", old, new, f"{field}.password"))
    assert diffs(text_of(["dev"], tmp_path)) == [f"- {field}.password: [secret]", f"+ {field}.password: [secret]"]


# Policies and costs


def test_policy_violations_are_counted_and_listed(write: Write, tmp_path: Path) -> None:
    write(
        "dev",
        step("same", "pulumi:providers:aws", "aws", None, {"defaultTags": TAGS}),
        step("create", TOPIC, "open", None, {}, provider=f"{PROVIDER}::1"),
        step("create", TOPIC, "closed", None, {"kmsMasterKeyId": UNKNOWN}, provider=f"{PROVIDER}::1"),
        # The rule parses the document, which the plan hides.
        step("create", "aws:iam/rolePolicy:RolePolicy", "secret", None, {"policy": "[secret]"}),
    )
    text = text_of(["dev"], tmp_path)
    assert "| created | policy violations |" in text
    assert rows(text)["dev"][4] == "1"
    assert ": open: kmsMasterKeyId: not set: must be" in text
    assert ": closed: " not in text


def test_costs_are_the_difference_of_known_prices(write: Write, tmp_path: Path) -> None:
    write("dev", step("create", NAT, "a", None, {}), step("create", NAT, "b", None, {}), step("same", NAT, "c", {}, {}))
    write("staging", step("delete", NAT, "a", {}))
    write("prod", step("create", NAT, "a", None, {}), step("create", KEY, "key", None, {}))
    write("demo", step("create", KEY, "key", None, {}))
    write("local", step("create", "kubernetes:core/v1:Service", "a", None, {}))
    text = text_of(["dev", "staging", "prod", "demo", "local"], tmp_path)
    assert {stack: cells[-1] for stack, cells in rows(text).items()} == {
        "dev": "+146.00",
        "staging": "-73.00",
        "prod": "+73.00, and 1 unpriced",
        "demo": "unpriced",
        "local": "not on AWS",
    }
    assert "| `NAT gateway` | +2 | `hours` | +146.00 |" in text
    assert "| `KMS key` | +1 | `keys a month` | `no AWS credentials: sign in to get prices` |" in text


def test_a_change_without_costs_adds_zero(write: Write, tmp_path: Path) -> None:
    write("dev", updated(NAT, "a", {"tags": {}}, {"tags": {"a": "b"}}, "tags"))
    text = text_of(["dev"], tmp_path)
    assert rows(text)["dev"][-1] == "+0.00"
    assert "Costs" not in text


def test_added_storage_is_added_for_replicas_too(write: Write, tmp_path: Path) -> None:
    primary = {"instanceClass": "db.t4g.micro", "allocatedStorage": 10}
    replica = {"instanceClass": "db.t4g.micro", "replicateSourceDb": "database"}
    write(
        "dev",
        step("update", DATABASE, "database", primary, {**primary, "allocatedStorage": 20}),
        step("same", DATABASE, "replica", replica, replica),
    )
    text = text_of(["dev"], tmp_path)
    assert "| `RDS instance, initial storage (gp3)` | +10 |" in text
    assert "| `RDS read replica, initial storage (gp3)` | +10 |" in text


# Failures


def test_a_failed_preview_is_reported_with_its_reason(write: Write, tmp_path: Path) -> None:
    write("dev", step("create", TOPIC, "t", None, {}))
    (tmp_path / "plan-prod.failed").write_text("error: the zone is another's\n```")
    text = text_of(["dev", "prod"], tmp_path)
    assert rows(text)["prod"][0] == "**not previewed**"
    assert "The preview failed:\n\n````\nerror: the zone is another's\n```\n````" in text


def test_a_missing_plan_is_reported_with_the_command_that_creates_it(tmp_path: Path) -> None:
    assert "`boutique plan dev` wrote neither a plan nor the reason" in text_of(["dev"], tmp_path)


def test_an_invalid_plan_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "plan-dev.json").write_text('{"steps": [{"op": "create", "urn": "u"}]}')
    with pytest.raises(ConfigError, match=r"plan-dev\.json: is not the output of `pulumi preview --json`"):
        text_of(["dev"], tmp_path)


# Length


def test_omitted_items_are_counted_and_lost_data_is_never_omitted(write: Write, tmp_path: Path) -> None:
    stacks = ["demo", "dev", "staging", "prod"]
    for stack in stacks:
        changed = [updated(TOPIC, f"ü{n}", {"a": "x" * 90}, {"a": "ü" * 90}, "a") for n in range(200)]
        created = [step("create", TOPIC, f"new-{n}", None, {"kmsMasterKeyId": "k"}) for n in range(200)]
        write(stack, *created, *changed, step("delete", "kubernetes:core/v1:Namespace", "shop", {}))
    text = text_of(stacks, tmp_path)
    assert LONGEST * 0.98 < len(f"{MARKER}\n{text}".encode()) <= LONGEST
    assert text.count("> - `") == 4
    omitted = re.search(r"^Omitted, .*?(?:, |: )(\d+) created resources\. ", text, re.MULTILINE)
    assert omitted
    assert int(omitted[1]) == 4 * 200 - text.count("`new-")
    assert text.count("<details>") == text.count("</details>")


def test_a_long_reason_is_cut_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "plan-dev.failed").write_text("noise\n" * 50_000 + "error: the zone is another's")
    text = text_of(["dev"], tmp_path)
    assert "error: the zone is another's" in text
    assert len(text) < 5_000


# The command


def test_the_comment_can_be_printed(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.stacks.plan_file.BUILD", tmp_path)
    write("dev", step("create", TOPIC, "t", None, {}))
    assert run(["comment", "--print", "dev"]) == 0
    assert capsys.readouterr().out.startswith("## Preview\n\n| stack |")


def test_the_comment_for_a_fork_explains_why_there_is_no_preview(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving_github() as server:
        monkeypatch.setenv("GITHUB_API_URL", server.address)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        assert run(["comment", "--fork", "--repository", REPOSITORY, "--pull-request", "7"]) == 0
        (body,) = server.bodies
    assert capsys.readouterr().out == f"https://github.com/{REPOSITORY}/pull/7#issuecomment-1\n"
    assert body.startswith(f"{MARKER}\n## Preview\n\n**There is no preview.** This pull request comes from a fork")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["comment", "dev"], "needs --repository and --pull-request, or --print"),
        (["comment", "--print"], "name the stacks, or use --fork"),
        (["comment", "--print", "--fork", "dev"], "name the stacks, or use --fork"),
        (["comment", "--repository", "../x/y", "--pull-request", "7", "dev"], "'../x/y': must be owner/name"),
    ],
)
def test_invalid_arguments_are_rejected(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert message in capsys.readouterr().err
