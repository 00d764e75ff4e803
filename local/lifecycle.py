"""`make up`, `make down` and what lies between: tools, cluster, images, then the Pulumi program."""

import hashlib
import json
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE

import httpx

from local import images as image_build
from local.cluster import Cluster, choose
from local.directories import state_directory
from local.environment import ENVIRONMENT, PYTHON, ROOT
from local.errors import ActionableError
from local.images import Delivery
from local.progress import Progress, duration
from local.session import exclusive
from local.stack import Stack
from local.tools import Toolbox, ensure, official_plugins_unreachable

_TOOLS = ("pulumi", "helm")
_ANSWER_SECONDS = 120


def up(stack: str) -> None:
    """From whatever is there to a shop that answers."""
    started = time.monotonic()
    with exclusive("up"):
        ready = _prepare(stack)
        ready.up()
        address = str(ready.outputs()["address"])
        with Progress() as progress, progress.step(f"Waiting for {address} to answer"):
            _wait_for_answer(address)
    print(f"\nThe shop is open:  {address}    (took {duration(time.monotonic() - started)})")
    print("Next:  make status · make preview · make logs SERVICE=frontend · make down")


def preview(stack: str) -> None:
    with exclusive("preview"):
        _prepare(stack).preview()


def refresh(stack: str) -> None:
    with exclusive("refresh"):
        _prepare(stack).refresh()


def images(_: str) -> None:
    """Builds the images and says what they are called."""
    with exclusive("images"), Progress() as progress:
        delivery = _build_images(progress)
    for name, image in delivery.images.items():
        print(f"{name:15} {image.reference}")


def down(stack: str) -> None:
    """Removes the stack, the cluster where `up` started it, the images, and says that nothing is left."""
    with exclusive("down"):
        if not state_directory().exists():
            print("Nothing runs, and nothing is left.")
            return
        cluster = choose()
        with Progress() as progress:
            toolbox = ensure(_TOOLS, progress)
            removed = _stack(stack, toolbox, state_directory() / "kubeconfig")
            if removed.exists():
                removed = _stack(stack, toolbox, cluster.start(progress))
        removed.destroy()
        with Progress() as progress:
            cluster.stop(progress)
            image_build.remove(progress)
    shutil.rmtree(state_directory())
    print("\nNothing is left: no process, mount, interface, image or state. The tools stay in the cache.")


def _prepare(stack: str) -> Stack:
    """Tools first; then the cluster and the images, which do not need each other; then the images on the cluster.

    Raises ActionableError before anything is touched where the stack or a service is not described as it must be.
    """
    if not (ROOT / "stacks" / f"Pulumi.{stack}.yaml").exists():
        stacks = [path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in ROOT.glob("stacks/Pulumi.*.yaml")]
        raise ActionableError(f"There is no stack {stack!r}: stacks/ has {', '.join(sorted(stacks))}.")
    checked = subprocess.run([PYTHON, "-m", "infra.check", stack], check=False, cwd=ROOT, stderr=PIPE, text=True)
    if checked.returncode != 0:
        raise ActionableError(checked.stderr.strip())
    with Progress() as progress:
        toolbox = ensure(_TOOLS, progress)
        cluster = choose()
        with ThreadPoolExecutor() as pool:
            starting = pool.submit(cluster.start, progress)
            delivery = _build_images(progress)
            kubeconfig = starting.result()
        _remember(kubeconfig)
        _load_images(cluster, kubeconfig, delivery, progress)
    return _stack(stack, toolbox, kubeconfig)


def _stack(name: str, toolbox: Toolbox, kubeconfig: Path) -> Stack:
    return Stack(name, toolbox, kubeconfig, _image_list(), stand_ins=_uses_stand_ins())


def _uses_stand_ins() -> bool:
    """Decided once for as long as the environment lives: both kinds of plugin share its state, but not their habits."""
    decision = state_directory() / "stand-ins"
    if not decision.exists():
        decision.parent.mkdir(parents=True, exist_ok=True)
        decision.write_text(official_plugins_unreachable() or "")
    return bool(decision.read_text())


def _image_list() -> Path:
    return state_directory() / "images.json"


def _build_images(progress: Progress) -> Delivery:
    delivery = image_build.build(ROOT, uv=ENVIRONMENT / "bin" / "uv", progress=progress)
    references = {name: image.reference for name, image in delivery.images.items()}
    _image_list().write_text(json.dumps(references, indent=2))
    return delivery


def _remember(kubeconfig: Path) -> None:
    """Where `make status` and `make logs` find it, whichever cluster it is of."""
    if kubeconfig != (link := state_directory() / "kubeconfig"):
        link.unlink(missing_ok=True)
        link.symlink_to(kubeconfig)


def _load_images(cluster: Cluster, kubeconfig: Path, delivery: Delivery, progress: Progress) -> None:
    """Unless this very cluster, by its credentials, has them already."""
    loaded = state_directory() / "images-loaded"
    wanted = hashlib.sha256(kubeconfig.read_bytes() + delivery.archive.name.encode()).hexdigest()
    if loaded.exists() and loaded.read_text() == wanted:
        return
    with progress.step("Giving the images to the cluster"):
        cluster.load_images(delivery.archive)
    loaded.write_text(wanted)


def _wait_for_answer(address: str) -> None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if httpx.get(address, timeout=10, trust_env=False).is_success:
                return
        time.sleep(0.2)
    raise ActionableError(f"{address} does not answer after {_ANSWER_SECONDS} s: see `make status`, `make logs`.")
