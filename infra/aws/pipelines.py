"""Access for pipelines: CircleCI's tokens are exchanged for one of two roles, so that there is no key to keep.

The account's identity provider for the organization is made by `make bootstrap`, since an account has one for all its
stacks. Source of the claims: CircleCI documentation, "Using OpenID Connect tokens in jobs".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import iam

from infra.aws.naming import STATE_KEY_ALIAS, Naming, state_bucket
from infra.aws.policies import Statement, document, statement
from infra.aws.settings import PipelineSettings

_SESSION_SECONDS = 2 * 60 * 60
"""A first `up` of a cluster and a database with a standby takes up to an hour."""

_READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"

_MADE = (
    "acm:*",
    "cloudwatch:*",
    "ec2:*",
    "ecr:*",
    "eks:*",
    "elasticache:*",
    "elasticloadbalancing:*",
    "kms:*",
    "logs:*",
    "rds:*",
    "secretsmanager:*",
    "sns:*",
)
"""Where the program makes things whose names it does not choose; by region, so that other regions stay out of reach."""


@dataclass(frozen=True)
class PipelineAccessArgs:
    naming: Naming
    settings: PipelineSettings
    account: str
    region: str


class PipelineAccess(pulumi.ComponentResource):
    """`preview` reads, for every branch of the project; `deploy` writes, for its branch alone."""

    preview_role_arn: pulumi.Output[str]
    deploy_role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: PipelineAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:PipelineAccess", name, None, opts)
        self._args = args
        preview = self._create_role("preview", _sub(args.settings, "*"), _preview())
        deploy = self._create_role("deploy", _sub(args.settings, f"refs/heads/{args.settings.branch}"), self._deploy())
        iam.RolePolicyAttachment(
            "preview", role=preview.name, policy_arn=_READ, opts=pulumi.ResourceOptions(parent=self)
        )
        self.preview_role_arn = preview.arn
        self.deploy_role_arn = deploy.arn
        self.register_outputs({"previewRoleArn": preview.arn, "deployRoleArn": deploy.arn})

    def _create_role(self, name: str, subject: str, statements: Sequence[Statement]) -> iam.Role:
        settings, child = self._args.settings, pulumi.ResourceOptions(parent=self)
        issuer = f"oidc.circleci.com/org/{settings.organization}"
        role = iam.Role(
            name,
            name=self._args.naming.name("pipelines", name),
            max_session_duration=_SESSION_SECONDS,
            assume_role_policy=document(
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": f"arn:aws:iam::{self._args.account}:oidc-provider/{issuer}"},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                        "StringEquals": {f"{issuer}:aud": settings.organization},
                        "StringLike": {f"{issuer}:sub": subject},
                    },
                }
            ),
            opts=child,
        )
        iam.RolePolicy(name, role=role.name, policy=document(*statements), opts=child)
        return role

    def _deploy(self) -> list[Statement]:
        account, prefix = self._args.account, self._args.naming.name()
        own_roles = [f"arn:aws:iam::{account}:role/{prefix}-*"]
        buckets = [prefix + "-pictures-" + account, state_bucket(account, self._args.region)]
        own_buckets = [f"arn:aws:s3:::{bucket}{objects}" for bucket in buckets for objects in ("", "/*")]
        return [
            statement(list(_MADE), ["*"], {"StringEquals": {"aws:RequestedRegion": self._args.region}}),
            statement(["s3:*"], own_buckets),
            statement(["budgets:ViewBudget", "budgets:ModifyBudget"], [f"arn:aws:budgets::{account}:budget/{prefix}"]),
            statement(
                [
                    "iam:AttachRolePolicy",
                    "iam:CreateRole",
                    "iam:DeleteRole",
                    "iam:DeleteRolePolicy",
                    "iam:DetachRolePolicy",
                    "iam:GetRole",
                    "iam:GetRolePolicy",
                    "iam:ListAttachedRolePolicies",
                    "iam:ListInstanceProfilesForRole",
                    "iam:ListRolePolicies",
                    "iam:ListRoleTags",
                    "iam:PassRole",
                    "iam:PutRolePolicy",
                    "iam:TagRole",
                    "iam:UntagRole",
                    "iam:UpdateAssumeRolePolicy",
                    "iam:UpdateRole",
                ],
                own_roles,
            ),
            # What its own roles trust is decided by a person, not by a pipeline: it must not widen them.
            _deny(
                [
                    "iam:PutRolePolicy",
                    "iam:AttachRolePolicy",
                    "iam:UpdateAssumeRolePolicy",
                    "iam:DeleteRole",
                    "iam:DeleteRolePolicy",
                    "iam:DetachRolePolicy",
                ],
                [f"arn:aws:iam::{account}:role/{prefix}-pipelines-*"],
            ),
        ]


def _sub(settings: PipelineSettings, ref: str) -> str:
    """Of the token whose subject ends in where the change came from: CIRCLE_OIDC_TOKEN_V2."""
    return f"org/{settings.organization}/project/{settings.project}/user/*/vcs-origin/*/vcs-ref/{ref}"


def _preview() -> list[Statement]:
    """A preview reads what is there and the stack's state, but no secret of the shop and no picture."""
    state = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": STATE_KEY_ALIAS}}
    return [
        statement(["kms:Decrypt"], ["arn:aws:kms:*:*:key/*"], state),
        _deny(["secretsmanager:GetSecretValue", "ssm:GetParameter*"], ["*"]),
    ]


def _deny(actions: Sequence[str], resources: Sequence[str]) -> Statement:
    return {"Effect": "Deny", "Action": list(actions), "Resource": list(resources)}
