"""Prices of AWS' price list: from the file where they are kept for a while, else from AWS, else a reason for none."""

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

KEPT_DAYS: Final = 30
_HOME: Final = "us-east-1"
"""Of the few regions that answer for the prices of all. Source: AWS General Reference, Price List Query API."""
_PREFIX: Final = r"(?:[A-Z]{2,4}[0-9]-|EU-|[a-z]{2}(?:-[a-z]+)+-[0-9]-)?"
"""What a region puts before a usage type: `EUC1-`, `EU-`, `eu-central-1-`, or nothing. Others are other products."""


class Price(FileModel):
    """US dollars for one `unit`, as AWS calls it. `sku` is the product's."""

    usd: Decimal = Field(gt=0)
    unit: str
    sku: str


class PriceFile(FileModel):
    """Prices of a region by Query.key; `date` is when the oldest of them were asked for."""

    date: date
    prices: dict[str, Price] = Field(default={})


class UnpricedError(Exception):
    """There is no one price; the message is why."""


@dataclass(frozen=True)
class Prices:
    """`reasons` has why there is no price, by key. `date` is that of the oldest price, where there is one."""

    found: Mapping[str, Price]
    reasons: Mapping[str, str]
    date: date | None


def find_prices(queries: Iterable[Query], region: str, directory: Path, today: date) -> Prices:
    """Asks AWS for what the region's file in the directory lacks, and writes it there.

    Raises ConfigError where the file is not as this writes it.
    """
    file = directory / f"{region}.json"
    kept = _kept(file, today)
    missing = {query.key: query for query in queries if query.key not in kept.prices}
    if not missing:
        return Prices(kept.prices, {}, kept.date)
    asked, reasons = _ask_all(list(missing.values()), region)
    known = PriceFile(date=kept.date, prices={**kept.prices, **asked})
    if asked:
        directory.mkdir(exist_ok=True)
        file.write_text(json.dumps(known.model_dump(mode="json"), indent=2, sort_keys=True) + "\n")
    return Prices(known.prices, reasons, known.date if known.prices else None)


def _kept(file: Path, today: date) -> PriceFile:
    if not file.exists():
        return PriceFile(date=today)
    kept = validated(PriceFile, read_yaml(file), lambda path: f"{file}: {'.'.join(map(str, path))}")
    return kept if today - kept.date < timedelta(days=KEPT_DAYS) else PriceFile(date=today)


def _ask_all(queries: list[Query], region: str) -> tuple[dict[str, Price], dict[str, str]]:
    client = open_session(_HOME).client("pricing", config=Config(retries={"mode": "standard", "total_max_attempts": 5}))
    found: dict[str, Price] = {}
    reasons: dict[str, str] = {}
    with Progress() as progress, progress.step("Asking AWS for prices") as step:
        for number, query in enumerate(queries):
            step.update(f"{number} of {len(queries)}")
            try:
                found[query.key] = _ask(client, query, region)
            except (UnpricedError, client.exceptions.InvalidParameterException) as error:
                reasons[query.key] = str(error)
            except NoCredentialsError:
                return found, reasons | _unasked(queries[number:], "no credentials of AWS: sign in to ask for prices")
            except (BotoCoreError, ClientError) as error:
                # Whatever else AWS refuses one question for, it refuses the others for too.
                return found, reasons | _unasked(queries[number:], f"AWS did not answer: {error}")
    return found, reasons


def _unasked(queries: list[Query], reason: str) -> dict[str, str]:
    return dict.fromkeys((query.key for query in queries), reason)


def _ask(client: "PricingClient", query: Query, region: str) -> Price:
    """Raises UnpricedError where the price list does not have exactly one such product."""
    exact = {query.region: region, **dict(query.attributes)}
    filters: list[FilterTypeDef] = [
        {"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in exact.items()
    ]
    # Each region writes something else before it.
    filters.append({"Type": "CONTAINS", "Field": "usagetype", "Value": query.usage})
    pages = client.get_paginator("get_products").paginate(ServiceCode=query.service, Filters=filters)
    products = [product for page in pages for product in map(json.loads, page["PriceList"]) if _is(query, product)]
    if not products:
        raise UnpricedError(f"AWS lists no product for {query.key} in {region}")
    if len(products) > 1:
        skus = ", ".join(sorted(product["product"]["sku"] for product in products))
        raise UnpricedError(f"AWS lists {len(products)} products for {query.key} in {region}: {skus}")
    return _price(products[0])


def _is(query: Query, product: Mapping[str, Any]) -> bool:
    rest = r"[\w.]+" if query.usage.endswith(":") else ""
    return bool(
        re.fullmatch(_PREFIX + re.escape(query.usage) + rest, product["product"]["attributes"].get("usagetype", ""))
    )


def _price(product: Mapping[str, Any]) -> Price:
    """The on-demand price of the first use that is paid: what is free at first, is so for the account, not a stack."""
    sku = product["product"]["sku"]
    paid = [
        (Decimal(dimension["beginRange"]), Decimal(dimension["pricePerUnit"]["USD"]), dimension["unit"])
        for term in product["terms"].get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
        if Decimal(dimension["pricePerUnit"].get("USD", "0")) > 0
    ]
    if not paid:
        raise UnpricedError(f"AWS lists no on-demand price in US dollars for the product {sku}")
    first = min(begin for begin, _, _ in paid)
    prices = {(usd, unit) for begin, usd, unit in paid if begin == first}
    if len(prices) > 1:
        raise UnpricedError(f"AWS lists {len(prices)} prices for the product {sku}")
    ((usd, unit),) = prices
    return Price(usd=usd, unit=unit, sku=sku)
