"""Serves the `aws` provider to the Pulumi engine that starts this."""

from local.plugins.aws.provider import AwsProvider
from local.plugins.serving import run

run(AwsProvider)
