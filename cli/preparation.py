"""What every environment on this machine needs: its files checked, the tools, a cluster that has the images."""

import hashlib
import json
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

import httpx

from dev import images as image_build
from dev.clusters import Cluster, choose
from dev.directories import state_directory
from dev.errors import ActionableError
from dev.images import Delivery
from dev.progress import Progress
from dev.toolchain import Toolbox, ensure, official_plugins_unreachable
from dev.virtual_environment import ENVIRONMENT, PYTHON, ROOT

_TOOLS = ("pulumi", "helm")
_ANSWER_SECONDS = 120


@dataclass(frozen=True)
class Machine:
    """This machine when it is ready: the cluster has the images."""

    toolbox: Toolbox
    cluster: Cluster
    kubeconfig: Path
    delivery: Delivery


def check_files(stack: str) -> None:
    """Raises ActionableError where the stack or a service is not described as it must be."""
    if not (ROOT / "stacks" / f"Pulumi.{stack}.yaml").exists():
        stacks = [path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in ROOT.glob("stacks/Pulumi.*.yaml")]
        raise ActionableError(f"There is no stack {stack!r}: stacks/ has {', '.join(sorted(stacks))}.")
    checked = subprocess.run([PYTHON, "-m", "infra.check", stack], check=False, cwd=ROOT, stderr=PIPE, text=True)
    if checked.returncode != 0:
        raise ActionableError(checked.stderr.strip())


def ensure_tools(progress: Progress) -> Toolbox:
    return ensure(_TOOLS, progress)


def prepare(progress: Progress) -> Machine:
    """Prepares the tools, the cluster and the images at the same time, then gives the images to the cluster."""
    cluster = choose()
    with ThreadPoolExecutor() as pool:
        obtaining = pool.submit(ensure_tools, progress)
        starting = pool.submit(cluster.start, progress)
        delivery = build_images(progress)
        kubeconfig = starting.result()
        toolbox = obtaining.result()
    _remember(kubeconfig)
    _load_images(cluster, kubeconfig, delivery, progress)
    return Machine(toolbox, cluster, kubeconfig, delivery)


def build_images(progress: Progress) -> Delivery:
    """Builds the images that are not there, and writes down what they are called for the program to read."""
    delivery = image_build.build(ROOT, uv=ENVIRONMENT / "bin" / "uv", progress=progress)
    references = {name: image.reference for name, image in delivery.images.items()}
    image_list().write_text(json.dumps(references, indent=2))
    return delivery


def image_list() -> Path:
    return state_directory() / "images.json"


def stand_ins(environment: Path) -> list[str]:
    """The provider plugins that stand in for official ones which this machine cannot download.

    Decided once for as long as the environment, which the directory is of, lives: both kinds share its state, but not
    their habits.
    """
    decision = environment / "stand-ins"
    if not decision.exists():
        decision.parent.mkdir(parents=True, exist_ok=True)
        decision.write_text(official_plugins_unreachable() or "")
    return ["kubernetes", "random"] if decision.read_text() else []


def put_away(cluster: Cluster) -> None:
    """Removes the cluster where it was started here, the images, and all state."""
    with Progress() as progress:
        cluster.stop(progress)
        image_build.remove(progress)
    shutil.rmtree(state_directory())
    print("\nNothing is left: no process, mount, interface, image or state. The tools stay in the cache.")


def wait_for_answer(address: str) -> None:
    """Raises ActionableError where the shop does not answer in time."""
    with Progress() as progress, progress.step(f"Waiting for {address} to answer"):
        deadline = time.monotonic() + _ANSWER_SECONDS
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if httpx.get(address, timeout=10, trust_env=False).is_success:
                    return
            time.sleep(0.2)
        raise ActionableError(f"{address} does not answer after {_ANSWER_SECONDS} s: see `make status`, `make logs`.")


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
