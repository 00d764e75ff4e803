"""A cart as it is shown: lines, shipping and total, in one currency."""

from collections.abc import Mapping
from dataclasses import dataclass

from boutique_frontend.catalog import Product, Shelf
from boutique_runtime.money import Money


@dataclass(frozen=True, slots=True)
class CartLine:
    product: Product
    quantity: int

    @property
    def total(self) -> Money:
        return self.product.price * self.quantity


@dataclass(frozen=True, slots=True)
class Cart:
    """`shipping` is None where it could not be told. `withdrawn` are products that the catalog has no more."""

    lines: tuple[CartLine, ...]
    withdrawn: tuple[str, ...]
    shipping: Money | None
    currency: str

    @property
    def count(self) -> int:
        """Pieces, of all products."""
        return sum(line.quantity for line in self.lines)

    @property
    def subtotal(self) -> Money:
        return sum((line.total for line in self.lines), Money(self.currency, 0))

    @property
    def total(self) -> Money:
        return self.subtotal + self.shipping if self.shipping else self.subtotal


def fill_cart(quantities: Mapping[str, int], shelf: Shelf, shipping: Money | None, currency: str) -> Cart:
    return Cart(
        lines=tuple(CartLine(product, quantities[product.id]) for product in shelf.pick(quantities)),
        withdrawn=tuple(product_id for product_id in quantities if product_id not in shelf.by_id),
        shipping=shipping.rounded() if shipping else None,
        currency=currency,
    )
