"""Looks up prices in AWS' price list and caches them in a file."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from pydantic import Field

from boutique_definition.validation import FileModel, read_yaml, validated
from cli.account import open_session
from cli.cost.lines import Query
from dev.progress import Progress

if TYPE_CHECKING:
    from types_boto3_pricing import PricingClient
    from types_boto3_pricing.type_defs import FilterTypeDef

CACHE_DAYS: Final = 30
_API_REGION: Final = "us-east-1"
"""One of the few regions with this API. Source: AWS General Reference, Price List Query API."""
_PREFIX: Final = r"(?:[A-Z]{2,4}[0-9]-|EU-|[a-z]{2}(?:-[a-z]+)+-[0-9]-)?"
"""A region's prefix of a usage type: `EUC1-`, `EU-`, `eu-central-1-`, or nothing. Other prefixes are other products."""


class Price(FileModel):
    """A price in US dollars for one `unit`, in AWS' words."""

    usd: Decimal = Field(gt=0)
    unit: str
    sku: str


class PriceFile(FileModel):
    """The cached prices of a region by `Query.key`, and the date of the oldest."""

    date: date
    prices: dict[str, Price] = Field(default={})


class UnpricedError(Exception):
    """Raised if there is not exactly one price."""


@dataclass(frozen=True)
class Prices:
    """The prices, the reasons for missing ones, both by key, and the date of the oldest price."""

    found: Mapping[str, Price]
    reasons: Mapping[str, str]
    date: date | None


def find_prices(queries: Iterable[Query], region: str, directory: Path, today: date) -> Prices:
    """Returns the prices for the queries. Requests those from AWS that the cache lacks.

    Args:
        queries: The products.
        region: The region of the prices.
        directory: The cache, with a file per region.
        today: The date, for the age of cached prices.

    Raises:
        ConfigError: If the region's file is invalid.
    """
    file = directory / f"{region}.json"
    cached = _read_cache(file, today)
    missing = {query.key: query for query in queries if query.key not in cached.prices}
    if not missing:
        return Prices(cached.prices, {}, cached.date)
    requested, reasons = _request_all(list(missing.values()), region)
    known = PriceFile(date=cached.date, prices={**cached.prices, **requested})
    if requested:
        directory.mkdir(exist_ok=True)
        file.write_text(json.dumps(known.model_dump(mode="json"), indent=2, sort_keys=True) + "\n")
    return Prices(known.prices, reasons, known.date if known.prices else None)


def _read_cache(file: Path, today: date) -> PriceFile:
    if not file.exists():
        return PriceFile(date=today)
    cached = validated(PriceFile, read_yaml(file), lambda path: f"{file}: {'.'.join(map(str, path))}")
    return cached if today - cached.date < timedelta(days=CACHE_DAYS) else PriceFile(date=today)


def _request_all(queries: list[Query], region: str) -> tuple[dict[str, Price], dict[str, str]]:
    client = open_session(_API_REGION).client(
        "pricing", config=Config(retries={"mode": "standard", "total_max_attempts": 5})
    )
    found: dict[str, Price] = {}
    reasons: dict[str, str] = {}
    with Progress() as progress, progress.step("Requesting prices from AWS") as step:
        for number, query in enumerate(queries):
            step.update(f"{number} of {len(queries)}")
            try:
                found[query.key] = _request(client, query, region)
            except (UnpricedError, client.exceptions.InvalidParameterException) as error:
                reasons[query.key] = str(error)
            except NoCredentialsError:
                return found, reasons | _without_prices(queries[number:], "no AWS credentials: sign in to get prices")
            except (BotoCoreError, ClientError) as error:
                # Any other error would also affect the remaining queries.
                return found, reasons | _without_prices(queries[number:], f"AWS rejected the request: {error}")
    return found, reasons


def _without_prices(queries: list[Query], reason: str) -> dict[str, str]:
    return dict.fromkeys((query.key for query in queries), reason)


def _request(client: "PricingClient", query: Query, region: str) -> Price:
    """Requests a price. Raises UnpricedError if the price list does not have exactly one matching product."""
    exact = {query.region: region, **dict(query.attributes)}
    filters: list[FilterTypeDef] = [
        {"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in exact.items()
    ]
    # The prefix depends on the region.
    filters.append({"Type": "CONTAINS", "Field": "usagetype", "Value": query.usage})
    pages = client.get_paginator("get_products").paginate(ServiceCode=query.service, Filters=filters)
    products = [product for page in pages for product in map(json.loads, page["PriceList"]) if _matches(query, product)]
    if not products:
        raise UnpricedError(f"AWS lists no product for {query.key} in {region}")
    if len(products) > 1:
        skus = ", ".join(sorted(product["product"]["sku"] for product in products))
        raise UnpricedError(f"AWS lists {len(products)} products for {query.key} in {region}: {skus}")
    return _price(products[0])


def _matches(query: Query, product: Mapping[str, Any]) -> bool:
    rest = r"[\w.]+" if query.usage.endswith(":") else ""
    return bool(
        re.fullmatch(_PREFIX + re.escape(query.usage) + rest, product["product"]["attributes"].get("usagetype", ""))
    )


def _price(product: Mapping[str, Any]) -> Price:
    """Returns the on-demand price of the first tier that is not free, since a free tier is shared by the account."""
    sku = product["product"]["sku"]
    tiers = [
        (Decimal(dimension["beginRange"]), Decimal(dimension["pricePerUnit"]["USD"]), dimension["unit"])
        for term in product["terms"].get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
        if Decimal(dimension["pricePerUnit"].get("USD", "0")) > 0
    ]
    if not tiers:
        raise UnpricedError(f"AWS lists no on-demand price in US dollars for the product {sku}")
    first = min(begin for begin, _, _ in tiers)
    prices = {(usd, unit) for begin, usd, unit in tiers if begin == first}
    if len(prices) > 1:
        raise UnpricedError(f"AWS lists {len(prices)} prices for the product {sku}")
    ((usd, unit),) = prices
    return Price(usd=usd, unit=unit, sku=sku)
