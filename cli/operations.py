"""An operator's commands, and those of the pipelines: `python -m cli.operations <command> …`."""

# ruff: noqa: PLC0415 - each command loads what it needs alone

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from cli.exit_status import exit_status
from dev.virtual_environment import ROOT

_BUILD = ROOT / "build"


def main(arguments: Sequence[str]) -> int:
    """Answers the exit status: 0; 1 where the command refuses, fails, or finds something left; 3 for drift."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command == "comment" and not given.print and (given.repository is None or given.pull_request is None):
        parser.error("comment: needs --repository and --pull-request, or --print")
    return exit_status(lambda: _run(given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cli.operations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=summary)

    def of_stack(name: str, summary: str) -> argparse.ArgumentParser:
        added = command(name, summary)
        added.add_argument("stack", help="such as `dev`: that of stacks/Pulumi.dev.yaml")
        return added

    of_stack("bootstrap", "Makes, or mends, what the stack's account needs before its first stack.")
    of_stack("images", "Builds and pushes the images that the stack's registry lacks, and writes down what to run.")
    of_stack("orphans", "Lists the orphans of the stack in its account and its zone; exit status 1 if there are any.")
    teardown = of_stack("teardown", "Destroys the stack, then removes what that has left.")
    teardown.add_argument("--yes", action="store_true", help="do not ask for the stack's name")
    cost = of_stack("cost", "Lists what the stack's plan is paid for, at AWS' list prices.")
    cost.add_argument(
        "--plan",
        type=Path,
        help="what `pulumi preview --json --show-sames` printed; build/plan-STACK.json by default",
    )
    drift = of_stack("drift", "Tells what was changed behind Pulumi's back; exit status 3 if anything was.")
    drift.add_argument("--repository", type=_repository, help="on GitHub, owner/name: where an issue tells of it")
    comment = command("comment", "Writes what `make plan` said of the stacks into one comment of a pull request.")
    comment.add_argument("--repository", type=_repository, help="on GitHub, owner/name")
    comment.add_argument("--pull-request", type=int, metavar="NUMBER")
    comment.add_argument("--print", action="store_true", help="to standard output, not to GitHub")
    of = comment.add_mutually_exclusive_group(required=True)
    of.add_argument("stacks", nargs="*", default=[], metavar="STACK")
    of.add_argument("--fork", action="store_true", help="the request comes from a fork, so that there is no preview")
    smoke = command("smoke", "Buys something at each address, with a card of tests.")
    smoke.add_argument("addresses", nargs="+", metavar="ADDRESS", help="such as https://shop.example.com")
    return parser


def _repository(given: str) -> str:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", given):
        raise argparse.ArgumentTypeError(f"{given!r}: must be owner/name")
    return given


def _run(given: argparse.Namespace) -> int:
    match given.command:
        case "cost":
            from cli.cost.report import cost

            cost(given.stack, given.plan or _BUILD / f"plan-{given.stack}.json")
            return 0
        case "comment":
            return _comment(given)
        case "drift":
            return _drift(given)
        case "smoke":
            from cli.smoke.run import smoke

            return smoke(given.addresses)
        case _:
            return _in_account(given)


def _comment(given: argparse.Namespace) -> int:
    from cli.preview.comment import comment, comment_text

    text = comment_text(given.stacks, _BUILD)
    if given.print:
        print(text)
    else:
        comment(given.repository, given.pull_request, text)
    return 0


def _drift(given: argparse.Namespace) -> int:
    from cli.drift import drift
    from cli.lifecycle import difference

    return drift(given.stack, difference, given.repository)


def _in_account(given: argparse.Namespace) -> int:
    from cli.account import open_account

    account = open_account(given.stack)
    match given.command:
        case "bootstrap":
            from cli.bootstrap import bootstrap

            bootstrap(account)
        case "images":
            from cli.images import images

            images(account)
        case "orphans":
            from cli.orphans.report import orphans

            return orphans(account)
        case "teardown":
            from cli.aws_stack import destroy
            from cli.teardown import teardown

            return teardown(account, confirmed=given.yes, destroy=lambda: destroy(given.stack))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
