"""Roles for the pods of services that read secrets or a bucket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import eks, iam

from boutique_definition.service_file import ServiceFile
from infra.aws.iam import Statement, document, statement
from infra.aws.naming import Naming


@dataclass(frozen=True)
class PodIdentityArgs:
    """The arguments of a pod identity.

    Args:
        statements: What pods with the service account may do.
    """

    naming: Naming
    cluster: pulumi.Input[str]
    cluster_arn: pulumi.Input[str]
    namespace: str
    service_account: str
    statements: Sequence[Statement]


class PodIdentity(pulumi.ComponentResource):
    """A role for a service account. Create it before the pods, which get their role when they start.

    Attributes:
        role_arn: The ARN of the role.
    """

    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: PodIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:PodIdentity", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            name,
            name=args.naming.name("pod", name),
            description=f"The service {name} in its pods",
            assume_role_policy=_trust(args),
            opts=child,
        )
        allowed = iam.RolePolicy(name, role=role.name, policy=document(*args.statements), opts=child)
        eks.PodIdentityAssociation(
            name,
            cluster_name=args.cluster,
            namespace=args.namespace,
            service_account=args.service_account,
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
        )
        self.role_arn = role.arn
        self.register_outputs({"roleArn": self.role_arn})


def _trust(args: PodIdentityArgs) -> pulumi.Output[str]:
    """Returns a policy that trusts only pods with the service account. Source: EKS user guide, session tags."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {
                "StringEquals": {
                    "aws:RequestTag/eks-cluster-arn": args.cluster_arn,
                    "aws:RequestTag/kubernetes-namespace": args.namespace,
                    "aws:RequestTag/kubernetes-service-account": args.service_account,
                }
            },
        }
    )


def needed_statements(
    services: Mapping[str, ServiceFile], reads: Mapping[str, Sequence[Statement]]
) -> dict[str, list[Statement]]:
    """Returns the statements that the pods of each service need.

    Args:
        reads: The statements that let a role read a store, by store.
    """
    needed = {name: [one for store in file.stores for one in reads[store]] for name, file in services.items()}
    return {name: statements for name, statements in needed.items() if statements}


def read_secret(secret: pulumi.Input[str], key: pulumi.Input[str]) -> list[Statement]:
    """Returns statements that allow reading this secret, and using its key through Secrets Manager for it only."""
    return [
        statement(["secretsmanager:GetSecretValue"], [secret]),
        statement(["kms:Decrypt"], [key], {"StringEquals": {"kms:EncryptionContext:SecretARN": secret}}),
    ]
