"""Rates are updated from the European Central Bank, and kept if its document is not usable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date

import httpx
import pytest

from boutique_currency.__main__ import open_service
from boutique_currency.ecb import MAXIMUM_BYTES, InvalidRatesError, download, packaged_rates, parse_daily
from boutique_currency.latest import check_plausible, latest_rates, newer_rates
from boutique_currency.rates import Rates
from boutique_currency.settings import CurrencySettings
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2, shop_pb2_grpc

DAY = date(2019, 3, 11)
NEXT_DAY = date(2019, 3, 12)
RATES = {"USD": "1.1305", "JPY": "126.40", "GBP": "0.85970", "CAD": "1.5128"}


def daily_document(day: date = DAY, rates: Mapping[str, str] = RATES) -> bytes:
    """Returns a document in the bank's format."""
    cubes = "".join(f"<Cube currency='{code}' rate='{rate}'/>" for code, rate in rates.items())
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
                 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
  <Cube><Cube time='{day}'>{cubes}</Cube></Cube>
</gesmes:Envelope>""".encode()


@dataclass
class Bank:
    """A fake of the bank, which returns the document; if `silent`, it never responds."""

    url: str = ""
    status: str = "200 OK"
    document: bytes = b""
    silent: bool = False

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if self.silent:
            await reader.read()
        else:
            writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.document)}\r\n\r\n".encode())
            writer.write(self.document)
        writer.close()


@pytest.fixture
async def bank() -> AsyncIterator[Bank]:
    bank = Bank()
    async with await asyncio.start_server(bank.answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        bank.url = f"http://127.0.0.1:{port}/daily.xml"
        yield bank


def test_the_release_has_rates_for_every_currency_that_the_shop_shows() -> None:
    released = packaged_rates()
    assert {"USD", "EUR", "CAD", "JPY", "GBP", "TRY"} <= released.per_euro.keys()
    assert released.day >= date(2026, 1, 1)


def test_the_daily_document_is_read(rates: Rates) -> None:
    read = parse_daily(daily_document())
    assert (read.day, read.per_euro) == (rates.day, rates.per_euro)


BILLION_LAUGHS = b"""<!DOCTYPE laughs [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
<laughs>&c;</laughs>"""
EXTERNAL = b"""<!DOCTYPE stolen [<!ENTITY file SYSTEM "file:///etc/passwd">]><stolen>&file;</stolen>"""


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "not an XML"),
        (b"<html><body>Maintenance</body>", "not an XML"),
        (b"<?xml version='1.0' encoding='nonsense'?><Cube/>", "not an XML"),
        (b"<html/>", "0 days"),
        (daily_document().replace(b"2019-03-11", b"yesterday"), "not a date"),
        (daily_document(rates={"USD": "0"}), "not positive"),
        (daily_document(rates={"USD": "-1.1305"}), "not a rate of 'USD'"),
        (daily_document(rates={"USD": "1e999999999"}), "not a rate of 'USD'"),
        (daily_document(rates={"USD": "1,1305"}), "not a rate of 'USD'"),
        (daily_document(rates={"US$": "1.1305"}), "not a rate of 'US"),
        (BILLION_LAUGHS, "document type"),
        (BILLION_LAUGHS.decode().encode("utf-16"), "document type"),
        (EXTERNAL, "document type"),
    ],
)
def test_a_document_without_rates_is_refused_with_the_reason(document: bytes, reason: str) -> None:
    with pytest.raises(InvalidRatesError, match=reason):
        parse_daily(document)


async def test_the_document_is_downloaded(bank: Bank) -> None:
    bank.document = daily_document()
    assert await download(bank.url) == bank.document


async def test_a_document_that_is_too_large_is_not_read_to_its_end(bank: Bank) -> None:
    bank.document = b" " * (MAXIMUM_BYTES + 1)
    with pytest.raises(InvalidRatesError, match="larger than"):
        await download(bank.url)


async def test_a_download_has_a_time_limit(bank: Bank) -> None:
    bank.silent = True
    with pytest.raises(TimeoutError):
        await download(bank.url, timeout_seconds=0.05)


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "503 Service Unavailable"])
async def test_a_status_other_than_200_is_a_failure(bank: Bank, status: str) -> None:
    bank.status = status
    with pytest.raises(httpx.HTTPStatusError):
        await download(bank.url)


async def test_newer_rates_replace_the_current_ones(rates: Rates, bank: Bank) -> None:
    bank.document = daily_document(NEXT_DAY, {**RATES, "USD": "1.2", "CHF": "1.13"})
    newer = await newer_rates(bank.url, rates)
    assert newer.day == NEXT_DAY
    assert str(newer.per_euro["USD"]) == "1.2"
    assert "CHF" in newer.currency_codes


@pytest.mark.parametrize("day", [DAY, date(2019, 3, 8)])
async def test_rates_of_the_same_day_or_before_change_nothing(rates: Rates, bank: Bank, day: date) -> None:
    bank.document = daily_document(day, {**RATES, "USD": "1.2"})
    assert await newer_rates(bank.url, rates) is rates


async def test_an_outage_keeps_the_rates_and_is_logged_once(
    rates: Rates, bank: Bank, caplog: pytest.LogCaptureFixture
) -> None:
    latest = latest_rates(bank.url, rates, retry_seconds=0)
    bank.status = "503 Service Unavailable"
    assert await latest.get() is rates
    bank.status, bank.document = "200 OK", b"<html>Maintenance</html>"
    assert await latest.get() is rates
    assert len(caplog.records) == 1
    bank.document = daily_document(NEXT_DAY)
    assert (await latest.get()).day == NEXT_DAY


async def test_a_bank_that_refuses_the_connection_is_an_outage(rates: Rates) -> None:
    latest = latest_rates("http://127.0.0.1:1/daily.xml", rates)
    assert await latest.get() is rates


def without(code: str) -> dict[str, str]:
    return {known: rate for known, rate in RATES.items() if known != code}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (daily_document(NEXT_DAY, without("CAD")), "lacks CAD"),
        (daily_document(NEXT_DAY, {**RATES, "JPY": "1264.0"}), "rate of JPY"),
        (daily_document(NEXT_DAY, {**RATES, "JPY": "12.64"}), "rate of JPY"),
        (daily_document(date(9999, 1, 1)), "in the future"),
    ],
)
async def test_implausible_rates_are_refused(rates: Rates, bank: Bank, document: bytes, reason: str) -> None:
    bank.document = document
    with pytest.raises(InvalidRatesError, match=reason):
        await newer_rates(bank.url, rates)


def test_a_day_that_has_begun_only_in_frankfurt_is_not_in_the_future(rates: Rates) -> None:
    offered = parse_daily(daily_document(NEXT_DAY))
    check_plausible(offered, rates, today=date(2019, 3, 11))
    with pytest.raises(InvalidRatesError, match="in the future"):
        check_plausible(offered, rates, today=date(2019, 3, 10))


async def served_day(currency: shop_pb2_grpc.CurrencyServiceAsyncStub) -> str:
    return (await currency.GetSupportedCurrencies(shop_pb2.Empty())).rates_date


async def test_the_service_starts_with_the_released_rates_while_the_bank_is_silent(serve: Serve, bank: Bank) -> None:
    bank.silent = True
    async with open_service(CurrencySettings.model_validate({"rates_url": bank.url})) as service:
        currency = shop_pb2_grpc.CurrencyServiceStub(await serve(service))
        assert await served_day(currency) == packaged_rates().day.isoformat()


async def test_the_service_uses_the_banks_rates_if_it_has_the_address(rates: Rates, serve: Serve, bank: Bank) -> None:
    bank.document = daily_document(NEXT_DAY)
    async with open_service(CurrencySettings.model_validate({"rates_url": bank.url}), rates) as service:
        currency = shop_pb2_grpc.CurrencyServiceStub(await serve(service))
        async with asyncio.timeout(10):
            while await served_day(currency) != NEXT_DAY.isoformat():
                pass


async def test_without_an_address_the_service_uses_the_released_rates(serve: Serve) -> None:
    async with open_service(CurrencySettings()) as service:
        currency = shop_pb2_grpc.CurrencyServiceStub(await serve(service))
        assert await served_day(currency) == packaged_rates().day.isoformat()
