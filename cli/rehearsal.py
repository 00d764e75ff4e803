"""`make rehearse STACK=…`: the program of a stack on AWS, run by the real engine with no account.

AWS is an emulator, Cloudflare another; the stores behind them are real, and the shop runs on this machine's cluster.
"""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from boutique_offline.plugins.kubernetes import kubeconfig
from boutique_offline.plugins.kubernetes.api import Api
from boutique_offline.rehearsal import servers
from boutique_offline.rehearsal.eks import objects
from boutique_offline.rehearsal.inventory import take_inventory
from boutique_offline.rehearsal.servers import ClusterAccess, Servers, Specification
from boutique_offline.rehearsal.stores import data
from cli import preparation
from cli.engine import Backend, Stack
from cli.preparation import Machine, wait_for_answer
from dev.clusters import NODE_PORTS, choose
from dev.directories import state_directory
from dev.errors import ActionableError
from dev.progress import Progress, duration
from dev.toolchain import Toolbox
from dev.virtual_environment import ENVIRONMENT, ROOT
from infra.aws.naming import Naming
from infra.config.aws import AwsSettings
from infra.config.settings import check_settings, read_settings

_PLUGINS = ("aws", "cloudflare", "eks")
_SHOP = "boutique"
_CLOUDFLARE_ACCOUNT = "9a7806061c88ada191ed06f989cc3dac"
_NO_IMAGE = f"sha256:{'0' * 64}"
"""For a preview: images are built when they are needed."""


def stands(stack: str) -> bool:
    """Whether a rehearsal of the stack is on this machine."""
    return _rehearsed() == stack


def refuse_beside(command: str) -> None:
    """Raises ActionableError where a rehearsal is on this machine: there is room for one shop."""
    if stack := _rehearsed():
        raise ActionableError(
            f"`{command}` can't go beside the rehearsal of {stack}: `make down STACK={stack}` removes that."
        )


def up(stack: str) -> None:
    """Up, and the proof that a second up would change nothing. What is up already is gone on with."""
    started = time.monotonic()
    _refuse_another(stack)
    with Progress() as progress:
        machine = preparation.prepare(progress)
        running = _ensure_servers(stack, machine, progress)
        images = _name_images(stack, machine)
    rehearsed = _stack(stack, machine.toolbox, running, images)
    rehearsed.up()
    print("\nA second up must change nothing:")
    rehearsed.preview("--expect-no-changes")
    addresses = asyncio.run(_open(machine.kubeconfig))
    for address in addresses:
        wait_for_answer(address)
    print(f"\nThe rehearsal of {stack} is up    (took {duration(time.monotonic() - started)})")
    print(f"In an account, the shop would be at  {'  '.join(rehearsed.addresses())}")
    print(f"Here it is open at  {'  '.join(addresses)}")
    print(f"Next:  change stacks/Pulumi.{stack}.yaml, then make rehearse STACK={stack} · make down STACK={stack}")


def preview(stack: str) -> None:
    """Against the rehearsal of the stack where it is up, and otherwise against an account in which nothing is."""
    print("No credentials of AWS are here: this is a preview against an emulated account.")
    with _previewed(stack) as previewed:
        previewed.preview("--diff")


def plan(stack: str) -> str:
    """As JSON, of all that there would be in an account in which nothing is."""
    with _empty_account(stack) as previewed:
        return previewed.plan()


def refresh(stack: str) -> None:
    """Of a rehearsal that stands."""
    _standing(stack).refresh()


def difference(stack: str) -> str:
    """As JSON, the plan that mends what was changed behind Pulumi's back, in a rehearsal that stands."""
    return _standing(stack).plan("--refresh")


def down(stack: str) -> None:
    """Destroys what the rehearsal made, checks that the account and the zone are as before, and puts all away."""
    cluster = choose()
    with Progress() as progress:
        toolbox = preparation.ensure_tools(progress)
        cluster.start(progress)
    if running := servers.running(_directory()):
        if _settings(stack).protected:
            print(f"{stack} is protected: in an account, `make down` would refuse. Here all of it is thrown away.")
        else:
            _stack(stack, toolbox, running, _images()).destroy()
            _refuse_leftovers(stack, running)
            print("The account and the zone are as they were before, to the resource.")
    servers.stop(_directory())
    data.remove(_directory() / "stores")
    preparation.put_away(cluster)


def _refuse_another(stack: str) -> None:
    if (other := _rehearsed()) and other != stack:
        raise ActionableError(f"A rehearsal of {other} is up: `make down STACK={other}` removes it.")
    if (state_directory() / "pulumi").exists():
        raise ActionableError("The stack local is up, and there is room for one shop: `make down` removes it.")


def _ensure_servers(stack: str, machine: Machine, progress: Progress) -> Servers:
    if running := servers.running(_directory()):
        return running
    if (_directory() / "baseline.json").exists():
        progress.note(
            "The emulated account of an earlier run has ended, and with it all that was there: starting anew."
        )
        asyncio.run(_forget(machine.kubeconfig))
        servers.stop(_directory())
        data.remove(_directory() / "stores")
        shutil.rmtree(_directory())
    _directory().mkdir(mode=0o700, exist_ok=True)
    (_directory() / "stack").write_text(stack)
    access = ClusterAccess(str(machine.kubeconfig), machine.cluster.machine_address())
    running = servers.start(_directory(), _specification(stack, access), progress)
    (_directory() / "baseline.json").write_text(json.dumps(take_inventory(running, _settings(stack).region)))
    return running


def _interrupted(stack: str) -> bool:
    """Whether a killed run left it unknown what came of its last requests: AWS may have what Pulumi does not know of.

    In an account that is for a person to sort out (`pulumi refresh` asks); here it is as quick to begin again.
    """
    (checkpoint,) = [*(_directory() / "pulumi").rglob(f"stacks/**/{stack}.json"), None][:1]
    if checkpoint is None:
        return False
    latest = json.loads(checkpoint.read_text())["checkpoint"]["latest"]
    return bool((latest or {}).get("pending_operations"))


async def _forget(config: Path) -> None:
    async with Api(kubeconfig.load(str(config), None)) as api:
        await objects.forget_shop(api, _SHOP)


async def _open(config: Path) -> list[str]:
    async with Api(kubeconfig.load(str(config), None)) as api:
        ports = await objects.open_targets(api, _SHOP, iter(NODE_PORTS))
    return [f"http://localhost:{port}" for port in ports]


@contextmanager
def _previewed(stack: str) -> Iterator[Stack]:
    if stands(stack) and (running := servers.running(_directory())):
        with Progress() as progress:
            toolbox = preparation.ensure_tools(progress)
        yield _stack(stack, toolbox, running, _images())
    else:
        with _empty_account(stack) as previewed:
            yield previewed


@contextmanager
def _empty_account(stack: str) -> Iterator[Stack]:
    """The stack with an account and a zone that are gone again afterwards."""
    with tempfile.TemporaryDirectory(prefix="boutique-preview-") as name:
        directory = Path(name)
        with Progress() as progress:
            toolbox = preparation.ensure_tools(progress)
            running = servers.start(directory, _specification(stack, None), progress)
        services = [path.parent.name for path in ROOT.glob("services/*/service.yaml")]
        images = directory / "images.json"
        images.write_text(json.dumps(_image_names(stack, dict.fromkeys(services, _NO_IMAGE))))
        try:
            yield _stack(stack, toolbox, running, images, directory)
        finally:
            servers.kill(directory)


def _refuse_leftovers(stack: str, running: Servers) -> None:
    before = json.loads((_directory() / "baseline.json").read_text())
    left = [entry for entry in take_inventory(running, _settings(stack).region) if entry not in before]
    if left:
        raise ActionableError("The destroy left these in the account or the zone:\n  " + "\n  ".join(left))


def _standing(stack: str) -> Stack:
    with Progress() as progress:
        toolbox = preparation.ensure_tools(progress)
    return _stack(stack, toolbox, _running(), _images())


def _running() -> Servers:
    if running := servers.running(_directory()):
        return running
    raise ActionableError("The rehearsal's servers have ended: `make rehearse` starts it anew, `make down` removes it.")


def _specification(stack: str, cluster: ClusterAccess | None) -> Specification:
    settings = _settings(stack)
    zone = f"{settings.dns.domain}={settings.dns.zone_id}={_CLOUDFLARE_ACCOUNT}"
    return Specification(settings.account, settings.region, [zone], cluster)


def _settings(stack: str) -> AwsSettings:
    settings = check_settings(stack, read_settings(stack)).aws
    if settings is None:
        raise ActionableError(f"{stack} is no stack on AWS: `make up STACK={stack}` runs it here as it is.")
    return settings


def _name_images(stack: str, machine: Machine) -> Path:
    """Gives the images the names that they would have in the stack's registry: by digest."""
    digests = {name: image.digest for name, image in machine.delivery.images.items()}
    names = _image_names(stack, digests)
    machine.cluster.name_images({machine.delivery.images[name].reference: named for name, named in names.items()})
    _images().write_text(json.dumps(names, indent=2))
    return _images()


def _image_names(stack: str, digests: Mapping[str, str]) -> dict[str, str]:
    settings = _settings(stack)
    registry = f"{settings.account}.dkr.ecr.{settings.region}.amazonaws.com/{Naming(stack).name()}"
    return {name: f"{registry}/{name}@{digest}" for name, digest in digests.items()}


def _stack(stack: str, toolbox: Toolbox, running: Servers, images: Path, directory: Path | None = None) -> Stack:
    """Its project and state in the directory of the rehearsal, or in another."""
    directory = directory or _directory()
    variables = {
        **running.variables(),
        "BOUTIQUE_IMAGES": str(images),
        "KUBECONFIG": str(state_directory() / "kubeconfig"),
        # What looks for credentials by itself finds these, which no real account takes.
        "AWS_ACCESS_KEY_ID": "rehearsal",
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    plugins = [*_PLUGINS, *preparation.stand_ins(directory)]
    return Stack(
        stack,
        toolbox,
        plugins,
        variables,
        Backend.here(directory / "pulumi"),
        _project(stack, directory),
        policies=True,
    )


def _project(stack: str, directory: Path) -> Path:
    """A project of the same program and settings, but of secrets that no key in an account encrypts."""
    project = directory / "project"
    (project / "stacks").mkdir(parents=True, exist_ok=True)
    description = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    description["main"] = str(ROOT / "infra")
    description["runtime"]["options"]["virtualenv"] = str(ENVIRONMENT)
    (project / "Pulumi.yaml").write_text(yaml.safe_dump(description))
    settings = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text())
    local = yaml.safe_load((ROOT / "stacks" / "Pulumi.local.yaml").read_text())
    content = {"config": settings["config"], "encryptionsalt": local["encryptionsalt"]}
    (project / "stacks" / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(content))
    return project


def _images() -> Path:
    return _directory() / "images.json"


def _rehearsed() -> str | None:
    marker = _directory() / "stack"
    return marker.read_text() if marker.exists() else None


def _directory() -> Path:
    return state_directory() / "rehearsal"
