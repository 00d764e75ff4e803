"""Page templates, compiled when the process starts."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from boutique_frontend.assets import Assets
from boutique_frontend.catalog import Product
from boutique_runtime.money import format_price


class Templates:
    def __init__(self, assets: Assets) -> None:
        environment = Environment(
            loader=PackageLoader("boutique_frontend"),
            autoescape=True,
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["price"] = format_price
        environment.globals |= {"asset": assets.url, "picture": assets.picture_url}
        self._templates = {name: environment.get_template(name) for name in environment.list_templates()}

    def render(self, name: str, **context: object) -> str:
        return self._templates[name].render(context)

    def render_grid(self, products: Sequence[Product]) -> Markup:
        return Markup(self.render("product_grid.html", products=products))  # noqa: S704 (the template escapes)
