"""The kind of error that is printed without a stack trace."""


class ActionableError(Exception):
    """An error that a person can act on. Its message says what happened, why, and what to do."""
