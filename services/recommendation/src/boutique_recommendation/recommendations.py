"""Which products are recommended."""

import random
from collections.abc import Collection, Iterable

from boutique_runtime.errors import InvalidFieldError

MAXIMUM_RECOMMENDATIONS = 5
MAXIMUM_GIVEN_PRODUCTS = 200
MAXIMUM_ID_LENGTH = 128


def check_user_id(user_id: str) -> None:
    """Raises InvalidFieldError."""
    if len(user_id) > MAXIMUM_ID_LENGTH:
        raise InvalidFieldError("user_id", f"must be at most {MAXIMUM_ID_LENGTH} characters")


def check_product_ids(product_ids: Collection[str]) -> None:
    """Raises InvalidFieldError."""
    if len(product_ids) > MAXIMUM_GIVEN_PRODUCTS:
        raise InvalidFieldError("product_ids", f"must be at most {MAXIMUM_GIVEN_PRODUCTS}, not {len(product_ids)}")
    if any(len(product_id) > MAXIMUM_ID_LENGTH for product_id in product_ids):
        raise InvalidFieldError("product_ids", f"each must be at most {MAXIMUM_ID_LENGTH} characters")


def recommend(catalog: Iterable[str], given: Iterable[str]) -> list[str]:
    """A random sample of the catalog less what is given, in random order."""
    excluded = frozenset(given)
    candidates = [product_id for product_id in catalog if product_id not in excluded]
    return random.sample(candidates, min(MAXIMUM_RECOMMENDATIONS, len(candidates)))
