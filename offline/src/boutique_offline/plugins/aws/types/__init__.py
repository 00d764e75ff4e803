"""The tables of the types that are covered: a module for each module of the provider."""

from functools import cache
from importlib import import_module
from typing import Final

from boutique_offline.plugins.aws.table import ResourceType
from boutique_offline.plugins.provider import not_covered

MODULES: Final = (
    "acm",
    "budgets",
    "cloudwatch",
    "ec2",
    "ecr",
    "eks",
    "elasticache",
    "iam",
    "kms",
    "lb",
    "rds",
    "s3",
    "secretsmanager",
    "sns",
    "vpc",
)


@cache
def find(token: str) -> ResourceType:
    """Returns the row of a type such as `aws:ec2/vpc:Vpc`. Raises PluginError if it is not covered."""
    package, path, name = token.split(":")
    module, _, file = path.partition("/")
    if package == "aws" and module in MODULES and file == name[:1].lower() + name[1:]:
        rows: dict[str, ResourceType] = import_module(f"{__name__}.{module}").TYPES
        if name in rows:
            return rows[name]
    raise not_covered(token)
