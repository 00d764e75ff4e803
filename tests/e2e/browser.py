"""Buys something with a real browser."""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.workspace import ROOT

PICTURES = Path(os.environ.get("BOUTIQUE_PICTURES", ROOT / "build" / "pictures"))

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(frozen=True)
class Order:
    """The content of a confirmation page."""

    order_id: str
    tracking_id: str
    text: str


@contextlib.contextmanager
def browser_page(width: int = 1280, height: int = 1120) -> Iterator[Page]:
    """Opens a page in a new browser profile. A console error or an uncaught exception fails the test."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_executable(), args=[*_QUIET, *sandbox])
        page = browser.new_page(viewport={"width": width, "height": height})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        try:
            yield page
        except Exception:
            page.screenshot(path=PICTURES / "failure.png")
            print(f"{page.url}\n{page.inner_text('body')}\n{problems}")
            raise
        finally:
            browser.close()
        assert problems == []


def _executable() -> str | None:
    """Returns an installed browser or Debian's, or None for the one that Playwright installs."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"], check=True)
        found = shutil.which("chromium")
    return found


def buy(page: Page, address: str) -> Order:
    """Searches for a mug and buys two, paying in another currency. Takes pictures of the first and the last page."""
    page.goto(address)
    page.screenshot(path=PICTURES / "home.png")
    page.get_by_role("searchbox").fill("mug")
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**/search?q=mug")
    page.get_by_role("main").get_by_role("link", name=re.compile("Mug")).first.click()
    page.locator("[name=quantity]").first.select_option("2")
    page.get_by_role("button", name=re.compile("add to cart", re.IGNORECASE)).click()
    page.wait_for_url("**/cart")
    page.locator("[name=currency_code]").first.select_option("EUR")
    page.get_by_role("button", name=re.compile("currency", re.IGNORECASE)).first.click()
    assert "€" in page.get_by_role("main").inner_text()
    return check_out(page)


def buy_in_application(page: Page, address: str) -> Order:
    """Finds a mug by keyboard and buys it. Takes pictures of the first and the last page."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / "application-home.png")
    search = page.get_by_role("combobox")
    search.press_sequentially("mug")
    expect(page.get_by_role("option", name=re.compile("Mug"))).to_be_visible()
    search.press("ArrowDown")
    search.press("Enter")
    page.wait_for_url("**/product/*")
    page.get_by_role("button", name=re.compile("Add to cart .*Mug")).click()
    page.get_by_role("link", name="Cart, 1 piece").click()
    page.get_by_role("link", name="Go to checkout").click()
    for label, value in {
        "E-mail": "ada@example.com",
        "Street and number": "12 Analytical Row",
        "Postal code": "SW1A 1AA",
        "City": "London",
        "Country": "United Kingdom",
        "Name on the card": "Ada Lovelace",
        "Card number": "4432 8015 6152 0454",
        "Expires": "12/39",
        "Security code": "672",
    }.items():
        page.get_by_label(label, exact=False).fill(value)
    page.get_by_role("button", name=re.compile(r"Pay \$")).click()
    page.wait_for_url("**/confirmation")
    expect(page.get_by_role("banner").get_by_role("link", name="Cart", exact=True)).to_be_visible()  # it is empty
    order_id = page.locator("#order-id").inner_text()
    page.screenshot(path=PICTURES / "application-confirmation.png")
    return Order(order_id, page.locator("#tracking-id").inner_text(), page.get_by_role("main").inner_text())


def check_out(page: Page) -> Order:
    """Goes from the cart to the confirmation, and returns the order."""
    if not page.locator("form[action='/cart/checkout']").count():
        page.get_by_role("link", name=re.compile("checkout", re.IGNORECASE)).first.click()
    form = page.locator("form[action='/cart/checkout']")
    for name, value in {
        "email": "ada@example.com",
        "street_address": "12 Analytical Row",
        "zip_code": "10115",
        "city": "Berlin",
        "state": "Berlin",
        "country": "Germany",
        "credit_card_number": "4432-8015-6152-0454",
        "credit_card_cvv": "672",
    }.items():
        form.locator(f"[name={name}]").fill(value)
    for name in ("credit_card_expiration_month", "credit_card_expiration_year"):
        form.locator(f"[name={name}]").select_option(index=2)
    form.get_by_role("button").last.click()
    page.wait_for_load_state()
    text = page.get_by_role("main").inner_text()
    page.screenshot(path=PICTURES / "confirmation.png")
    order = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)
    tracking = re.search(r"[A-Z]{2}-\d+-\d+", text)
    assert order is not None, text
    assert tracking is not None, text
    return Order(order.group(), tracking.group(), text)
