"""Runs the smoke test at each address."""

import sys
import time
from collections.abc import Callable, Sequence

from cli.smoke import interface, pages
from cli.smoke.visit import FailedStepError, Visit


def smoke(addresses: Sequence[str], pause: Callable[[float], object] = time.sleep) -> int:
    """Buys something at each address and returns the exit status: 1 if that failed anywhere.

    Args:
        addresses: Addresses of shops, such as https://shop.example.com.
        pause: Waits for a number of seconds.

    Raises:
        ConfigError: If an address is invalid.
    """
    visits = [Visit(address, pause) for address in addresses]
    failures = 0
    for visit in visits:
        with visit:
            try:
                order = interface.shop(visit) if visit.is_api() else pages.shop(visit)
            except FailedStepError as error:
                failures += 1
                print(error, file=sys.stderr)
            else:
                print(f"{visit.address}: sold: order {order}")
    return 1 if failures else 0
