"""The ads, and how they are chosen."""

import random
import tomllib
from collections.abc import Collection, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from boutique_runtime.errors import InvalidFieldError

MAXIMUM_CONTEXT_KEYS = 50
MAXIMUM_KEY_LENGTH = 64
ADS_WITHOUT_MATCH = 2


class Ad(BaseModel):
    """One line of text with a link to a product."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product_id: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{10}$")]
    categories: Annotated[frozenset[Annotated[str, StringConstraints(pattern=r"^[a-z-]+$")]], Field(min_length=1)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ads: Annotated[tuple[Ad, ...], Field(min_length=ADS_WITHOUT_MATCH)]


def read_ads(toml: str) -> tuple[Ad, ...]:
    """Reads ads from TOML. Raises ValueError with one line per error: which ad, which key, what is allowed."""
    try:
        return _File.model_validate(tomllib.loads(toml)).ads
    except ValidationError as error:
        lines = (
            f"{'.'.join(map(str, line['loc']))}: {line['msg']}, not {line['input']!r}"
            for line in error.errors(include_url=False)
        )
        raise ValueError("\n".join(lines)) from error


def check_context_keys(keys: Collection[str]) -> None:
    """Raises InvalidFieldError if there are too many keys, or one is too long."""
    if len(keys) > MAXIMUM_CONTEXT_KEYS:
        raise InvalidFieldError("context_keys", f"must be at most {MAXIMUM_CONTEXT_KEYS}, not {len(keys)}")
    if any(len(key) > MAXIMUM_KEY_LENGTH for key in keys):
        raise InvalidFieldError("context_keys", f"each must be at most {MAXIMUM_KEY_LENGTH} characters")


def choose_ads(ads: Sequence[Ad], context_keys: Collection[str]) -> Sequence[Ad]:
    """Returns every ad with one of these categories; without a match, two random ads."""
    matching = [ad for ad in ads if not ad.categories.isdisjoint(context_keys)]
    return matching or random.sample(ads, ADS_WITHOUT_MATCH)
