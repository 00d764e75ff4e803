"""Messages for errors that a person can act on. Any other error is a defect and keeps its stack trace."""

from boutique_definition.validation import ConfigError
from dev.errors import ActionableError


def message_of(error: Exception) -> str | None:
    """Returns the message for the person who ran the command, or None if the error is a defect."""
    if isinstance(error, (ActionableError, ConfigError)):
        return str(error)
    # Loading botocore takes longer than most commands that fail.
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    if isinstance(error, NoCredentialsError):
        return "Found no AWS credentials. Sign in, for example with `aws sso login`."
    if isinstance(error, (BotoCoreError, ClientError)):
        return f"AWS rejected the request: {error}"
    return None
