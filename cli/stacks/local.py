"""A stack that runs on a cluster of this machine."""

from dataclasses import dataclass
from pathlib import Path

from cli.stacks import preparation
from cli.stacks.engine import Backend, Stack
from cli.stacks.running import ensure_no_rehearsal
from dev.clusters import choose
from dev.directories import state_directory
from dev.errors import ActionableError
from dev.progress import Progress
from dev.toolchain import Toolbox
from infra.config.settings import Settings


@dataclass(frozen=True)
class LocalTarget:
    """Implements Target for a stack whose settings say `boutique:local`."""

    name: str
    settings: Settings

    def up(self) -> list[str]:
        ensure_no_rehearsal("boutique up")
        stack = self._prepare()
        with preparation.explained_rollout(state_directory() / "kubeconfig", self.settings.shop.namespace):
            stack.up()
        return list(self.settings.addresses().values())

    def preview(self) -> None:
        self._prepare().preview("--diff")

    def plan(self, *, refresh: bool = False) -> str:
        raise ActionableError(
            f"{self.name} does not run on AWS: `boutique preview` and `boutique refresh` show what differs."
        )

    def refresh(self) -> None:
        self._prepare().refresh()

    def images(self) -> None:
        with Progress() as progress:
            delivery = preparation.build_images(progress)
        for name, image in delivery.images.items():
            print(f"{name:15} {image.reference}")

    def versions(self) -> dict[str, str]:
        return self._prepare().versions()

    def down(self, *, confirmed: bool = False) -> int:
        ensure_no_rehearsal("boutique down")
        if not state_directory().exists():
            print("Nothing is running, and nothing is left.")
            return 0
        cluster = choose()
        with Progress() as progress:
            toolbox = preparation.ensure_tools(progress)
            stack = self._stack(toolbox, state_directory() / "kubeconfig")
            if stack.exists():
                stack = self._stack(toolbox, cluster.start(progress))
        stack.destroy()
        preparation.clean_up(cluster)
        return 0

    def _prepare(self) -> Stack:
        with Progress() as progress:
            machine = preparation.prepare(progress)
        return self._stack(machine.toolbox, machine.kubeconfig)

    def _stack(self, toolbox: Toolbox, kubeconfig: Path) -> Stack:
        state = state_directory()
        variables = {"KUBECONFIG": str(kubeconfig), "BOUTIQUE_IMAGES": str(preparation.image_list())}
        plugins = preparation.emulated_plugins(state)
        return Stack(self.name, toolbox, plugins, variables, Backend.local(state / "pulumi"))
