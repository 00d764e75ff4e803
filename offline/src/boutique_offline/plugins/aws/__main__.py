"""Serves the `aws` provider to the Pulumi engine that started this program."""

from boutique_offline.plugins.aws.provider import AwsProvider
from boutique_offline.plugins.serving import run

run(AwsProvider)
