"""What moto lacks, put in its place before its first request. docs/rehearsal.md lists all of it."""

from boutique_offline.rehearsal.account import budgets, ec2, eks, elasticache, rds, s3


def extend() -> None:
    for service in (budgets, ec2, eks, elasticache, rds, s3):
        service.extend()
