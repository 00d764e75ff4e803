"""An operator's commands for the stacks on AWS: `python -m ops <command> STACK`."""

# ruff: noqa: PLC0415 - each command loads what it needs alone

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from boutique_definition.validation import MistakeError
from local.environment import ROOT
from local.errors import ActionableError

_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Answers the exit status: 0; 1 where the command refuses, fails, or finds something left."""
    given = _parser().parse_args(arguments)
    try:
        return _run(given)
    except (ActionableError, MistakeError) as error:
        print(f"\n{error}", file=sys.stderr)
    except NoCredentialsError:
        print("\nNo credentials of AWS are found: sign in, such as with `aws sso login`.", file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"\nAWS did not do it: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
        return _INTERRUPTED
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.add_argument("stack", help="such as `dev`: that of stacks/Pulumi.dev.yaml")
        return added

    command("bootstrap", "Makes, or mends, what the stack's account needs before its first stack.")
    command("images", "Builds and pushes the images that the stack's registry lacks, and writes down what to run.")
    command("leftovers", "Lists what stands of the stack in its account and its zone; exit status 1 if anything does.")
    teardown = command("teardown", "Destroys the stack, then removes what that has left.")
    teardown.add_argument("--yes", action="store_true", help="do not ask for the stack's name")
    cost = command("cost", "Lists what the stack's plan is paid for, at AWS' list prices.")
    cost.add_argument(
        "--plan",
        type=Path,
        help="what `pulumi preview --json --show-sames` printed; build/plan-STACK.json by default",
    )
    return parser


def _run(given: argparse.Namespace) -> int:
    if given.command == "cost":
        from ops.cost.report import cost

        cost(given.stack, given.plan or ROOT / "build" / f"plan-{given.stack}.json")
        return 0
    from ops.account import open_account

    account = open_account(given.stack)
    match given.command:
        case "bootstrap":
            from ops.bootstrap import bootstrap

            bootstrap(account)
        case "images":
            from ops.images import images

            images(account)
        case "leftovers":
            from ops.leftovers.report import leftovers

            return leftovers(account)
        case "teardown":
            from local.account import destroy
            from ops.teardown import teardown

            return teardown(account, confirmed=given.yes, destroy=lambda: destroy(given.stack))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
