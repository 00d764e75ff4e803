"""Serves the `eks` provider to the Pulumi engine that started this program."""

import sys

from boutique_offline.plugins.eks.provider import EksProvider
from boutique_offline.plugins.serving import run

run(lambda _: EksProvider(engine_address=sys.argv[1]))
