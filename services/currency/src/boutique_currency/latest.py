"""The newest rates there are: the release's own, until the European Central Bank has newer ones."""

import asyncio
import logging
from datetime import UTC, date, datetime, timedelta

import httpx

from boutique_currency.ecb import InvalidRatesError, download, parse_daily
from boutique_currency.rates import Rates

# The bank publishes once a working day, at about 16:00 in Frankfurt.
REFRESH_SECONDS = 60 * 60
RETRY_SECONDS = 5 * 60

# A wrong decimal point is a factor of ten; no currency of the bank's list has moved this far since an old release.
MAXIMUM_FACTOR = 2

_log = logging.getLogger(__name__)


class LatestRates:
    def __init__(self, released: Rates) -> None:
        self.current = released
        self._failing = False

    async def keep_fresh(self, url: str) -> None:
        """Refreshes until cancelled."""
        while True:
            reached = await self.refresh(url)
            await asyncio.sleep(REFRESH_SECONDS if reached else RETRY_SECONDS)

    async def refresh(self, url: str) -> bool:
        """Takes over the rates at `url` where they are newer; whether they could be read and trusted.

        A failure leaves the current rates as they are, and is logged once until the next success.
        """
        try:
            offered = parse_daily(await download(url))
            check_plausible(offered, self.current, today=datetime.now(UTC).date())
        except (httpx.HTTPError, TimeoutError, InvalidRatesError) as error:
            if not self._failing:
                reason = str(error) or type(error).__name__
                extra = {"url": url, "reason": reason, "rates_date": self.current.day.isoformat()}
                _log.warning("rates not refreshed", extra=extra)
            self._failing = True
            return False
        self._failing = False
        if offered.day > self.current.day:
            self.current = offered
            _log.info("rates refreshed", extra={"rates_date": offered.day.isoformat()})
        return True


def check_plausible(offered: Rates, current: Rates, *, today: date) -> None:
    """Raises InvalidRatesError where rates can't be the current ones' successors.

    Every currency that had a rate must have one still, since carts are shown and paid in it.
    """
    # Days begin earlier in Frankfurt than in UTC.
    if offered.day > today + timedelta(days=1):
        raise InvalidRatesError(f"its day, {offered.day}, is yet to come")
    if missing := current.per_euro.keys() - offered.per_euro.keys():
        raise InvalidRatesError(f"it lacks {', '.join(sorted(missing))}")
    for code, rate in current.per_euro.items():
        if not rate / MAXIMUM_FACTOR <= offered.per_euro[code] <= rate * MAXIMUM_FACTOR:
            raise InvalidRatesError(f"its rate of {code}, {offered.per_euro[code]}, is too far from {rate}")
