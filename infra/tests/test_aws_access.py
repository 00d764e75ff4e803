"""Who may do what in AWS: the services' pods, and the pipelines."""

import json
from typing import Any

import pulumi
import pytest

from boutique_definition.service_file import ServiceFile, load_service_files
from infra.aws.budget import Budget, BudgetArgs
from infra.aws.naming import Naming
from infra.aws.pipelines import PipelineAccess, PipelineAccessArgs
from infra.aws.pod_identity import PodIdentity, PodIdentityArgs, needed_statements
from infra.aws.registry import Registry, RegistryArgs
from infra.aws.settings import BudgetSettings, PipelineSettings
from infra.shop.stores import Store
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
        stores = {
            name: Store(
                port=1,
                address=name,
                replica_address=name,
                secret=pulumi.Output.from_input(f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}"),
            )
            for name in ("cart-data", "product-data")
        }
        keys = {name: f"arn:aws:kms:eu-central-1:123456789012:key/{name}" for name in stores}
        for service, statements in needed_statements(services, stores, keys).items():
            PodIdentity(service, PodIdentityArgs(NAMING, "boutique-dev", "arn", "boutique", service, statements))

    return graphed(program)


def test_exactly_the_services_that_have_a_store_have_a_role(pods: Graph) -> None:
    associations = pods.of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert sorted(inputs["serviceAccount"] for inputs in associations.values()) == ["cart", "catalog", "checkout"]


def test_a_service_reads_the_secrets_of_its_own_stores_alone(pods: Graph) -> None:
    reads = [
        statement["Resource"]
        for statement in policy(pods, "cart")["Statement"]
        if statement["Action"] == ["secretsmanager:GetSecretValue"]
    ]
    assert reads == [["arn:aws:secretsmanager:eu-central-1:123456789012:secret:cart-data"]]


def test_a_service_decrypts_that_secret_alone(pods: Graph) -> None:
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


@pytest.mark.parametrize(("role", "ref"), [("preview", "*"), ("deploy", "refs/heads/main")])
def test_pipelines_of_the_project_alone_get_in_and_deploy_from_its_branch(
    pipelines: Graph, role: str, ref: str
) -> None:
    issuer = f"oidc.circleci.com/org/{ORGANIZATION}"
    trusted = trust(pipelines, role)
    assert trusted["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{issuer}"}
    assert trusted["Condition"] == {
        "StringEquals": {f"{issuer}:aud": ORGANIZATION},
        "StringLike": {f"{issuer}:sub": f"org/{ORGANIZATION}/project/{PROJECT}/user/*/vcs-origin/*/vcs-ref/{ref}"},
    }


def test_a_preview_reads_no_secret(pipelines: Graph) -> None:
    denied = [entry for entry in policy(pipelines, "preview")["Statement"] if entry["Effect"] == "Deny"]
    assert denied == [
        {"Effect": "Deny", "Action": ["secretsmanager:GetSecretValue", "ssm:GetParameter*"], "Resource": ["*"]}
    ]
    attached = pipelines.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert [inputs["policyArn"].rpartition("/")[2] for inputs in attached.values()] == ["ReadOnlyAccess"]


def test_a_deployment_cannot_widen_what_pipelines_may_do(pipelines: Graph) -> None:
    (denied,) = (entry for entry in policy(pipelines, "deploy")["Statement"] if entry["Effect"] == "Deny")
    assert denied["Resource"] == ["arn:aws:iam::123456789012:role/boutique-dev-pipelines-*"]
    assert "iam:PutRolePolicy" in denied["Action"]


def test_what_a_deployment_may_do_without_a_name_it_may_do_in_its_region_alone(pipelines: Graph) -> None:
    for entry in policy(pipelines, "deploy")["Statement"]:
        if entry["Resource"] == ["*"]:
            assert entry["Condition"] == {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}


@pytest.fixture(scope="module")
def registry(graphed: Graphed) -> Graph:
    return graphed(lambda: Registry("registry", RegistryArgs(NAMING, ["cart", "frontend"], protected=False)))


def test_every_service_has_a_repository_whose_tags_never_move(registry: Graph) -> None:
    repositories = registry.of_type("aws:ecr/repository:Repository")
    assert sorted(inputs["name"] for inputs in repositories.values()) == ["boutique-dev/cart", "boutique-dev/frontend"]
    for inputs in repositories.values():
        assert inputs["imageTagMutability"] == "IMMUTABLE"
        assert inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        assert inputs["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": "registry.arn"}]


def test_old_images_go_by_themselves(registry: Graph) -> None:
    policies = registry.of_type("aws:ecr/lifecyclePolicy:LifecyclePolicy")
    assert sorted(policies) == ["cart", "frontend"]
    rules = json.loads(policies["cart"]["policy"])["rules"]
    assert [rule["action"] for rule in rules] == [{"type": "expire"}, {"type": "expire"}]


def test_mail_comes_before_the_budget_is_spent(graphed: Graphed) -> None:
    settings = BudgetSettings(monthly=400, email="budget@example.com")
    graph = graphed(lambda: Budget("budget", BudgetArgs(NAMING, settings)))
    (inputs,) = graph.of_type("aws:budgets/budget:Budget").values()
    assert inputs["limitAmount"] == "400"
    assert inputs["costFilters"] == [{"name": "TagKeyValue", "values": ["user:boutique:stack$dev"]}]
    assert [(each["notificationType"], each["threshold"]) for each in inputs["notifications"]] == [
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    ]
