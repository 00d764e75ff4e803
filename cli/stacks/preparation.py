"""Prepares this machine to run the shop: the tools, a cluster, and the images on it."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from dev import images as image_build
from dev.clusters import Cluster, choose
from dev.directories import state_directory
from dev.emulation import plugin_source
from dev.errors import ActionableError
from dev.images import Delivery
from dev.progress import Progress
from dev.rollout import explain_unready_pods
from dev.toolchain import Toolbox, ensure, ensure_kubernetes_plugin, official_plugins_unreachable
from dev.virtual_environment import ENVIRONMENT, ROOT

_RESPONSE_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Machine:
    """This machine when it is ready: the cluster runs and has the images."""

    toolbox: Toolbox
    cluster: Cluster
    kubeconfig: Path
    delivery: Delivery


def ensure_tools(progress: Progress) -> Toolbox:
    """Makes Pulumi ready, with the Kubernetes plugin if Pulumi cannot download it."""
    with progress.threads() as pool:
        installing = pool.submit(ensure_kubernetes_plugin, progress)
        toolbox = ensure(["pulumi"], progress)
        installing.result()
    return toolbox


def prepare(progress: Progress) -> Machine:
    """Prepares the tools, the cluster, and the images at the same time, then gives the images to the cluster."""
    cluster = choose()
    with progress.threads() as pool:
        obtaining = pool.submit(ensure_tools, progress)
        starting = pool.submit(cluster.start, progress)
        delivery = build_images(progress)
        kubeconfig = starting.result()
        toolbox = obtaining.result()
    _link_kubeconfig(kubeconfig)
    _load_images(cluster, kubeconfig, delivery, progress)
    return Machine(toolbox, cluster, kubeconfig, delivery)


def build_images(progress: Progress) -> Delivery:
    """Builds the images that are missing, and writes their references to the file that the program reads."""
    delivery = image_build.build(ROOT, uv=ENVIRONMENT / "bin" / "uv", progress=progress)
    references = {name: image.reference for name, image in delivery.images.items()}
    image_list().write_text(json.dumps(references, indent=2))
    return delivery


def image_list() -> Path:
    """Returns the file that names the image of each service."""
    return state_directory() / "images.json"


def emulated_plugins(directory: Path) -> list[Path]:
    """Returns the folders of emulated plugins to use instead of official ones that this machine cannot download.

    The decision holds for as long as the stack whose files the directory keeps exists: both kinds of plugins share its
    state, but they do not behave exactly alike.
    """
    decision = directory / "emulated-plugins"
    if not decision.exists():
        decision.parent.mkdir(parents=True, exist_ok=True)
        decision.write_text(official_plugins_unreachable() or "")
    return [plugin_source().directory("random")] if decision.read_text() else []


@contextmanager
def explained_rollout(kubeconfig: Path, namespace: str) -> Iterator[None]:
    """If the block fails, prints why pods are not ready, with their last log lines, and raises the error again."""
    try:
        yield
    except ActionableError:
        if explanation := explain_unready_pods(kubeconfig, namespace):
            print(f"\nThese pods are not ready:\n{explanation}")
        raise


def clean_up(cluster: Cluster) -> None:
    """Removes the cluster if it was started here, the images, and all state."""
    with Progress() as progress:
        cluster.stop(progress)
        image_build.remove(progress)
    shutil.rmtree(state_directory())
    print("\nNothing is left: no process, mount, interface, image, or state. The tools stay in the cache.")


def wait_for_response(address: str) -> None:
    """Waits until the shop responds. Raises ActionableError if it does not respond in time."""
    with Progress() as progress, progress.step(f"Waiting for {address} to respond"):
        deadline = time.monotonic() + _RESPONSE_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if httpx.get(address, timeout=10, trust_env=False).is_success:
                    return
            time.sleep(0.2)
        raise ActionableError(f"{address} does not respond after {_RESPONSE_TIMEOUT_SECONDS} s. See `boutique status`.")


def _link_kubeconfig(kubeconfig: Path) -> None:
    """Puts the kubeconfig where `boutique status` and `boutique logs` find it, whichever cluster was chosen."""
    if kubeconfig != (link := state_directory() / "kubeconfig"):
        link.unlink(missing_ok=True)
        link.symlink_to(kubeconfig)


def _load_images(cluster: Cluster, kubeconfig: Path, delivery: Delivery, progress: Progress) -> None:
    """Loads the images, unless this cluster (as its credentials identify it) has them already."""
    loaded = state_directory() / "images-loaded"
    wanted = hashlib.sha256(kubeconfig.read_bytes() + delivery.archive.name.encode()).hexdigest()
    if loaded.exists() and loaded.read_text() == wanted:
        return
    with progress.step("Loading the images into the cluster"):
        cluster.load_images(delivery.archive)
    loaded.write_text(wanted)
