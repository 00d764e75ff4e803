"""Serves a rehearsal until SIGTERM. Started by servers.py."""

import asyncio
import logging
import sys
from pathlib import Path

from boutique_offline.rehearsal.serving import serve

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
logging.getLogger("httpx").setLevel(logging.WARNING)
asyncio.run(serve(Path(sys.argv[1])))
