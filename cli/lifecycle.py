"""`make up`, `make down` and what lies between, for the stack `local`; those of AWS go to an account or a rehearsal."""

import time
from pathlib import Path

from cli import aws_stack as account
from cli import preparation, rehearsal
from cli.engine import Backend, Stack
from cli.preparation import check_files, wait_for_answer
from dev.clusters import choose
from dev.command_lock import exclusive
from dev.directories import state_directory
from dev.errors import ActionableError
from dev.progress import Progress, duration
from dev.toolchain import Toolbox
from dev.virtual_environment import ROOT

LOCAL = "local"


def up(stack: str) -> None:
    """From whatever is there to a shop that answers."""
    started = time.monotonic()
    with exclusive("up"):
        check_files(stack)
        if stack != LOCAL:
            addresses = account.up(stack)
        else:
            rehearsal.refuse_beside("make up")
            addresses = _up()
        for address in addresses:
            wait_for_answer(address)
    print(f"\nThe shop is open:  {'  '.join(addresses)}    (took {duration(time.monotonic() - started)})")
    print("Next:  make status · make preview · make logs SERVICE=frontend · make down")


def preview(stack: str) -> None:
    """Of a stack on AWS without an account's credentials: against an emulated one."""
    with exclusive("preview"):
        check_files(stack)
        if stack == LOCAL:
            _prepare().preview("--diff")
        elif account.has_credentials():
            account.preview(stack)
        else:
            rehearsal.preview(stack)


def plan(stack: str) -> None:
    """Writes what `up` would make to a file, for others to read; where that can't be told, why, to another."""
    file = ROOT / "build" / f"plan-{stack}.json"
    failure = file.with_suffix(".failed")
    file.parent.mkdir(exist_ok=True)
    for former in (file, failure):
        former.unlink(missing_ok=True)
    try:
        with exclusive("plan"):
            check_files(stack)
            content = account.plan(stack) if account.has_credentials() else rehearsal.plan(stack)
    except ActionableError as error:
        failure.write_text(str(error))
        raise
    file.write_text(content)
    print(file.relative_to(ROOT))


def difference(stack: str) -> str:
    """The plan that mends what was changed behind Pulumi's back, as JSON."""
    with exclusive("drift"):
        check_files(stack)
        return rehearsal.difference(stack) if rehearsal.stands(stack) else account.difference(stack)


def refresh(stack: str) -> None:
    with exclusive("refresh"):
        check_files(stack)
        if stack == LOCAL:
            _prepare().refresh()
        elif rehearsal.stands(stack):
            rehearsal.refresh(stack)
        else:
            account.refresh(stack)


def rehearse(stack: str) -> None:
    """Runs the program of a stack on AWS on this machine, with no account."""
    with exclusive("rehearse"):
        check_files(stack)
        rehearsal.up(stack)


def images(stack: str) -> None:
    """Builds the images and says what they are called; those of a stack on AWS go to its registry."""
    if stack != LOCAL:
        account.push_images(stack)
        return
    with exclusive("images"), Progress() as progress:
        delivery = preparation.build_images(progress)
    for name, image in delivery.images.items():
        print(f"{name:15} {image.reference}")


def down(stack: str) -> None:
    """Removes the stack, the cluster where `up` started it, the images, and says that nothing is left."""
    with exclusive("down"):
        if stack != LOCAL and not rehearsal.stands(stack):
            account.down(stack)
            return
        if not state_directory().exists():
            print("Nothing runs, and nothing is left.")
            return
        if stack != LOCAL:
            rehearsal.down(stack)
            return
        rehearsal.refuse_beside("make down")
        cluster = choose()
        with Progress() as progress:
            toolbox = preparation.ensure_tools(progress)
            removed = _stack(toolbox, state_directory() / "kubeconfig")
            if removed.exists():
                removed = _stack(toolbox, cluster.start(progress))
        removed.destroy()
        preparation.put_away(cluster)


def _up() -> list[str]:
    ready = _prepare()
    ready.up()
    return ready.addresses()


def _prepare() -> Stack:
    with Progress() as progress:
        machine = preparation.prepare(progress)
    return _stack(machine.toolbox, machine.kubeconfig)


def _stack(toolbox: Toolbox, kubeconfig: Path) -> Stack:
    variables = {"KUBECONFIG": str(kubeconfig), "BOUTIQUE_IMAGES": str(preparation.image_list())}
    return Stack(
        LOCAL, toolbox, preparation.stand_ins(state_directory()), variables, Backend.here(state_directory() / "pulumi")
    )
