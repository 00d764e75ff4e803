"""Creates the schema of orders: `python3 -m boutique_checkout.migration`."""

import importlib.resources
from typing import Any

from boutique_runtime import migration

_SCHEMA = (importlib.resources.files("boutique_checkout") / "schema.sql").read_text()


async def prepare(connection: Any) -> None:
    """Creates the schema in the connection's transaction."""
    await connection.execute(_SCHEMA)


if __name__ == "__main__":
    migration.run("checkout", prepare)
