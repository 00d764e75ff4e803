"""Tests the storefront over HTTP: the routes, cookies, and forms of the original."""

import re
import uuid
from collections.abc import Mapping

import httpx
import pytest

from boutique_definition.service_file import ServiceFile
from boutique_frontend.settings import FrontendSettings
from tests.contract.conftest import Shop
from tests.contract.contract import PRICES
from tests.contract.requests import ORDER_FORM


@pytest.fixture
def with_a_cart(browser: httpx.Client) -> httpx.Client:
    """A visitor with two mugs in the cart."""
    browser.get("/")
    assert browser.post("/cart", data={"product_id": "6E92ZMYYFZ", "quantity": "2"}).status_code == 302
    return browser


def user_of(browser: httpx.Client) -> str:
    return str(browser.cookies["shop_session-id"])


def quantities(shop: Shop, browser: httpx.Client) -> dict[str, int]:
    cart = shop.call("GetCart", {"user_id": user_of(browser)})
    return {item.product_id: item.quantity for item in cart.items}


def test_the_port_is_that_of_the_original(files: Mapping[str, ServiceFile]) -> None:
    assert files["frontend"].port == FrontendSettings.model_fields["port"].default == 8080


def test_the_first_visit_starts_a_session_that_scripts_and_other_sites_cannot_use(browser: httpx.Client) -> None:
    cookie = browser.get("/").headers["set-cookie"]
    assert re.match(r"shop_session-id=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12};", cookie)
    assert {"httponly", "max-age=172800", "path=/", "samesite=lax"} <= set(cookie.lower().split("; "))
    assert "set-cookie" not in browser.get("/").headers


@pytest.mark.parametrize("session", ["not-a-uuid", "' OR 1=1", "x" * 3000])
def test_an_invalid_session_is_replaced(session: str, browser: httpx.Client) -> None:
    page = browser.get("/", headers={"cookie": f"shop_session-id={session}"})
    assert page.status_code == 200
    assert str(uuid.UUID(page.cookies["shop_session-id"])) == page.cookies["shop_session-id"]


def test_home_shows_every_product_at_its_price(browser: httpx.Client) -> None:
    page = browser.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for id_, (_, units, nanos) in PRICES.items():
        assert f"/product/{id_}" in page.text
        assert f"${units}.{nanos // 10_000_000:02}" in page.text


def test_a_product_has_a_page(browser: httpx.Client) -> None:
    page = browser.get("/product/OLJCESPC7Z")
    assert page.status_code == 200
    assert "Sunglasses" in page.text
    assert "$19.99" in page.text


@pytest.mark.parametrize("path", ["/product/NOSUCHTHING", "/product/%F0%9F%9B%92", "/product/a%00b", "/nothing"])
def test_an_unknown_page_is_a_404_page(path: str, browser: httpx.Client) -> None:
    page = browser.get(path)
    assert page.status_code == 404
    assert "<h1" in page.text


def test_the_cart_of_a_new_visitor_has_a_page(browser: httpx.Client) -> None:
    assert browser.get("/cart").status_code == 200


def test_adding_to_the_cart_redirects_to_the_cart_which_shows_the_item(with_a_cart: httpx.Client, shop: Shop) -> None:
    response = with_a_cart.post("/cart", data={"product_id": "6E92ZMYYFZ", "quantity": "3"})
    assert (response.status_code, response.headers["location"]) == (302, "/cart")
    assert quantities(shop, with_a_cart) == {"6E92ZMYYFZ": 5}
    page = with_a_cart.get("/cart").text
    assert "Mug" in page
    assert "$53.94" in page  # five mugs and shipping


@pytest.mark.parametrize("quantity", ["0", "-1", "11", "", "two", "1.5", "1e1", "99999999999999999999", "٣"])
def test_an_error_names_a_quantity_out_of_range_and_the_cart_is_unchanged(
    quantity: str, with_a_cart: httpx.Client, shop: Shop
) -> None:
    response = with_a_cart.post("/cart", data={"product_id": "6E92ZMYYFZ", "quantity": quantity})
    assert response.status_code == 422
    assert "quantity: " in response.text
    assert quantities(shop, with_a_cart) == {"6E92ZMYYFZ": 2}


def test_an_unknown_product_cannot_be_added_to_the_cart(with_a_cart: httpx.Client, shop: Shop) -> None:
    missing = with_a_cart.post("/cart", data={"quantity": "1"})
    assert missing.status_code == 422
    assert "product_id: " in missing.text
    assert with_a_cart.post("/cart", data={"product_id": "NOSUCHTHING", "quantity": "1"}).status_code == 404
    assert quantities(shop, with_a_cart) == {"6E92ZMYYFZ": 2}


def test_emptying_the_cart_redirects_to_the_home_page(with_a_cart: httpx.Client, shop: Shop) -> None:
    response = with_a_cart.post("/cart/empty")
    assert (response.status_code, response.headers["location"]) == (302, "/")
    assert quantities(shop, with_a_cart) == {}


@pytest.mark.parametrize(
    ("code", "price"), [("JPY", "¥2,235"), ("EUR", "€17.68"), ("GBP", "£15.20"), ("USD", "$19.99")]
)
def test_a_currency_is_remembered_and_prices_are_shown_in_it(code: str, price: str, browser: httpx.Client) -> None:
    response = browser.post("/setCurrency", data={"currency_code": code})
    assert response.status_code == 302
    [cookie] = [c for c in response.headers.get_list("set-cookie") if c.startswith(f"shop_currency={code};")]
    assert {"httponly", "max-age=172800", "samesite=lax"} <= set(cookie.lower().split("; "))
    assert price in browser.get("/product/OLJCESPC7Z").text


@pytest.mark.parametrize("code", ["CAD", "TRY"])
def test_the_other_currencies_are_shown_too(code: str, browser: httpx.Client) -> None:
    assert browser.post("/setCurrency", data={"currency_code": code}).status_code == 302
    assert "$19.99" not in browser.get("/product/OLJCESPC7Z").text


@pytest.mark.parametrize("code", ["", "XXX", "usd", "CHF"])
def test_a_currency_that_is_not_shown_is_refused(code: str, browser: httpx.Client) -> None:
    response = browser.post("/setCurrency", data={"currency_code": code})
    assert response.status_code == 422
    assert "currency_code: " in response.text
    assert "shop_currency" not in browser.cookies


def test_an_order_redirects_to_its_confirmation(with_a_cart: httpx.Client, shop: Shop) -> None:
    response = with_a_cart.post("/cart/checkout", data=ORDER_FORM)
    assert response.status_code == 302
    page = with_a_cart.get(response.headers["location"])
    assert page.status_code == 200
    order_id = shop.database(f"SELECT id FROM orders.orders WHERE user_id = '{user_of(with_a_cart)}'")
    tracking_id = shop.database(f"SELECT tracking_id FROM orders.orders WHERE id = '{order_id}'")
    assert order_id in page.text
    assert tracking_id in page.text
    assert "$26.97" in page.text
    assert quantities(shop, with_a_cart) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "ada"),
        ("email", "ada@example.com\r\nBcc: all@example.com"),
        ("street_address", ""),
        ("street_address", "x" * 513),
        ("zip_code", ""),
        ("zip_code", "-1"),
        ("zip_code", "9" * 17),
        ("city", ""),
        ("city", "x" * 129),
        ("state", "x" * 129),
        ("country", ""),
        ("country", "x" * 129),
        ("credit_card_number", ""),
        ("credit_card_number", "4" * 11),
        ("credit_card_number", "4" * 20),
        ("credit_card_expiration_month", "0"),
        ("credit_card_expiration_month", "13"),
        ("credit_card_expiration_year", ""),
        ("credit_card_expiration_year", "39"),
        ("credit_card_cvv", ""),
        ("credit_card_cvv", "12a"),
    ],
)
def test_a_checkout_field_out_of_range_is_marked_and_no_order_is_placed(
    field: str, value: str, with_a_cart: httpx.Client, shop: Shop
) -> None:
    response = with_a_cart.post("/cart/checkout", data=ORDER_FORM | {field: value})
    assert response.status_code == 422
    assert re.findall(r'id="(\w+)-problem"', response.text) == [field]
    assert quantities(shop, with_a_cart) == {"6E92ZMYYFZ": 2}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"credit_card_number": "4432801561520455"}, "Credit card info is invalid"),
        ({"credit_card_number": "378282246310005"}, "Only VISA or MasterCard is accepted."),
        ({"credit_card_expiration_year": "2021"}, "Your credit card (ending 0454) expired on 1/2021"),
    ],
)
def test_a_refused_card_shows_the_reason_and_keeps_the_form_except_for_the_card(
    changes: dict[str, str], reason: str, with_a_cart: httpx.Client, shop: Shop
) -> None:
    form = ORDER_FORM | changes
    response = with_a_cart.post("/cart/checkout", data=form)
    assert response.status_code == 422
    assert reason in response.text
    assert form["street_address"] in response.text
    assert form["credit_card_number"] not in response.text
    assert quantities(shop, with_a_cart) == {"6E92ZMYYFZ": 2}


def test_an_empty_cart_places_no_order(browser: httpx.Client, shop: Shop) -> None:
    browser.get("/")
    assert browser.post("/cart/checkout", data=ORDER_FORM).status_code == 409
    assert shop.database(f"SELECT count(*) FROM orders.orders WHERE user_id = '{user_of(browser)}'") == "0"


def test_logging_out_ends_the_session(with_a_cart: httpx.Client, shop: Shop) -> None:
    response = with_a_cart.get("/logout")
    assert (response.status_code, response.headers["location"]) == (302, "/")
    assert "shop_session-id" not in with_a_cart.cookies
    assert "shop_currency" not in with_a_cart.cookies


def test_product_meta_is_json(browser: httpx.Client) -> None:
    response = browser.get("/product-meta/6E92ZMYYFZ")
    assert response.headers["content-type"] == "application/json"
    product = response.json()
    assert (product["id"], product["name"]) == ("6E92ZMYYFZ", "Mug")
    assert [entry["id"] for entry in browser.get("/product-meta/6E92ZMYYFZ,OLJCESPC7Z").json()] == [
        "6E92ZMYYFZ",
        "OLJCESPC7Z",
    ]
    assert browser.get("/product-meta/NOSUCHTHING").status_code == 404


def test_the_health_check_succeeds(browser: httpx.Client) -> None:
    response = browser.get("/_healthz")
    assert (response.status_code, response.text) == (200, "ok")


def test_there_is_a_robots_txt(browser: httpx.Client) -> None:
    response = browser.get("/robots.txt")
    assert response.headers["content-type"].startswith("text/plain")
    assert "User-agent: *" in response.text


def test_every_picture_of_the_catalog_is_served(browser: httpx.Client, shop: Shop) -> None:
    for product in shop.call("ListProducts").products:
        response = browser.get(product.picture)
        assert (response.status_code, response.headers["content-type"]) == (200, "image/svg+xml")


@pytest.mark.parametrize("path", ["/static/nothing.css", "/static/../settings.py", "/static/%2e%2e/settings.py"])
def test_a_missing_static_file_is_a_404(path: str, browser: httpx.Client) -> None:
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/cart", "/cart/empty", "/cart/checkout", "/setCurrency"])
def test_a_post_from_another_site_is_refused(path: str, with_a_cart: httpx.Client, shop: Shop) -> None:
    form = ORDER_FORM | {"product_id": "6E92ZMYYFZ", "quantity": "1", "currency_code": "EUR"}
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert with_a_cart.post(path, data=form, headers=headers).status_code == 403
    assert quantities(shop, with_a_cart) == {"6E92ZMYYFZ": 2}


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"product_id=6E92ZMYYFZ&quantity=%C3%28", "application/x-www-form-urlencoded", 400),
        (b"product_id=\xc3\x28", "application/x-www-form-urlencoded", 400),
        (b'{"product_id": "6E92ZMYYFZ", "quantity": 1}', "application/json", 415),
        (b"x=" + b"y" * (1 << 20), "application/x-www-form-urlencoded", 413),
    ],
)
def test_a_body_that_is_not_a_form_is_refused(
    content: bytes, media_type: str, status: int, with_a_cart: httpx.Client, shop: Shop
) -> None:
    response = with_a_cart.post("/cart", content=content, headers={"content-type": media_type})
    assert response.status_code == status
    assert quantities(shop, with_a_cart) == {"6E92ZMYYFZ": 2}


@pytest.mark.parametrize(("method", "path"), [("PUT", "/cart"), ("GET", "/setCurrency"), ("POST", "/")])
def test_a_method_that_a_route_does_not_support_is_refused(method: str, path: str, browser: httpx.Client) -> None:
    assert browser.request(method, path).status_code == 405
