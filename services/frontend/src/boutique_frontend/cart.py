"""The cart as pages show it: lines, shipping and total, in one currency."""

from collections.abc import Mapping
from dataclasses import dataclass

from boutique_frontend.catalog import PricedCatalog, Product
from boutique_runtime.money import Money


@dataclass(frozen=True, slots=True)
class CartLine:
    """A product in the cart."""

    product: Product
    quantity: int

    @property
    def total(self) -> Money:
        """The price of all pieces."""
        return self.product.price * self.quantity


@dataclass(frozen=True, slots=True)
class Cart:
    """The content of a cart page.

    Args:
        lines: The products in the cart.
        discontinued: The ids of products in the cart that the catalog no longer has.
        shipping: None if the shipping service could not quote it.
        currency: The currency of all amounts.
    """

    lines: tuple[CartLine, ...]
    discontinued: tuple[str, ...]
    shipping: Money | None
    currency: str

    @property
    def count(self) -> int:
        """Number of pieces of all products."""
        return sum(line.quantity for line in self.lines)

    @property
    def subtotal(self) -> Money:
        """The total of all lines, without shipping."""
        return sum((line.total for line in self.lines), Money(self.currency, 0))

    @property
    def total(self) -> Money:
        """The total with shipping, or without if it could not be quoted."""
        return self.subtotal + self.shipping if self.shipping else self.subtotal


def fill_cart(quantities: Mapping[str, int], catalog: PricedCatalog, shipping: Money | None, currency: str) -> Cart:
    """Returns the cart with these quantities by product id. All amounts must be in `currency`."""
    return Cart(
        lines=tuple(CartLine(product, quantities[product.id]) for product in catalog.pick(quantities)),
        discontinued=tuple(product_id for product_id in quantities if product_id not in catalog.by_id),
        shipping=shipping.rounded() if shipping else None,
        currency=currency,
    )
