"""Every way in. The application and its OpenAPI document are made from this table."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from boutique_api_gateway import cart, checkout, content, operation, payment, product
from boutique_api_gateway.messages import Done

_OF_NEIGHBOURS = (500, 502, 503, 504)
_ANY = (400, 413, 415, *_OF_NEIGHBOURS)
_CHANGE = (*_ANY, 404, 409)
_ORDER = (*_ANY, 409)
_PICTURE = (400, 404, 416, *_OF_NEIGHBOURS)
_OWN = (500,)


@dataclass(frozen=True)
class Route:
    """`answers` is the model of what succeeds as JSON, or the media type of what is not made of a model.

    `refuses` are the statuses of its failures; see `failures.MEANINGS`.
    """

    method: str
    path: str
    handle: Callable[..., Coroutine[Any, Any, Any]]
    answers: Any
    does: str
    refuses: tuple[int, ...] = _ANY
    also: tuple[int, ...] = ()
    """What it may answer beside 200 where nothing is wrong."""


ROUTES = (
    Route("POST", "/api/v1/cart", cart.read, cart.Contents, "What is in the cart"),
    Route("DELETE", "/api/v1/cart", cart.empty, Done, "Empties the cart"),
    Route("PUT", "/api/v1/cart/{product_id}/{quantity}", cart.set_quantity, Done, "Sets a quantity, or 0", _CHANGE),
    Route("DELETE", "/api/v1/cart/{product_id}", cart.remove, Done, "Removes a product"),
    Route("POST", "/api/v1/checkout/quote", checkout.quote, checkout.Quote, "What the cart will cost", _ORDER),
    Route("POST", "/api/v1/checkout/process", checkout.process, checkout.Receipt, "Buys what is in the cart", _ORDER),
    Route("POST", "/api/v1/payment/process", payment.process, Done, "Charges a card"),
    Route("POST", "/api/v1/product/documents", product.documents, list[product.Product], "Products by id, or all"),
    Route("GET", "/api/v1/product/documents", product.documents_by_address, list[product.Product], "The same"),
    Route("POST", "/api/v1/product/search", product.search, product.Found, "Products with a text in them"),
    Route("GET", "/api/v1/product/search", product.search_by_address, product.Found, "The same"),
    Route("POST", "/api/v1/product/suggestions", product.suggestions, product.Found, "Products by part of their name"),
    Route("GET", "/api/v1/product/suggestions", product.suggestions_by_address, product.Found, "The same"),
    Route("GET", "/api/v1/content/{file}", content.picture, "image/*", "A product's picture", _PICTURE, (206, 304)),
    Route("GET", "/healthz", operation.health, operation.Health, "Whether the gateway works", _OWN),
    Route("GET", "/_healthz", operation.health, operation.Health, "The same", _OWN),
    Route("GET", "/metrics", operation.metrics, "text/plain", "Metrics for Prometheus", _OWN),
    Route("GET", "/openapi.json", operation.document, "application/json", "This document", (500, 503)),
)
