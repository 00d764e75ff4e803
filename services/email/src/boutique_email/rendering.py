"""Renders a confirmation as HTML and as text."""

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from boutique_email.confirmation import Confirmation
from boutique_runtime.money import format_price


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail to a shopper about an order."""

    order_id: str
    recipient: str
    subject: str
    text: str
    html: str

    @property
    def size(self) -> int:
        """Returns the bytes of both bodies, before they are encoded for transport."""
        return len(self.text.encode()) + len(self.html.encode())


class Renderer:
    """Renders by templates, which it compiles once."""

    def __init__(self) -> None:
        environment = Environment(
            loader=PackageLoader("boutique_email"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["price"] = format_price
        self._text = environment.get_template("confirmation.txt")
        self._html = environment.get_template("confirmation.html")

    def render(self, confirmation: Confirmation, product_names: Mapping[str, str]) -> Mail:
        """Returns the mail. A product without a name is shown by its id."""
        content = {"order": confirmation, "names": product_names}
        return Mail(
            order_id=confirmation.order_id,
            recipient=confirmation.email,
            subject=f"Your order {confirmation.order_id}",
            text=self._text.render(content),
            html=self._html.render(content),
        )
