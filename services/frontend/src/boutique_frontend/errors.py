"""Texts of error pages."""

STATUS_TEXTS = {
    400: ("We could not read that", "The request was malformed."),
    403: ("That was not sent from here", "The request came from another site, so it was not carried out."),
    404: ("There is nothing here", "The page or the product that you asked for is not in this shop."),
    405: ("That is not how this page is used", "Please start again from the shop."),
    409: ("That is not possible just now", "Please look at your cart and try again."),
    413: ("That is too much at once", "The form was larger than this shop accepts."),
    415: ("We could not read that", "The request was not a form."),
    422: ("Something in there is not right", "A field is out of range."),
    500: ("Something went wrong on our side", "It has been noted. Your cart is safe."),
    503: ("We will be right back", "Part of the shop does not answer just now. Your cart is safe; please try again."),
}
"""Title and explanation by HTTP status."""
