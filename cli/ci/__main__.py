"""What CircleCI runs: `python -m cli.ci <command>`."""

# ruff: noqa: PLC0415 - each command loads what it needs alone

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cli.ci.repository import Repository
from cli.exit_status import exit_status
from dev.virtual_environment import ROOT


def main(arguments: Sequence[str]) -> int:
    """Answers the exit status: 0; 1 where the command refuses, fails, or finds something."""
    given = _parser().parse_args(arguments)
    return exit_status(lambda: _run(given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cli.ci", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=summary)

    command("continue", "Finds what a pipeline is to do, writes that to build/continuation.yml, and goes on with it.")
    command("local", "Runs a job here.").add_argument("job", help="such as style or test-services")
    release = command("release", "Notes in a stack's file which images services of other repositories run.")
    release.add_argument("stack")
    release.add_argument("--service", default="", help="the service that gets another image")
    release.add_argument("--image", default="", help="<registry>/<repository>@sha256:<digest>")
    versions = command(
        "versions", "Writes down which images a preview of a stack is about, to build/images-STACK.json."
    )
    versions.add_argument("stack")
    versions.add_argument("--running", action="store_true", help="those that run, whatever this revision's would be")
    command("addresses", "Prints where a stack's shop is reached.").add_argument("stack")
    command("expire", "Takes a stack down if it has expired.").add_argument("stack")
    command("vulnerabilities", "Has Trivy look through images.").add_argument("services", nargs="+", metavar="service")
    return parser


def _run(given: argparse.Namespace) -> int:
    commands: dict[str, Callable[[], int]] = {
        "continue": _continue,
        "local": lambda: _local(given.job),
        "versions": lambda: _versions(given.stack, running=given.running),
        "release": lambda: _release(given.stack, given.service, given.image),
        "addresses": lambda: _addresses(given.stack),
        "expire": lambda: _expire(given.stack),
        "vulnerabilities": lambda: _vulnerabilities(given.services),
    }
    return commands[given.command]()


def _local(job: str) -> int:
    from cli.ci import on_one_machine

    return on_one_machine.run(job, on_one_machine.all_jobs(Repository.read(ROOT)), ROOT)


def _addresses(stack: str) -> int:
    from cli.ci.addresses import addresses
    from infra.config.settings import check_settings, read_settings

    print(*addresses(check_settings(stack, read_settings(stack))))
    return 0


def _vulnerabilities(services: Sequence[str]) -> int:
    from cli.ci.vulnerabilities import vulnerabilities

    return vulnerabilities(services)


def _continue() -> int:
    from cli.ci.circleci import go_on
    from cli.ci.occasion import Occasion, continuation

    text = continuation(Repository.read(ROOT), Occasion.read(os.environ)).text()
    file = ROOT / "build" / "continuation.yml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    print(text)
    go_on(text, os.environ)
    return 0


def _release(stack: str, service: str, image: str) -> int:
    from cli.ci.release import release
    from cli.stacks.account import AccountTarget

    repository = Repository.read(ROOT)
    file = Path(ROOT / "stacks" / f"Pulumi.{stack}.yaml")
    for name, reference in release(repository, file, {service: image}, AccountTarget(stack).versions()).items():
        print(f"{name:15} {reference}")
    return 0


def _versions(stack: str, *, running: bool) -> int:
    from cli.account import open_account
    from cli.ci.versions import would_run
    from cli.stacks.account import AccountTarget, has_credentials
    from dev import images
    from dev.progress import Progress

    if not has_credentials():
        print("No credentials of AWS are found: a preview of an emulated account finds its images by itself.")
        return 0
    found = AccountTarget(stack).versions()
    if not running:
        with Progress() as progress:
            found = would_run(open_account(stack), images.tags(ROOT, progress), found)
    file = ROOT / "build" / f"images-{stack}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(found, indent=2))
    print(f"{file.relative_to(ROOT)}: {len(found)} images")
    return 0


def _expire(stack: str) -> int:
    from cli.account import open_account
    from cli.ci.expiry import expire
    from cli.stacks.account import AccountTarget

    account = open_account(stack)
    return expire(
        account,
        datetime.now(UTC).date(),
        lambda: AccountTarget(stack).down(confirmed=True),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
