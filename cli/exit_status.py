"""How a command ends: its own exit status, or words to the person who gave it and 1."""

import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from boutique_definition.validation import ConfigError
from dev.errors import ActionableError

_INTERRUPTED = 130


def exit_status(run: Callable[[], int]) -> int:
    """What `run` answers; 130 where a person interrupted it, 1 where it raised what a person can act on."""
    try:
        return run()
    except (ActionableError, ConfigError) as error:
        print(f"\n{error}", file=sys.stderr)
    except NoCredentialsError:
        print("\nNo credentials of AWS are found: sign in, such as with `aws sso login`.", file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"\nAWS did not do it: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
        return _INTERRUPTED
    return 1
