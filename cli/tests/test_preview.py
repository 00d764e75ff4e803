"""What reviewers read of a plan: first what cannot be undone, never a secret, and always something."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from boutique_definition.validation import ConfigError
from cli.cost import difference
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
    """`old` and `new` are inputs."""
    urn = f"urn:pulumi:dev::boutique::{kind}::{name}"
    states = {
        key: {"urn": urn, "type": kind, "custom": custom, "inputs": inputs, "outputs": inputs}
        for key, inputs in (("oldState", old), ("newState", new))
        if inputs is not None
    }
    return {"op": op, "urn": urn, **states, **more}


def updated(kind: str, name: str, old: State, new: State, *paths: str) -> Step:
    """`paths` are those that the provider says differ."""
    differing = {path: {"kind": "update", "inputDiff": True} for path in paths}
    return step("update", kind, name, old, new, detailedDiff=differing)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Leaves a plan of these steps, as `boutique plan` does."""

    def write(stack: str, *steps: Step) -> None:
        (tmp_path / f"plan-{stack}.json").write_text(json.dumps({"steps": steps}))

    return write


@pytest.fixture(autouse=True)
def prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of NAT gateways alone: without credentials nobody can be asked for others."""
    monkeypatch.setattr(difference, "PRICES", tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    price = {"usd": "0.1", "unit": "Hrs", "sku": "NAT1"}
    kept = {"date": str(datetime.now(UTC).date()), "prices": {"AmazonEC2 NatGateway-Hours operation=NatGateway": price}}
    (tmp_path / "eu-central-1.json").write_text(json.dumps(kept))


def rows(text: str) -> dict[str, list[str]]:
    """The cells of the table of stacks, by their first."""
    table = text.partition("| stack |")[2].partition("\n\n")[0]
    lines = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    return {line[0].strip(" `"): [cell.strip() for cell in line[1:]] for line in lines}


def diffs(text: str) -> list[str]:
    """The lines of all differences."""
    blocks = re.findall(r"^```diff\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


# What becomes of each resource


def test_each_stack_has_a_line_that_counts_what_becomes_of_its_resources(write: Write, tmp_path: Path) -> None:
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
    text = comment_text(["local", "demo"], tmp_path)
    assert text.splitlines()[2].startswith("| stack | replaced | deleted | changed | created |")
    assert {stack: cells[:4] for stack, cells in rows(text).items()} == {
        "local": ["0", "1", "1", "2"],
        "demo": ["0", "0", "0", "0"],
    }
    assert "### `demo`" not in text


def test_a_replacement_is_one_however_many_steps_it_takes_and_says_because_of_what(
    write: Write, tmp_path: Path
) -> None:
    write(
        "local",
        step("create-replacement", TOPIC, "topic", {"name": "a"}, {"name": "b"}),
        step("replace", TOPIC, "topic", {"name": "a"}, {"name": "b"}, replaceReasons=["name"], diffReasons=["name"]),
        step("delete-replaced", TOPIC, "topic", {"name": "a"}),
    )
    text = comment_text(["local"], tmp_path)
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
@pytest.mark.parametrize(("op", "told"), [("replace", "replaced"), ("delete", "deleted")])
def test_stores_that_lose_their_data_come_before_everything(
    write: Write, tmp_path: Path, kind: str, op: str, told: str
) -> None:
    write("local", updated(TOPIC, "topic", {"a": 1}, {"a": 2}, "a"))
    of_cache = {"replicationGroupId": "cart-data", "nodeType": "cache.t4g.micro", "numCacheClusters": 1}
    inputs = {"engine": "valkey", "instanceClass": "db.t4g.micro", **of_cache}
    new = {**inputs, "port": 1} if op == "replace" else None
    write("prod", step(op, kind, "data", inputs, new, replaceReasons=["port"]))
    text = comment_text(["local", "prod"], tmp_path)
    because = ", because of `port`" if op == "replace" else ""
    assert f"> - `prod`: ⚠️ **{told}** `{kind}` `data`{because}\n" in text
    assert text.index("[!CAUTION]") < text.index("### `local`")
    assert f"| ⚠️ **{told}** | `{kind}` `data` |" in text


@pytest.mark.parametrize("op", ["create", "update"])
def test_stores_that_are_made_or_changed_lose_nothing(write: Write, tmp_path: Path, op: str) -> None:
    old = {"instanceClass": "db.t4g.micro"} if op == "update" else None
    write("dev", step(op, DATABASE, "data", old, {"instanceClass": "db.t4g.small"}))
    assert "CAUTION" not in comment_text(["dev"], tmp_path)


def test_what_pulumi_only_forgets_is_not_lost(write: Write, tmp_path: Path) -> None:
    forgotten = step("delete", KEY, "key", {})
    forgotten["oldState"]["retainOnDelete"] = True
    write("prod", forgotten)
    text = comment_text(["prod"], tmp_path)
    assert "CAUTION" not in text
    assert "| **deleted**, but kept where it is | `aws:kms/key:Key` `key` |" in text


# Changed fields


def test_changed_fields_are_folded_away_with_both_values(write: Write, tmp_path: Path) -> None:
    old = {"tags": {"a.b": "x"}, "rules": [{"port": 80}, {"port": 81}], "same": 1, "gone": True}
    new = {"tags": {"a.b": "y"}, "rules": [{"port": 80}, {"port": 82}], "same": 1, "arn": UNKNOWN}
    write("dev", updated(TOPIC, "t", old, new, 'tags["a.b"]', "rules[1].port", "gone", "arn"))
    text = comment_text(["dev"], tmp_path)
    assert diffs(text) == [
        '- tags["a.b"]: "x"',
        '+ tags["a.b"]: "y"',
        "- rules[1].port: 81",
        "+ rules[1].port: 82",
        "- gone: true",
        '+ arn: "(known once it is made)"',
    ]
    assert text.index("<details><summary>Changed fields</summary>") < text.index("rules[1]") < text.index("</details>")


def test_where_a_provider_says_no_paths_inputs_are_compared(write: Write, tmp_path: Path) -> None:
    write("dev", step("update", TOPIC, "t", {"a": 1, "b": 1, "__defaults": []}, {"a": 2, "b": 1}, diffReasons=["a"]))
    assert diffs(comment_text(["dev"], tmp_path)) == ["- a: 1", "+ a: 2"]


def test_of_long_values_the_part_is_shown_where_they_begin_to_differ(write: Write, tmp_path: Path) -> None:
    start = "x" * 5_000
    write("dev", updated(TOPIC, "t", {"policy": f"{start}deny"}, {"policy": f"{start}allow{start}"}, "policy"))
    before, after = diffs(comment_text(["dev"], tmp_path))
    assert before.endswith('xxxdeny"')
    assert "xxxallowxxx" in after
    assert len(after) < 400


def test_what_is_in_a_value_or_a_name_is_not_taken_for_markdown(write: Write, tmp_path: Path) -> None:
    evil = "```\n</details>\n@everyone | <img src=x>"
    write("dev", updated(TOPIC, f"`t` | {evil}", {"a```": "x"}, {"a```": evil}, "a```"))
    text = comment_text(["dev"], tmp_path)
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
        # Whoever makes a secret of it, or a secret no more, has not made the other value known.
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
def test_a_secret_is_shown_on_neither_side(write: Write, tmp_path: Path, old: State, new: State, path: str) -> None:
    write("dev", updated(TOPIC, "t", old, new, path))
    text = comment_text(["dev"], tmp_path)
    assert "[secret]" in text
    assert not any(password in text for password in PASSWORDS)


def test_an_output_that_the_plan_calls_secret_is_not_shown(write: Write, tmp_path: Path) -> None:
    one = updated(TOPIC, "t", {"token": "hunter2"}, {"token": "hunter3"}, "token")
    one["newState"]["additionalSecretOutputs"] = ["token"]
    write("dev", one)
    assert diffs(comment_text(["dev"], tmp_path)) == ["- token: [secret]", "+ token: [secret]"]


@pytest.mark.parametrize("field", ["data", "stringData"])
def test_what_is_in_a_secret_of_kubernetes_is_not_shown(write: Write, tmp_path: Path, field: str) -> None:
    old, new = {field: {"password": "hunter2"}}, {field: {"password": "hunter3"}}
    write("dev", updated("kubernetes:core/v1:Secret", "s", old, new, f"{field}.password"))
    assert diffs(comment_text(["dev"], tmp_path)) == [f"- {field}.password: [secret]", f"+ {field}.password: [secret]"]


# Policies and costs


def test_violations_of_policies_are_counted_and_told(write: Write, tmp_path: Path) -> None:
    write(
        "dev",
        step("same", "pulumi:providers:aws", "aws", None, {"defaultTags": TAGS}),
        step("create", TOPIC, "open", None, {}, provider=f"{PROVIDER}::1"),
        step("create", TOPIC, "closed", None, {"kmsMasterKeyId": UNKNOWN}, provider=f"{PROVIDER}::1"),
        # The rule looks into the document, which is not one in a plan.
        step("create", "aws:iam/rolePolicy:RolePolicy", "secret", None, {"policy": "[secret]"}),
    )
    text = comment_text(["dev"], tmp_path)
    assert "| created | violations of policies |" in text
    assert rows(text)["dev"][4] == "1"
    assert ": open: kmsMasterKeyId: not set: must be" in text
    assert ": closed: " not in text


def test_costs_are_the_difference_where_prices_are_known(write: Write, tmp_path: Path) -> None:
    write("dev", step("create", NAT, "a", None, {}), step("create", NAT, "b", None, {}), step("same", NAT, "c", {}, {}))
    write("staging", step("delete", NAT, "a", {}))
    write("prod", step("create", NAT, "a", None, {}), step("create", KEY, "key", None, {}))
    write("demo", step("create", KEY, "key", None, {}))
    write("local", step("create", "kubernetes:core/v1:Service", "a", None, {}))
    text = comment_text(["dev", "staging", "prod", "demo", "local"], tmp_path)
    assert {stack: cells[-1] for stack, cells in rows(text).items()} == {
        "dev": "+146.00",
        "staging": "-73.00",
        "prod": "+73.00, and 1 unpriced",
        "demo": "unpriced",
        "local": "not on AWS",
    }
    assert "| `NAT gateway` | +2 | `hours` | +146.00 |" in text
    assert "| `KMS key` | +1 | `keys a month` | `no credentials of AWS: sign in to ask for prices` |" in text


def test_a_change_that_costs_nothing_says_so(write: Write, tmp_path: Path) -> None:
    write("dev", updated(NAT, "a", {"tags": {}}, {"tags": {"a": "b"}}, "tags"))
    text = comment_text(["dev"], tmp_path)
    assert rows(text)["dev"][-1] == "+0.00"
    assert "Costs" not in text


def test_storage_that_grows_was_not_there_before_for_replicas_either(write: Write, tmp_path: Path) -> None:
    primary = {"instanceClass": "db.t4g.micro", "allocatedStorage": 10}
    replica = {"instanceClass": "db.t4g.micro", "replicateSourceDb": "database"}
    write(
        "dev",
        step("update", DATABASE, "database", primary, {**primary, "allocatedStorage": 20}),
        step("same", DATABASE, "replica", replica, replica),
    )
    text = comment_text(["dev"], tmp_path)
    assert "| `RDS instance, storage (gp3) at first` | +10 |" in text
    assert "| `RDS read replica, storage (gp3) at first` | +10 |" in text


# What could not be previewed


def test_a_stack_that_could_not_be_previewed_says_so_and_why(write: Write, tmp_path: Path) -> None:
    write("dev", step("create", TOPIC, "t", None, {}))
    (tmp_path / "plan-prod.failed").write_text("error: the zone is another's\n```")
    text = comment_text(["dev", "prod"], tmp_path)
    assert rows(text)["prod"][0] == "**not previewed**"
    assert "It could not be previewed:\n\n````\nerror: the zone is another's\n```\n````" in text


def test_a_stack_of_which_nothing_was_left_says_how_a_plan_is_made(tmp_path: Path) -> None:
    assert "`boutique plan dev` wrote neither a plan nor the reason" in comment_text(["dev"], tmp_path)


def test_a_damaged_plan_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan-dev.json").write_text('{"steps": [{"op": "create", "urn": "u"}]}')
    with pytest.raises(ConfigError, match=r"plan-dev\.json: is not what `pulumi preview --json` prints"):
        comment_text(["dev"], tmp_path)


# Length


def test_what_has_no_room_in_a_comment_is_counted_and_no_danger_is_among_it(write: Write, tmp_path: Path) -> None:
    stacks = ["demo", "dev", "staging", "prod"]
    for stack in stacks:
        changed = [updated(TOPIC, f"ü{n}", {"a": "x" * 90}, {"a": "ü" * 90}, "a") for n in range(200)]
        created = [step("create", TOPIC, f"new-{n}", None, {"kmsMasterKeyId": "k"}) for n in range(200)]
        write(stack, *created, *changed, step("delete", "kubernetes:core/v1:Namespace", "shop", {}))
    text = comment_text(stacks, tmp_path)
    assert LONGEST * 0.98 < len(f"{MARKER}\n{text}".encode()) <= LONGEST
    assert text.count("> - `") == 4
    left_out = re.search(r"^Left out, .*?(?:, |: )(\d+) created resources\. ", text, re.MULTILINE)
    assert left_out
    assert int(left_out[1]) == 4 * 200 - text.count("`new-")
    assert text.count("<details>") == text.count("</details>")


def test_a_reason_without_end_is_cut_to_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "plan-dev.failed").write_text("noise\n" * 50_000 + "error: the zone is another's")
    text = comment_text(["dev"], tmp_path)
    assert "error: the zone is another's" in text
    assert len(text) < 5_000


# The command


def test_the_comment_is_printed_where_that_is_asked_for(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.stacks.plan_file.BUILD", tmp_path)
    write("dev", step("create", TOPIC, "t", None, {}))
    assert run(["comment", "--print", "dev"]) == 0
    assert capsys.readouterr().out.startswith("## Preview\n\n| stack |")


def test_a_request_from_a_fork_is_told_that_there_is_no_preview(
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
    ("arguments", "told"),
    [
        (["comment", "dev"], "needs --repository and --pull-request, or --print"),
        (["comment", "--print"], "name the stacks, or use --fork"),
        (["comment", "--print", "--fork", "dev"], "name the stacks, or use --fork"),
        (["comment", "--repository", "../x/y", "--pull-request", "7", "dev"], "'../x/y': must be owner/name"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert told in capsys.readouterr().err
