"""The choice of recommended products."""

import random
from collections.abc import Collection, Iterable

from boutique_contract.limits import IDENTIFIER
from boutique_runtime.errors import InvalidFieldError, check_field

MAXIMUM_RECOMMENDATIONS = 5
MAXIMUM_EXCLUDED_PRODUCTS = 200


def check_product_ids(product_ids: Collection[str]) -> None:
    """Raises InvalidFieldError if there are too many ids, or one breaks the rule."""
    if len(product_ids) > MAXIMUM_EXCLUDED_PRODUCTS:
        raise InvalidFieldError("product_ids", f"must be at most {MAXIMUM_EXCLUDED_PRODUCTS}")
    for product_id in product_ids:
        check_field("product_ids", product_id, IDENTIFIER)


def recommend(catalog: Iterable[str], excluded: Iterable[str]) -> list[str]:
    """Returns a random sample of the catalog without the excluded products, in random order."""
    candidates = [*frozenset(catalog).difference(excluded)]
    return random.sample(candidates, min(MAXIMUM_RECOMMENDATIONS, len(candidates)))
