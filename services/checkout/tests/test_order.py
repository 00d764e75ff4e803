"""The price of an order, and its fingerprint."""

from hypothesis import given
from hypothesis import strategies as st

from boutique_checkout.order import draft_order, fingerprint
from boutique_runtime.money import Money
from hipstershop import shop_pb2

quantities = st.integers(min_value=1, max_value=99)
nanos = st.integers(min_value=0, max_value=10**15)


@given(
    currency_code=st.sampled_from(["USD", "JPY", "KWD"]),
    lines=st.lists(st.tuples(quantities, nanos), min_size=1, max_size=20),
    shipping=nanos,
)
def test_a_total_is_the_sum_of_lines_and_shipping_each_in_whole_coins(
    currency_code: str, lines: list[tuple[int, int]], shipping: int
) -> None:
    order = draft_order(
        shop_pb2.PlaceOrderRequest(),
        "k",
        [shop_pb2.CartItem(product_id="6E92ZMYYFZ", quantity=quantity) for quantity, _ in lines],
        [Money(currency_code, price) for _, price in lines],
        Money(currency_code, shipping),
    )
    shown = [order.shipping_cost, *(line.price for line in order.lines for _ in range(line.quantity))]
    assert all(amount == amount.rounded() for amount in shown)
    assert order.total.total_nanos == sum(amount.total_nanos for amount in shown)


def test_the_fingerprint_of_a_request_without_added_fields_never_changes() -> None:
    request = shop_pb2.PlaceOrderRequest(
        user_id="ada",
        user_currency="EUR",
        email="ada@example.com",
        address=shop_pb2.Address(
            street_address="12 Analytical Row", city="London", country="United Kingdom", zip_code=12345
        ),
    )
    assert fingerprint(request).hex() == "30069b574de8f01b10cf42513da0b641d45f8ceea71490ac084035616d6440e2"


@given(number=st.text(alphabet="0123456789", max_size=19), cvv=st.integers(min_value=0, max_value=9999))
def test_a_fingerprint_does_not_depend_on_the_card(number: str, cvv: int) -> None:
    card = shop_pb2.CreditCardInfo(credit_card_number=number, credit_card_cvv=cvv)
    request = shop_pb2.PlaceOrderRequest(user_id="ada", credit_card=card)
    assert fingerprint(request) == fingerprint(shop_pb2.PlaceOrderRequest(user_id="ada"))
    assert request.credit_card == card
