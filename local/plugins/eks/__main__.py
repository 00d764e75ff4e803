"""Serves the `eks` provider to the Pulumi engine that starts this."""

import sys

from local.plugins.eks.provider import EksProvider
from local.plugins.serving import run

run(lambda _: EksProvider(engine_address=sys.argv[1]))
