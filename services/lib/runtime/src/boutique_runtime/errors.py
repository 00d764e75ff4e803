"""What a service answers when it can't do as asked. Domain logic raises these; the server turns them into statuses."""

import grpc


class ServiceError(Exception):
    """A refusal that the caller may read.

    `code` is the gRPC status that it travels as; the message must hold nothing that is secret.
    """

    code = grpc.StatusCode.INTERNAL


class InvalidFieldError(ServiceError):
    """A field of the request is out of range: says which field, and what is allowed."""

    code = grpc.StatusCode.INVALID_ARGUMENT

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class InvalidRequestError(ServiceError):
    """The request as a whole is refused, in words that the contract fixes."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class NotFoundError(ServiceError):
    """There is no such thing; the message names its id."""

    code = grpc.StatusCode.NOT_FOUND


class FailedPreconditionError(ServiceError):
    """The request is sound, but the state of things does not allow it."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class AbortedError(ServiceError):
    """Something has changed since the caller looked; it should look again before it repeats the request."""

    code = grpc.StatusCode.ABORTED


class UnavailableError(ServiceError):
    """Something that the service needs does not answer; the same call may succeed later."""

    code = grpc.StatusCode.UNAVAILABLE
