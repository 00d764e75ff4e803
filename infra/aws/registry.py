"""The registry: a repository for each service's images, whose tags cannot be moved to other images."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import ecr

from infra.aws.encryption import create_key
from infra.aws.naming import Naming

_UNTAGGED_DAYS = 7
_KEPT = 50


@dataclass(frozen=True)
class RegistryArgs:
    """The arguments of a registry for these services. A protected registry cannot be deleted while it has images."""

    naming: Naming
    services: Iterable[str]
    protected: bool


class Registry(pulumi.ComponentResource):
    """A registry.

    Attributes:
        repositories: Addresses such as `<account>.dkr.ecr.<region>.amazonaws.com/boutique-dev/cart`, by service.
    """

    repositories: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("boutique:aws:Registry", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        key = create_key("registry", args.naming, protect=args.protected, opts=self._child)
        self.repositories = {
            service: self._create_repository(service, key.arn).repository_url for service in args.services
        }
        self.register_outputs({"repositories": self.repositories})

    def _create_repository(self, service: str, key: pulumi.Input[str]) -> ecr.Repository:
        repository = ecr.Repository(
            service,
            name=f"{self._args.naming.name()}/{service}",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": key}],
            force_delete=not self._args.protected,
            opts=self._child,
        )
        ecr.LifecyclePolicy(service, repository=repository.name, policy=_lifecycle(), opts=self._child)
        return repository


def _lifecycle() -> pulumi.Output[str]:
    """Returns a policy that keeps enough images for a rollback. Source: ECR user guide, lifecycle policy properties."""
    return pulumi.Output.json_dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "description": "What a build left without a tag",
                    "selection": {
                        "tagStatus": "untagged",
                        "countType": "sinceImagePushed",
                        "countUnit": "days",
                        "countNumber": _UNTAGGED_DAYS,
                    },
                    "action": {"type": "expire"},
                },
                {
                    "rulePriority": 2,
                    "description": "All but the newest images",
                    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": _KEPT},
                    "action": {"type": "expire"},
                },
            ]
        }
    )
