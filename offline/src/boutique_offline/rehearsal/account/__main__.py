"""Serves an emulated AWS account until it is told to end."""

import argparse
import os

from boutique_offline.rehearsal.account.serving import serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m boutique_offline.rehearsal.account", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--account", required=True, help="number of the account")
    parser.add_argument("--region", required=True)
    parser.add_argument("--address", help="an address besides 127.0.0.1, by which pods reach the account")
    return parser.parse_args()


arguments = _arguments()
# moto reads its settings when it is imported.
os.environ |= {
    "MOTO_ACCOUNT_ID": arguments.account,
    "AWS_DEFAULT_REGION": arguments.region,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ACM_VALIDATION_WAIT": "0",
}
serve(arguments.port, [address for address in ("127.0.0.1", arguments.address) if address])
