"""The permissions of the services' pods and of the pipelines in AWS."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pulumi
import pytest

from boutique_definition.service_file import ServiceFile, load_service_files
from infra.aws.budget import Budget, BudgetArgs
from infra.aws.naming import Naming
from infra.aws.pipelines import PipelineAccess, PipelineAccessArgs
from infra.aws.pod_identity import PodIdentity, PodIdentityArgs, needed_statements, read_secret
from infra.aws.registry import Registry, RegistryArgs
from infra.config.aws import BudgetSettings, PipelineSettings
from infra.config.shop import STORES
from infra.tests.conftest import ROOT, Graph, Graphed

ORGANIZATION = "11111111-2222-3333-4444-555555555555"
PROJECT = "66666666-7777-8888-9999-000000000000"
NAMING = Naming("dev")


def policy(graph: Graph, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(graph.of_type("aws:iam/rolePolicy:RolePolicy")[name]["policy"])
    return content


def trust(graph: Graph, name: str) -> dict[str, Any]:
    content = json.loads(graph.of_type("aws:iam/role:Role")[name]["assumeRolePolicy"])
    (only,) = content["Statement"]
    trusted: dict[str, Any] = only
    return trusted


@pytest.fixture(scope="module")
def pods(graphed: Graphed) -> Graph:
    def program() -> None:
        services: dict[str, ServiceFile] = load_service_files(ROOT / "services")
        reads = {
            name: read_secret(
                pulumi.Output.from_input(f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}"),
                f"arn:aws:kms:eu-central-1:123456789012:key/{name}",
            )
            for name in STORES
        }
        for service, statements in needed_statements(services, reads).items():
            PodIdentity(service, PodIdentityArgs(NAMING, "boutique-dev", "arn", "boutique", service, statements))

    return graphed(program)


def test_exactly_the_services_that_have_a_store_have_a_role(pods: Graph) -> None:
    associations = pods.of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    with_stores = [name for name, file in load_service_files(ROOT / "services").items() if file.stores]
    assert sorted(inputs["serviceAccount"] for inputs in associations.values()) == with_stores


def test_a_service_reads_only_the_secrets_of_its_own_stores(pods: Graph) -> None:
    reads = [
        statement["Resource"]
        for statement in policy(pods, "cart")["Statement"]
        if statement["Action"] == ["secretsmanager:GetSecretValue"]
    ]
    assert reads == [["arn:aws:secretsmanager:eu-central-1:123456789012:secret:cart-data"]]


def test_a_service_decrypts_only_that_secret(pods: Graph) -> None:
    (decrypts,) = (
        statement for statement in policy(pods, "cart")["Statement"] if statement["Action"] == ["kms:Decrypt"]
    )
    assert decrypts["Resource"] == ["arn:aws:kms:eu-central-1:123456789012:key/cart-data"]
    assert decrypts["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"].endswith(":secret:cart-data")


def test_a_role_is_only_for_its_service_account_in_its_namespace(pods: Graph) -> None:
    assert trust(pods, "cart")["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-arn": "arn",
        "aws:RequestTag/kubernetes-namespace": "boutique",
        "aws:RequestTag/kubernetes-service-account": "cart",
    }


@pytest.fixture(scope="module")
def pipelines(graphed: Graphed) -> Graph:
    settings = PipelineSettings(organization=ORGANIZATION, project=PROJECT, branch="main")
    args = PipelineAccessArgs(NAMING, settings, "123456789012", "eu-central-1")
    return graphed(lambda: PipelineAccess("pipelines", args))


def lets_in(graph: Graph, role: str, subject: str) -> bool:
    """Compares a subject as IAM does: `*` is any text, slashes too."""
    key = f"oidc.circleci.com/org/{ORGANIZATION}:sub"
    conditions = trust(graph, role)["Condition"]
    return fnmatchcase(subject, conditions["StringLike"][key]) and not any(
        fnmatchcase(subject, pattern) for pattern in conditions["StringNotLike"][key]
    )


def subject(ref: str, project: str = PROJECT) -> str:
    return f"org/{ORGANIZATION}/project/{project}/user/{ORGANIZATION}/vcs-origin/github.com/acme/shop/vcs-ref/{ref}"


def test_only_tokens_of_the_organization_are_exchanged(pipelines: Graph) -> None:
    issuer = f"oidc.circleci.com/org/{ORGANIZATION}"
    for role in ("preview", "deploy"):
        trusted = trust(pipelines, role)
        assert trusted["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{issuer}"}
        assert trusted["Condition"]["StringEquals"] == {f"{issuer}:aud": ORGANIZATION}


def test_deployments_run_from_one_branch_and_previews_from_any(pipelines: Graph) -> None:
    assert lets_in(pipelines, "deploy", subject("refs/heads/main"))
    assert not lets_in(pipelines, "deploy", subject("refs/heads/feature"))
    assert lets_in(pipelines, "preview", subject("refs/heads/feature"))


def test_a_branch_whose_name_ends_like_the_trusted_subject_is_not_trusted(pipelines: Graph) -> None:
    assert not lets_in(pipelines, "deploy", subject("refs/heads/x/vcs-ref/refs/heads/main"))


@pytest.mark.parametrize("role", ["preview", "deploy"])
def test_neither_forks_nor_other_projects_are_trusted(pipelines: Graph, role: str) -> None:
    assert not lets_in(pipelines, role, subject("refs/heads/pull/7"))
    assert not lets_in(pipelines, role, subject("refs/heads/main", project=ORGANIZATION))


def allowed(graph: Graph, role: str) -> list[dict[str, Any]]:
    return [entry for entry in policy(graph, role)["Statement"] if entry["Effect"] == "Allow"]


def denied(graph: Graph, role: str) -> list[dict[str, Any]]:
    return [entry for entry in policy(graph, role)["Statement"] if entry["Effect"] == "Deny"]


def test_a_preview_only_reads(pipelines: Graph) -> None:
    verbs = {action.partition(":")[2] for entry in allowed(pipelines, "preview") for action in entry["Action"]}
    assert all(verb.startswith(("Decrypt", "Describe", "Get", "List", "View")) for verb in verbs)
    assert not pipelines.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")


def test_a_preview_reads_no_secret_and_no_log(pipelines: Graph) -> None:
    assert denied(pipelines, "preview") == [
        {"Effect": "Deny", "Action": ["logs:Get*", "secretsmanager:GetSecretValue"], "Resource": ["*"]}
    ]


@pytest.mark.parametrize("role", ["preview", "deploy"])
def test_a_pipeline_reaches_only_its_own_stack_in_the_shared_state(pipelines: Graph, role: str) -> None:
    bucket = "arn:aws:s3:::boutique-state-123456789012-eu-central-1"
    reached = {
        resource.removeprefix(bucket)
        for entry in allowed(pipelines, role)
        for resource in entry["Resource"]
        if resource.startswith(bucket)
    }
    assert reached == {
        "",
        "/.pulumi/meta.yaml",
        "/.pulumi/stacks/boutique/dev.*",
        "/.pulumi/history/boutique/dev/*",
        "/.pulumi/backups/boutique/dev/*",
        "/.pulumi/locks/organization/boutique/dev/*",
    }


def test_a_deployment_cannot_widen_what_pipelines_may_do(pipelines: Graph) -> None:
    (own,) = (entry for entry in denied(pipelines, "deploy") if "Action" in entry)
    assert own["Resource"] == ["arn:aws:iam::123456789012:role/boutique-dev-pipelines-*"]
    assert "iam:PutRolePolicy" in own["Action"]


def test_a_deployment_cannot_change_other_stacks_or_shared_resources(pipelines: Graph) -> None:
    (others,) = (entry for entry in denied(pipelines, "deploy") if "NotAction" in entry)
    assert others["Condition"] == {
        "Null": {"aws:ResourceTag/boutique:project": "false"},
        "StringNotEquals": {"aws:ResourceTag/boutique:stack": "dev"},
    }
    assert {"boutique:project", "boutique:stack"} <= NAMING.tags().keys()
    assert all(action.startswith("kms:") for action in others["NotAction"])


@pytest.mark.parametrize("role", ["preview", "deploy"])
def test_permissions_without_resource_names_are_limited_to_the_region(pipelines: Graph, role: str) -> None:
    for entry in allowed(pipelines, role):
        if entry["Resource"] == ["*"]:
            assert entry["Condition"] == {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}


@pytest.fixture(scope="module")
def registry(graphed: Graphed) -> Graph:
    return graphed(lambda: Registry("registry", RegistryArgs(NAMING, ["cart", "frontend"], protected=False)))


def test_every_service_has_a_repository_with_immutable_tags(registry: Graph) -> None:
    repositories = registry.of_type("aws:ecr/repository:Repository")
    assert sorted(inputs["name"] for inputs in repositories.values()) == ["boutique-dev/cart", "boutique-dev/frontend"]
    for inputs in repositories.values():
        assert inputs["imageTagMutability"] == "IMMUTABLE"
        assert inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        assert inputs["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": "registry.arn"}]


def test_old_images_expire(registry: Graph) -> None:
    policies = registry.of_type("aws:ecr/lifecyclePolicy:LifecyclePolicy")
    assert sorted(policies) == ["cart", "frontend"]
    rules = json.loads(policies["cart"]["policy"])["rules"]
    assert [rule["action"] for rule in rules] == [{"type": "expire"}, {"type": "expire"}]


def test_mail_is_sent_before_the_budget_is_spent(graphed: Graphed) -> None:
    settings = BudgetSettings(monthly=400, email="budget@example.com")
    graph = graphed(lambda: Budget("budget", BudgetArgs(NAMING, settings)))
    (inputs,) = graph.of_type("aws:budgets/budget:Budget").values()
    assert inputs["limitAmount"] == "400"
    assert inputs["costFilters"] == [{"name": "TagKeyValue", "values": ["user:boutique:stack$dev"]}]
    assert [(each["notificationType"], each["threshold"]) for each in inputs["notifications"]] == [
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    ]
