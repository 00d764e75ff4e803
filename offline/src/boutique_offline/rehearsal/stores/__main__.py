"""Runs the stores of the account at BOUTIQUE_AWS_ENDPOINT until SIGTERM, and writes their addresses to stores.json."""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from boutique_offline.node.certificates import KeyPair
from boutique_offline.plugins.serving import PluginError
from boutique_offline.rehearsal.stores.managed_stores import ManagedStores
from boutique_offline.rehearsal.stores.supervisor import open_supervisor
from boutique_offline.rehearsal.stores.tls_proxy import CertificateIssuer


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m boutique_offline.rehearsal.stores", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="directory of stores.json and of the certificates")
    parser.add_argument("--listen", required=True, help="address of this machine at which clients reach the stores")
    parser.add_argument("--region", required=True)
    parser.add_argument(
        "--ca",
        type=Path,
        nargs=2,
        required=True,
        metavar=("CERTIFICATE", "KEY"),
        help="issues the stores' certificates",
    )
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    stopping = asyncio.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(kind, stopping.set)
    arguments.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    issuer = CertificateIssuer(KeyPair(*arguments.ca), arguments.listen, arguments.state)
    async with open_supervisor(arguments.state, ManagedStores(arguments.region), issuer) as supervisor:
        await supervisor.run(stopping)


logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
try:
    asyncio.run(_run(_arguments()))
except PluginError as error:
    sys.exit(str(error))
