"""Turns the result of a command into an exit status, and its error into a message."""

import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from boutique_definition.validation import ConfigError
from dev.errors import ActionableError

_INTERRUPTED = 130


def exit_status(run: Callable[[], int]) -> int:
    """Runs a command and returns its exit status: 130 if it was interrupted, 1 for an error that the user can fix."""
    try:
        return run()
    except (ActionableError, ConfigError) as error:
        print(f"\n{error}", file=sys.stderr)
    except NoCredentialsError:
        print("\nFound no AWS credentials. Sign in, for example with `aws sso login`.", file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"\nAWS rejected the request: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command again to continue.", file=sys.stderr)
        return _INTERRUPTED
    return 1
