"""Rates get newer while the European Central Bank can be reached and makes sense, and never worse otherwise."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date

import httpx
import pytest

from boutique_currency.__main__ import open_service
from boutique_currency.ecb import MAXIMUM_BYTES, InvalidRatesError, download, packaged_rates, parse_daily
from boutique_currency.latest import LatestRates, check_plausible
from boutique_currency.rates import Rates
from boutique_currency.settings import CurrencySettings
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2, shop_pb2_grpc

DAY = date(2019, 3, 11)
NEXT_DAY = date(2019, 3, 12)
RATES = {"USD": "1.1305", "JPY": "126.40", "GBP": "0.85970", "CAD": "1.5128"}


def daily_document(day: date = DAY, rates: Mapping[str, str] = RATES) -> bytes:
    """In the form in which the bank publishes it."""
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
    """What the stand-in answers every request with; silent, it reads and never answers."""

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


def test_the_release_carries_rates_of_the_shown_currencies() -> None:
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
        (b"", "no XML"),
        (b"<html><body>Maintenance</body>", "no XML"),
        (b"<?xml version='1.0' encoding='nonsense'?><Cube/>", "no XML"),
        (b"<html/>", "0 days"),
        (daily_document().replace(b"2019-03-11", b"yesterday"), "no date"),
        (daily_document(rates={"USD": "0"}), "not positive"),
        (daily_document(rates={"USD": "-1.1305"}), "no rate of 'USD'"),
        (daily_document(rates={"USD": "1e999999999"}), "no rate of 'USD'"),
        (daily_document(rates={"USD": "1,1305"}), "no rate of 'USD'"),
        (daily_document(rates={"US$": "1.1305"}), "no rate of 'US"),
        (BILLION_LAUGHS, "document type"),
        (BILLION_LAUGHS.decode().encode("utf-16"), "document type"),
        (EXTERNAL, "document type"),
    ],
)
def test_a_document_that_holds_no_rates_is_refused_with_the_reason(document: bytes, reason: str) -> None:
    with pytest.raises(InvalidRatesError, match=reason):
        parse_daily(document)


async def test_the_document_is_downloaded(bank: Bank) -> None:
    bank.document = daily_document()
    assert await download(bank.url) == bank.document


async def test_a_document_without_end_is_not_read_to_its_end(bank: Bank) -> None:
    bank.document = b" " * (MAXIMUM_BYTES + 1)
    with pytest.raises(InvalidRatesError, match="larger than"):
        await download(bank.url)


async def test_a_bank_that_is_silent_is_given_up(bank: Bank) -> None:
    bank.silent = True
    with pytest.raises(TimeoutError):
        await download(bank.url, timeout_seconds=0.05)


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "503 Service Unavailable"])
async def test_an_answer_other_than_200_is_a_failure(bank: Bank, status: str) -> None:
    bank.status = status
    with pytest.raises(httpx.HTTPStatusError):
        await download(bank.url)


async def test_newer_rates_replace_the_current_ones(rates: Rates, bank: Bank) -> None:
    latest = LatestRates(rates)
    bank.document = daily_document(NEXT_DAY, {**RATES, "USD": "1.2", "CHF": "1.13"})
    assert await latest.refresh(bank.url)
    assert latest.current.day == NEXT_DAY
    assert str(latest.current.per_euro["USD"]) == "1.2"
    assert "CHF" in latest.current.currency_codes


@pytest.mark.parametrize("day", [DAY, date(2019, 3, 8)])
async def test_rates_of_the_same_day_or_before_change_nothing(rates: Rates, bank: Bank, day: date) -> None:
    latest = LatestRates(rates)
    bank.document = daily_document(day, {**RATES, "USD": "1.2"})
    assert await latest.refresh(bank.url)
    assert latest.current.per_euro == rates.per_euro


async def test_an_outage_keeps_the_rates_and_is_logged_once(
    rates: Rates, bank: Bank, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    latest = LatestRates(rates)

    bank.status = "503 Service Unavailable"
    assert not await latest.refresh(bank.url)
    bank.status, bank.document = "200 OK", b"<html>Maintenance</html>"
    assert not await latest.refresh(bank.url)
    assert latest.current.per_euro == rates.per_euro
    assert [record.message for record in caplog.records] == ["rates not refreshed"]

    bank.document = daily_document(NEXT_DAY)
    assert await latest.refresh(bank.url)
    assert latest.current.day == NEXT_DAY
    bank.document = b""
    assert not await latest.refresh(bank.url)
    assert [record.message for record in caplog.records][1:] == ["rates refreshed", "rates not refreshed"]


async def test_a_bank_that_refuses_the_connection_is_an_outage(rates: Rates) -> None:
    assert not await LatestRates(rates).refresh("http://127.0.0.1:1/daily.xml")


def without(code: str) -> dict[str, str]:
    return {known: rate for known, rate in RATES.items() if known != code}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (daily_document(NEXT_DAY, without("CAD")), "lacks CAD"),
        (daily_document(NEXT_DAY, {**RATES, "JPY": "1264.0"}), "rate of JPY"),
        (daily_document(NEXT_DAY, {**RATES, "JPY": "12.64"}), "rate of JPY"),
        (daily_document(date(9999, 1, 1)), "yet to come"),
    ],
)
async def test_rates_that_are_not_plausible_are_not_taken_over(
    rates: Rates, bank: Bank, document: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    latest = LatestRates(rates)
    bank.document = document
    assert not await latest.refresh(bank.url)
    assert latest.current.per_euro == rates.per_euro
    assert reason in caplog.records[0].__dict__["reason"]


def test_a_day_that_has_begun_in_frankfurt_only_is_not_yet_to_come(rates: Rates) -> None:
    offered = parse_daily(daily_document(NEXT_DAY))
    check_plausible(offered, rates, today=date(2019, 3, 11))
    with pytest.raises(InvalidRatesError, match="yet to come"):
        check_plausible(offered, rates, today=date(2019, 3, 10))


async def served_day(currency: shop_pb2_grpc.CurrencyServiceAsyncStub) -> str:
    return (await currency.GetSupportedCurrencies(shop_pb2.Empty())).rates_date


async def test_the_service_starts_with_the_releases_rates_while_the_bank_is_silent(serve: Serve, bank: Bank) -> None:
    bank.silent = True
    async with open_service(CurrencySettings.model_validate({"rates_url": bank.url})) as service:
        currency = shop_pb2_grpc.CurrencyServiceStub(await serve(service))
        assert await served_day(currency) == packaged_rates().day.isoformat()


async def test_the_service_takes_over_the_banks_rates_when_it_is_told_where(
    rates: Rates, serve: Serve, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boutique_currency.__main__.packaged_rates", lambda: rates)
    bank.document = daily_document(NEXT_DAY)
    async with open_service(CurrencySettings.model_validate({"rates_url": bank.url})) as service:
        currency = shop_pb2_grpc.CurrencyServiceStub(await serve(service))
        async with asyncio.timeout(10):
            while await served_day(currency) != NEXT_DAY.isoformat():
                pass


async def test_the_service_asks_no_bank_unless_it_is_told_where(serve: Serve) -> None:
    async with open_service(CurrencySettings()) as service:
        currency = shop_pb2_grpc.CurrencyServiceStub(await serve(service))
        assert await served_day(currency) == packaged_rates().day.isoformat()
