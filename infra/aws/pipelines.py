"""Access for pipelines: CircleCI's tokens are exchanged for one of two roles, so that no key is stored.

The account's identity provider for the organization is created by `boutique bootstrap`: an account has one for all its
stacks. Source of the claims: CircleCI documentation, "Using OpenID Connect tokens in jobs".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import iam

from infra.aws.iam import Statement, document, statement
from infra.aws.naming import PROJECT, STATE_KEY_ALIAS, Naming, state_bucket
from infra.config.aws import PipelineSettings

_SESSION_SECONDS = 2 * 60 * 60
"""A first `up` of a cluster and a database with a standby takes up to an hour."""

_NOT_TRUSTED = ("*/vcs-ref/*/vcs-ref/*", "*/vcs-ref/refs/heads/pull/*")
"""A branch whose own name ends like the trusted subject, and pull requests from forks, which anyone can open."""

_SERVICES = (
    "acm",
    "cloudwatch",
    "ec2",
    "ecr",
    "eks",
    "elasticache",
    "elasticloadbalancing",
    "kms",
    "logs",
    "rds",
    "secretsmanager",
    "sns",
)
"""Services that policies limit to the region, since AWS chooses the ids of their resources."""

_READ_ROLE = (
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
)
_USE_STATE_KEY = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")


@dataclass(frozen=True)
class PipelineAccessArgs:
    """The arguments of the access for pipelines."""

    naming: Naming
    settings: PipelineSettings
    account: str
    region: str


class PipelineAccess(pulumi.ComponentResource):
    """Two roles: "preview" may read, from every branch of the project; "deploy" may write, only from one branch.

    A deployment creates roles, and so could create one that may do more than a pipeline: protect that branch.

    Attributes:
        preview_role_arn: The ARN of the role that may read.
        deploy_role_arn: The ARN of the role that may write.
    """

    preview_role_arn: pulumi.Output[str]
    deploy_role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: PipelineAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:PipelineAccess", name, None, opts)
        self._args = args
        preview = self._create_role("preview", _sub(args.settings, "*"), self._preview())
        deploy = self._create_role("deploy", _sub(args.settings, f"refs/heads/{args.settings.branch}"), self._deploy())
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
                        "StringNotLike": {f"{issuer}:sub": list(_NOT_TRUSTED)},
                    },
                }
            ),
            opts=child,
        )
        iam.RolePolicy(name, role=role.name, policy=document(*statements), opts=child)
        return role

    def _preview(self) -> list[Statement]:
        """Returns statements that allow reading resources and the stack's own state, including the secrets in it.

        They allow reading no secret in AWS and no log, so a preview cannot refresh the versions of secrets.
        """
        read = [f"{service}:{verb}*" for service in _SERVICES for verb in ("Describe", "Get", "List")]
        state_key = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": STATE_KEY_ALIAS}}
        return [
            self._in_region(read),
            statement(["s3:Get*", "s3:List*"], self._bucket()),
            statement(["budgets:ListTagsForResource", "budgets:ViewBudget"], [self._budget()]),
            statement(_READ_ROLE, [self._roles()]),
            *self._state(["s3:GetObject"]),
            statement(["kms:Decrypt"], [f"arn:aws:kms:{self._args.region}:{self._args.account}:key/*"], state_key),
            _deny(["logs:Get*", "secretsmanager:GetSecretValue"], ["*"]),
        ]

    def _deploy(self) -> list[Statement]:
        budget = [
            "budgets:ListTagsForResource",
            "budgets:ModifyBudget",
            "budgets:TagResource",
            "budgets:UntagResource",
            "budgets:ViewBudget",
        ]
        return [
            self._in_region([f"{service}:*" for service in _SERVICES]),
            self._deny_other_stacks(),
            statement(["s3:*"], self._bucket()),
            *self._state(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]),
            statement(budget, [self._budget()]),
            statement(
                [
                    *_READ_ROLE,
                    "iam:AttachRolePolicy",
                    "iam:CreateRole",
                    "iam:DeleteRole",
                    "iam:DeleteRolePolicy",
                    "iam:DetachRolePolicy",
                    "iam:PassRole",
                    "iam:PutRolePolicy",
                    "iam:TagRole",
                    "iam:UntagRole",
                    "iam:UpdateAssumeRolePolicy",
                    "iam:UpdateRole",
                ],
                [self._roles()],
            ),
            # Pipelines must not widen their own roles: a person decides about those.
            _deny(
                [
                    "iam:AttachRolePolicy",
                    "iam:DeleteRole",
                    "iam:DeleteRolePolicy",
                    "iam:DetachRolePolicy",
                    "iam:PutRolePolicy",
                    "iam:UpdateAssumeRolePolicy",
                ],
                [self._roles("pipelines")],
            ),
        ]

    def _in_region(self, actions: Sequence[str]) -> Statement:
        return statement(actions, ["*"], {"StringEquals": {"aws:RequestedRegion": self._args.region}})

    def _deny_other_stacks(self) -> Statement:
        """Returns a statement that denies access to what belongs to other stacks, or to all stacks."""
        return {
            "Effect": "Deny",
            "NotAction": list(_USE_STATE_KEY),
            "Resource": ["*"],
            "Condition": {
                "Null": {"aws:ResourceTag/boutique:project": "false"},
                "StringNotEquals": {"aws:ResourceTag/boutique:stack": self._args.naming.stack},
            },
        }

    def _state(self, actions: Sequence[str]) -> list[Statement]:
        """Returns statements that allow access to the stack's own state files. Source: Pulumi's DIY backend."""
        bucket = f"arn:aws:s3:::{state_bucket(self._args.account, self._args.region)}"
        stack = f"{PROJECT}/{self._args.naming.stack}"
        own = [f"stacks/{stack}.*", f"history/{stack}/*", f"backups/{stack}/*", f"locks/organization/{stack}/*"]
        return [
            statement(["s3:ListBucket"], [bucket]),
            statement(["s3:GetObject"], [f"{bucket}/.pulumi/meta.yaml"]),
            statement(actions, [f"{bucket}/.pulumi/{path}" for path in own]),
        ]

    def _bucket(self) -> list[str]:
        """Returns the ARNs of the bucket of pictures and of the objects in it."""
        bucket = f"arn:aws:s3:::{self._args.naming.name('pictures', self._args.account)}"
        return [bucket, f"{bucket}/*"]

    def _budget(self) -> str:
        return f"arn:aws:budgets::{self._args.account}:budget/{self._args.naming.name()}"

    def _roles(self, *parts: str) -> str:
        return f"arn:aws:iam::{self._args.account}:role/{self._args.naming.name(*parts)}-*"


def _sub(settings: PipelineSettings, ref: str) -> str:
    """Returns the pattern of the subject in CIRCLE_OIDC_TOKEN_V2, which ends in the branch or tag."""
    return f"org/{settings.organization}/project/{settings.project}/user/*/vcs-origin/*/vcs-ref/{ref}"


def _deny(actions: Sequence[str], resources: Sequence[str]) -> Statement:
    return {"Effect": "Deny", "Action": list(actions), "Resource": list(resources)}
