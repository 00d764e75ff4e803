"""The HTTP statuses under which the gRPC statuses of the services reach clients: one table for each kind of client.

Both storefronts use the same services, but their contracts differ.
"""

import grpc

_PAGE_STATUSES = {
    grpc.StatusCode.INVALID_ARGUMENT: 422,  # the contract's status for a field that is out of range
    grpc.StatusCode.NOT_FOUND: 404,
    # Pages handle the errors that they can explain, such as an empty cart. The rest can only be tried again later:
    # Online Boutique's cart service returns FAILED_PRECONDITION if its store fails.
    grpc.StatusCode.ABORTED: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 503,
    grpc.StatusCode.FAILED_PRECONDITION: 503,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 503,
    grpc.StatusCode.UNAVAILABLE: 503,
}

_API_STATUSES = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,  # the contract's status for a bad request
    grpc.StatusCode.NOT_FOUND: 404,
    # A program must be able to tell what it can resolve, such as an empty cart or a changed total, from an outage.
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 503,
    # The contract's statuses for a service behind the gateway that does not respond.
    grpc.StatusCode.UNAVAILABLE: 502,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}


def page_status(code: grpc.StatusCode) -> int:
    """Returns the status of a page for people in a browser."""
    return _PAGE_STATUSES.get(code, 500)


def api_status(code: grpc.StatusCode) -> int:
    """Returns the status of a JSON response for programs."""
    return _API_STATUSES.get(code, 500)
