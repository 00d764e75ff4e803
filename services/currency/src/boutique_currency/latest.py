"""The newest rates there are: those of the release, until the European Central Bank has newer ones."""

import logging
from datetime import UTC, date, datetime, timedelta

import httpx

from boutique_currency.ecb import InvalidRatesError, download, parse_daily
from boutique_currency.rates import Rates
from boutique_runtime.refreshing import Refreshing

# The bank publishes once a working day, at about 16:00 in Frankfurt.
REFRESH_SECONDS = 60 * 60
RETRY_SECONDS = 5 * 60

# A wrong decimal point is a factor of ten; no currency of the bank's list has moved this far since an old release.
MAXIMUM_FACTOR = 2

_log = logging.getLogger(__name__)


def latest_rates(url: str, released: Rates, *, retry_seconds: float = RETRY_SECONDS) -> Refreshing[Rates]:
    """Returns the rates at `url`, kept up to date; the released ones until they were first read."""

    async def load() -> Rates:
        return await newer_rates(url, rates.latest or released)

    rates = Refreshing(
        load,
        fresh_seconds=REFRESH_SECONDS,
        retry_seconds=retry_seconds,
        initial=released,
        failures=(httpx.HTTPError, TimeoutError, InvalidRatesError),
    )
    return rates


async def newer_rates(url: str, current: Rates) -> Rates:
    """Returns the rates at `url` if they are newer, else the current ones.

    Raises httpx.HTTPError, TimeoutError, or InvalidRatesError.
    """
    offered = parse_daily(await download(url))
    check_plausible(offered, current, today=datetime.now(UTC).date())
    if offered.day <= current.day:
        return current
    _log.info("rates refreshed", extra={"rates_date": offered.day.isoformat()})
    return offered


def check_plausible(offered: Rates, current: Rates, *, today: date) -> None:
    """Raises InvalidRatesError if the offered rates cannot follow the current ones.

    Every currency that had a rate must still have one, since carts are shown and paid in it.
    """
    # Days begin earlier in Frankfurt than in UTC.
    if offered.day > today + timedelta(days=1):
        raise InvalidRatesError(f"its day, {offered.day}, is in the future")
    if missing := current.per_euro.keys() - offered.per_euro.keys():
        raise InvalidRatesError(f"it lacks {', '.join(sorted(missing))}")
    for code, rate in current.per_euro.items():
        if not rate / MAXIMUM_FACTOR <= offered.per_euro[code] <= rate * MAXIMUM_FACTOR:
            raise InvalidRatesError(f"its rate of {code}, {offered.per_euro[code]}, is too far from {rate}")
