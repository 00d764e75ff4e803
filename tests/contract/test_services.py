"""Tests the services behind an order, each by itself."""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from tests.contract.conftest import Shop
from tests.contract.contract import PRICES
from tests.contract.requests import ADDRESS, CARD, ITEM, VALID, new_user, valid, with_field

INVALID = grpc.StatusCode.INVALID_ARGUMENT


def add(shop: Shop, user: str, product_id: str, quantity: int) -> None:
    shop.call("AddItem", {"user_id": user, "item": {"product_id": product_id, "quantity": quantity}})


def cart(shop: Shop, user: str) -> dict[str, int]:
    response = shop.call("GetCart", {"user_id": user})
    assert response.user_id == user
    return {item.product_id: item.quantity for item in response.items}


def test_adding_an_item_again_increases_its_quantity(shop: Shop) -> None:
    user = new_user()
    add(shop, user, "OLJCESPC7Z", 2)
    add(shop, user, "OLJCESPC7Z", 3)
    add(shop, user, "6E92ZMYYFZ", 1)
    assert cart(shop, user) == {"OLJCESPC7Z": 5, "6E92ZMYYFZ": 1}


def test_an_unknown_shopper_has_an_empty_cart(shop: Shop) -> None:
    assert cart(shop, new_user()) == {}


def test_emptying_a_cart_leaves_other_carts_alone(shop: Shop) -> None:
    one, other = new_user(), new_user()
    add(shop, one, "OLJCESPC7Z", 1)
    add(shop, other, "OLJCESPC7Z", 1)
    shop.call("EmptyCart", {"user_id": one})
    assert (cart(shop, one), cart(shop, other)) == ({}, {"OLJCESPC7Z": 1})


def test_the_catalog_has_the_products_and_prices_of_the_original_and_more(shop: Shop) -> None:
    products = {product.id: product for product in shop.call("ListProducts").products}
    for id_, (name, units, nanos) in PRICES.items():
        price = products[id_].price_usd
        assert (products[id_].name, price.currency_code, price.units, price.nanos) == (name, "USD", units, nanos)
        assert products[id_].description
        assert products[id_].picture.startswith("/static/img/products/")
        assert products[id_].categories
    assert len(products) > len(PRICES)


def test_a_product_is_found_by_its_id(shop: Shop) -> None:
    listed = {product.id: product for product in shop.call("ListProducts").products}
    assert shop.call("GetProduct", {"id": "6E92ZMYYFZ"}) == listed["6E92ZMYYFZ"]


@pytest.mark.parametrize("product_id", ["NOSUCHTHING", "6e92zmyyfz", ""])
def test_an_error_names_the_product_that_is_unknown(product_id: str, shop: Shop) -> None:
    code, message = shop.call.refusal("GetProduct", {"id": product_id})
    assert code is grpc.StatusCode.NOT_FOUND
    assert product_id in message


def test_search_ignores_case_and_looks_in_names_and_descriptions(shop: Shop) -> None:
    products = shop.call("ListProducts").products
    word_of_a_description = products[0].description.split()[2].upper()
    for query in ("mUG", "holder", word_of_a_description, "%", "_"):
        wanted = {p.id for p in products if query.lower() in p.name.lower() or query.lower() in p.description.lower()}
        assert {p.id for p in shop.call("SearchProducts", {"query": query}).results} == wanted


def test_an_empty_query_finds_everything(shop: Shop) -> None:
    assert len(shop.call("SearchProducts", {"query": ""}).results) == len(shop.call("ListProducts").products)


def convert(shop: Shop, code: str, units: int, nanos: int, to_code: str) -> Any:
    return shop.call("Convert", {"from": {"currency_code": code, "units": units, "nanos": nanos}, "to_code": to_code})


@pytest.mark.parametrize(
    ("units", "nanos", "to_code", "result"),
    [
        (19, 990_000_000, "EUR", (17, 682441398)),
        (19, 990_000_000, "JPY", (2235, 60592707)),
        (19, 990_000_000, "GBP", (15, 201594869)),
        (8, 990_000_000, "CAD", (12, 30138876)),
        (-19, -990_000_000, "EUR", (-17, -682441398)),
        (0, 0, "JPY", (0, 0)),
        (19, 990_000_000, "USD", (19, 990_000_000)),
    ],
)
def test_dollars_are_converted_exactly_to_the_nano(
    shop: Shop, units: int, nanos: int, to_code: str, result: tuple[int, int]
) -> None:
    converted = convert(shop, "USD", units, nanos, to_code)
    assert (converted.currency_code, converted.units, converted.nanos) == (to_code, *result)


def test_an_amount_that_would_overflow_is_refused(shop: Shop) -> None:
    code, message = shop.call.refusal("Convert", with_field("Convert", "from.units", 2**63 - 1) | {"to_code": "JPY"})
    assert code is INVALID
    assert message.startswith("from.units: ")


def test_every_supported_currency_can_be_converted(shop: Shop) -> None:
    codes = shop.call("GetSupportedCurrencies").currency_codes
    assert {"USD", "EUR", "CAD", "JPY", "GBP", "TRY"} <= set(codes)
    for code in codes:
        assert convert(shop, "USD", 1000, 0, code).units > 0


def test_a_charge_returns_a_uuid(shop: Shop) -> None:
    transaction_id = shop.call("Charge", VALID["Charge"]).transaction_id
    assert str(uuid.UUID(transaction_id)) == transaction_id.lower()


@pytest.mark.parametrize(
    "number",
    [
        "4432801561520454",
        "4432 8015 6152 0454",
        "4242-4242-4242-4242",
        "5555555555554444",
        "5105105105105100",
        "2223003122003222",
    ],
)
def test_visa_and_mastercard_are_accepted(number: str, shop: Shop) -> None:
    assert shop.call("Charge", with_field("Charge", "credit_card.credit_card_number", number)).transaction_id


def test_a_card_is_valid_until_the_end_of_its_month(shop: Shop) -> None:
    today = datetime.now(UTC).date()
    this_month = {"credit_card_expiration_year": today.year, "credit_card_expiration_month": today.month}
    assert shop.call("Charge", valid("Charge", credit_card=CARD | this_month)).transaction_id


@pytest.mark.parametrize("number", ["", "4432801561520455", "1234", "visa", "44328015615204540000", "4222222222222"])
def test_an_invalid_card_number_is_refused_with_the_message_of_the_contract(number: str, shop: Shop) -> None:
    refusal = shop.call.refusal("Charge", with_field("Charge", "credit_card.credit_card_number", number))
    assert refusal == (INVALID, "Credit card info is invalid")


def test_another_card_company_is_refused_with_the_message_of_the_contract(shop: Shop) -> None:
    code, message = shop.call.refusal(
        "Charge", with_field("Charge", "credit_card.credit_card_number", "378282246310005")
    )
    assert code is INVALID
    assert re.fullmatch(
        r"Sorry, we cannot process [\w ]+ credit cards\. Only VISA or MasterCard is accepted\.", message
    )


def test_an_expired_card_is_refused_with_the_message_of_the_contract(shop: Shop) -> None:
    refusal = shop.call.refusal("Charge", with_field("Charge", "credit_card.credit_card_expiration_year", 2021))
    assert refusal == (INVALID, "Your credit card (ending 0454) expired on 1/2021")


def test_shipping_is_a_flat_rate_and_free_without_items(shop: Shop) -> None:
    for items, cost in (([], (0, 0)), ([ITEM], (8, 990_000_000)), ([ITEM] * 3, (8, 990_000_000))):
        quote = shop.call("GetQuote", {"address": ADDRESS, "items": items}).cost_usd
        assert (quote.currency_code, quote.units, quote.nanos) == ("USD", *cost)


def test_a_quote_needs_no_address(shop: Shop) -> None:
    assert shop.call("GetQuote", {"items": [ITEM]}).cost_usd.units == 8


def test_a_tracking_id_is_two_letters_and_two_numbers_and_unique(shop: Shop) -> None:
    ids = {shop.call("ShipOrder", VALID["ShipOrder"]).tracking_id for _ in range(5)}
    assert all(re.fullmatch(r"[A-Z]{2}-[0-9]+-[0-9]+", id_) for id_ in ids)
    assert len(ids) == 5


def test_a_confirmation_is_accepted(shop: Shop) -> None:
    assert not shop.call("SendOrderConfirmation", VALID["SendOrderConfirmation"]).ListFields()


def test_recommendations_are_at_most_five_other_products(shop: Shop) -> None:
    everything = [product.id for product in shop.call("ListProducts").products]
    recommended = shop.call("ListRecommendations", {"user_id": "ada", "product_ids": everything[:2]}).product_ids
    assert len(set(recommended)) == len(recommended) == 5
    assert set(recommended) <= set(everything[2:])
    few = shop.call("ListRecommendations", {"user_id": "ada", "product_ids": everything[2:]}).product_ids
    assert set(few) == set(everything[:2])
    assert not shop.call("ListRecommendations", {"user_id": "ada", "product_ids": everything}).product_ids
    assert len(shop.call("ListRecommendations", {}).product_ids) == 5


@pytest.mark.parametrize("category", ["clothing", "accessories", "footwear", "hair", "decor", "kitchen"])
def test_ads_link_to_a_product_of_the_category(category: str, shop: Shop) -> None:
    products = {product.id: product for product in shop.call("ListProducts").products}
    ads = shop.call("GetAds", {"context_keys": [category]}).ads
    assert ads
    for ad in ads:
        assert ad.text
        assert category in products[ad.redirect_url.removeprefix("/product/")].categories


@pytest.mark.parametrize("keys", [[], ["nothing-of-ours"], [""]])
def test_without_a_category_there_are_two_ads(keys: list[str], shop: Shop) -> None:
    assert len(shop.call("GetAds", {"context_keys": keys}).ads) == 2
