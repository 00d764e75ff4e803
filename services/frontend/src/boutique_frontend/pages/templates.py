"""Page templates, compiled when the process starts."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from boutique_frontend.assets import Assets
from boutique_frontend.catalog import Product
from boutique_runtime.money import format_price


class Templates:
    """All templates of this package."""

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
        """Returns the HTML of a template. Raises UndefinedError for a variable missing in the context."""
        return self._templates[name].render(context)

    def render_grid(self, products: Sequence[Product]) -> Markup:
        """Returns the HTML of a grid of products, which other templates include unescaped."""
        return Markup(self.render("product_grid.html", products=products))  # noqa: S704 (the template escapes)
