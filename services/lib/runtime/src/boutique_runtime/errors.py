"""The errors that a service reports to its callers. Domain logic raises them; the server turns them into statuses."""

from typing import Protocol, TypeVar

import grpc

_Value_contra = TypeVar("_Value_contra", contravariant=True)


class ServiceError(Exception):
    """An error whose message is sent to the caller, so it must contain nothing secret."""

    code = grpc.StatusCode.INTERNAL
    """The gRPC status that it is sent as."""


class InvalidFieldError(ServiceError):
    """A field of the request is out of range. The message names the field and says what is allowed."""

    code = grpc.StatusCode.INVALID_ARGUMENT

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class InvalidRequestError(ServiceError):
    """The request as a whole is refused, with a message that the contract specifies."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class NotFoundError(ServiceError):
    """The request refers to something that does not exist. The message has its id."""

    code = grpc.StatusCode.NOT_FOUND


class FailedPreconditionError(ServiceError):
    """The request is valid, but the current state does not allow it."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class AbortedError(ServiceError):
    """Something has changed since the caller read it. The caller should read it again before repeating the request."""

    code = grpc.StatusCode.ABORTED


class UnavailableError(ServiceError):
    """A backend of the service does not respond. The same call may succeed later."""

    code = grpc.StatusCode.UNAVAILABLE


class Rule(Protocol[_Value_contra]):
    """A rule of boutique_contract.limits."""

    def problem(self, value: _Value_contra, /) -> str | None:
        """Returns what is allowed if the value breaks the rule, else None."""


def check_field(field: str, value: _Value_contra, rule: Rule[_Value_contra]) -> None:
    """Raises InvalidFieldError if the value breaks the rule."""
    if problem := rule.problem(value):
        raise InvalidFieldError(field, problem)
