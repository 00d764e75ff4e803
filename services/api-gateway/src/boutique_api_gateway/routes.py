"""The table of routes. The application and its OpenAPI document are generated from it.

The API is an external contract, written for clients that exist. It departs from common practice where they rely on it:

- A cart is read by POST, since its session is in the body.
- GET on /product/... accepts a body, which takes precedence over the query string.
- Errors have status 400 and a `reason`, not FastAPI's 422.
- Both /healthz and /_healthz report health.

FastAPI validates requests and describes models; this table and openapi.py replace its decorators and its document.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from boutique_api_gateway import cart, checkout, content, operation, payment, product
from boutique_api_gateway.messages import Acknowledgement

_BACKEND_FAILURES = (500, 502, 503, 504)
_ANY_FAILURE = (400, 413, 415, *_BACKEND_FAILURES)
_CHANGE = (*_ANY_FAILURE, 404, 409)
_ORDER = (*_ANY_FAILURE, 409)
_PICTURE = (400, 404, 416, *_BACKEND_FAILURES)
_INTERNAL_FAILURE = (500,)


@dataclass(frozen=True)
class Route:
    """A method and path, and what its response may be.

    Args:
        response: model of the JSON of a success, or media type of other content.
        failures: statuses of failures; see `failures.REASONS`.
        other_statuses: statuses of successes other than 200.
    """

    method: str
    path: str
    handle: Callable[..., Coroutine[Any, Any, Any]]
    response: Any
    summary: str
    failures: tuple[int, ...] = _ANY_FAILURE
    other_statuses: tuple[int, ...] = ()


ROUTES = (
    Route("POST", "/api/v1/cart", cart.read, cart.Contents, "Returns the cart"),
    Route("DELETE", "/api/v1/cart", cart.empty, Acknowledgement, "Empties the cart"),
    Route(
        "PUT",
        "/api/v1/cart/{product_id}/{quantity}",
        cart.set_quantity,
        Acknowledgement,
        "Sets a quantity; 0 removes the product",
        _CHANGE,
    ),
    Route("DELETE", "/api/v1/cart/{product_id}", cart.remove, Acknowledgement, "Removes a product"),
    Route(
        "POST", "/api/v1/checkout/quote", checkout.quote, checkout.Quote, "Quotes the cart's total and shipping", _ORDER
    ),
    Route("POST", "/api/v1/checkout/process", checkout.process, checkout.Receipt, "Orders the cart", _ORDER),
    Route("POST", "/api/v1/payment/process", payment.process, Acknowledgement, "Charges a card"),
    Route(
        "POST", "/api/v1/product/documents", product.documents, list[product.Product], "Products by id, or all products"
    ),
    Route("GET", "/api/v1/product/documents", product.documents_from_query, list[product.Product], "The same"),
    Route("POST", "/api/v1/product/search", product.search, product.SearchResults, "Products that contain a text"),
    Route("GET", "/api/v1/product/search", product.search_from_query, product.SearchResults, "The same"),
    Route(
        "POST",
        "/api/v1/product/suggestions",
        product.suggestions,
        product.SearchResults,
        "Products whose name contains a text",
    ),
    Route("GET", "/api/v1/product/suggestions", product.suggestions_from_query, product.SearchResults, "The same"),
    Route("GET", "/api/v1/content/{file}", content.picture, "image/*", "A product's picture", _PICTURE, (206, 304)),
    Route("GET", "/healthz", operation.health, operation.Health, "Health of the gateway", _INTERNAL_FAILURE),
    Route("GET", "/_healthz", operation.health, operation.Health, "The same", _INTERNAL_FAILURE),
    Route("GET", "/metrics", operation.metrics, "text/plain", "Metrics for Prometheus", _INTERNAL_FAILURE),
    Route("GET", "/openapi.json", operation.document, "application/json", "This document", (500, 503)),
)
