"""Serves an emulated AWS account until SIGTERM or SIGINT."""

import argparse
import os

from boutique_offline.rehearsal.account.serving import serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m boutique_offline.rehearsal.account", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--account", required=True, help="the account's number")
    parser.add_argument("--region", required=True)
    parser.add_argument("--address", help="an address besides 127.0.0.1, for pods")
    return parser.parse_args()


arguments = _arguments()
# moto reads these while it is imported.
os.environ |= {
    "MOTO_ACCOUNT_ID": arguments.account,
    "AWS_DEFAULT_REGION": arguments.region,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ACM_VALIDATION_WAIT": "0",
}
serve(arguments.port, [address for address in ("127.0.0.1", arguments.address) if address])
