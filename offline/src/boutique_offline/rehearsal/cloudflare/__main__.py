"""Serves an emulated Cloudflare to clients with the token in CLOUDFLARE_API_TOKEN."""

import argparse
import os

import uvicorn

from boutique_offline.rehearsal.cloudflare.serving import create_application
from boutique_offline.rehearsal.cloudflare.zones import Zone


def _zone(text: str) -> Zone:
    name, identifier, account = text.split("=")
    return Zone(identifier, name, account)


parser = argparse.ArgumentParser(prog="python -m boutique_offline.rehearsal.cloudflare", description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--zone", type=_zone, action="append", required=True, metavar="NAME=ID=ACCOUNT")
arguments = parser.parse_args()
application = create_application(arguments.zone, os.environ["CLOUDFLARE_API_TOKEN"])
uvicorn.run(application, host="127.0.0.1", port=arguments.port, log_level="warning", access_log=False)
