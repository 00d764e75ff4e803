"""Creates the catalog's schema and fills it with products.json: `python3 -m boutique_catalog.migration`."""

import importlib.resources
import logging
from typing import Any

import asyncpg

from boutique_catalog.product import load_products, products_to_json
from boutique_runtime import migration

_log = logging.getLogger(__name__)

_SCHEMA = (importlib.resources.files("boutique_catalog") / "schema.sql").read_text()

# Postgres looks an operator class up by the search path, and the extension may exist in another schema.
_SEARCH_INDEX = """
SET LOCAL search_path = catalog, public;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX IF NOT EXISTS products_search
    ON catalog.products USING gin (name gin_trgm_ops, description gin_trgm_ops);
"""

_WRITE = """
INSERT INTO catalog.products AS present (
    id, name, description, picture, price_usd, categories, rating, reviews, position
)
SELECT *
FROM ROWS FROM (
    jsonb_to_recordset($1::jsonb)
    AS (
        id text, name text, description text, picture text, price_usd numeric, categories text[],
        rating numeric, reviews integer
    )
) WITH ORDINALITY
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name,
    description = excluded.description,
    picture = excluded.picture,
    price_usd = excluded.price_usd,
    categories = excluded.categories,
    rating = excluded.rating,
    reviews = excluded.reviews,
    position = excluded.position
WHERE present IS DISTINCT FROM excluded
"""

_REMOVE_OTHERS = "DELETE FROM catalog.products WHERE id <> ALL ($1::text[])"


async def prepare(connection: Any) -> None:
    """Creates schema and content in the connection's transaction, so that no reader sees a part of it."""
    products = load_products()
    await connection.execute(_SCHEMA)
    await _index_search(connection)
    await connection.execute(_REMOVE_OTHERS, [product.id for product in products])
    await connection.execute(_WRITE, products_to_json(products))


async def _index_search(connection: Any) -> None:
    try:
        async with connection.transaction():
            await connection.execute(_SEARCH_INDEX)
    except asyncpg.PostgresError as error:
        _log.warning("searching without an index", extra={"reason": str(error)})


if __name__ == "__main__":
    migration.run("catalog", prepare)
