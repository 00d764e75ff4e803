"""The one kind of error that is shown to a person as it is."""


class ActionableError(Exception):
    """Something that a person can act on; its message says what, why and what to do, and needs no stack trace."""
