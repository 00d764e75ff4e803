"""A rehearsal of a stack on AWS: the real engine runs its program on this machine, with no account.

AWS and Cloudflare are emulated. The stores behind them are real, and the shop runs on this machine's cluster.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from boutique_definition.service_file import load_service_files
from cli.account import read_aws_settings
from cli.stacks import preparation
from cli.stacks.engine import Backend, Stack
from cli.stacks.preparation import Machine
from cli.stacks.running import ensure_room_for_rehearsal, rehearsal_directory, rehearsed_stack
from dev.clusters import choose
from dev.directories import state_directory
from dev.emulation import AccountSpecification, ClusterAccess, EmulatedAccount, plugin_source
from dev.errors import ActionableError
from dev.progress import Progress
from dev.toolchain import Toolbox
from dev.virtual_environment import ENVIRONMENT, ROOT
from infra.aws.naming import Naming
from infra.config.aws import AwsSettings
from infra.config.settings import Settings

_PLUGINS = ("aws", "cloudflare", "eks")
_NO_IMAGE = f"sha256:{'0' * 64}"
"""Stands for the digest of each image in a preview, which builds none."""


@dataclass(frozen=True)
class RehearsalTarget:
    """Implements Target for a stack whose settings say `boutique:aws`, without its account."""

    name: str
    settings: Settings

    def up(self) -> list[str]:
        """Deploys the stack, and verifies that deploying it again changes nothing. Continues what is there already."""
        ensure_room_for_rehearsal(self.name)
        with Progress() as progress:
            machine = preparation.prepare(progress)
            account = self._ensure_account(machine, progress)
            self._name_images(machine)
        stack = self._stack(machine.toolbox, account, rehearsal_directory())
        with preparation.explained_rollout(machine.kubeconfig, self.settings.shop.namespace):
            stack.up()
        print("\nA second up must change nothing:")
        stack.preview("--expect-no-changes")
        print(f"\nIn an account, the shop would be at  {'  '.join(self.settings.addresses().values())}")
        return account.open_services(self.settings.shop.namespace)

    def preview(self) -> None:
        """Previews against this stack's running rehearsal, or else against an empty account."""
        print("No AWS credentials were found: this is a preview against an emulated account.")
        if rehearsed_stack() == self.name and self._account().is_running():
            self._running_stack().preview("--diff")
        else:
            with self._in_empty_account() as stack:
                stack.preview("--diff")

    def plan(self, *, refresh: bool = False) -> str:
        if refresh:
            return self._running_stack().plan("--refresh")
        with self._in_empty_account() as stack:
            return stack.plan()

    def refresh(self) -> None:
        self._running_stack().refresh()

    def images(self) -> None:
        raise ActionableError("A rehearsal gives its images to the cluster by itself: `boutique rehearse` builds them.")

    def versions(self) -> dict[str, str]:
        return self._running_stack().versions()

    def down(self, *, confirmed: bool = False) -> int:
        """Destroys the stack, verifies that the account and the zone are as before, and removes everything."""
        cluster, account = choose(), self._account()
        with Progress() as progress:
            toolbox = preparation.ensure_tools(progress)
            cluster.start(progress)
        left = (
            self._destroy(self._stack(toolbox, account, rehearsal_directory()), account) if account.is_running() else []
        )
        account.stop()
        preparation.clean_up(cluster)
        if left:
            raise ActionableError("The destroy left these in the account or the zone:\n  " + "\n  ".join(left))
        return 0

    def _destroy(self, stack: Stack, account: EmulatedAccount) -> list[str]:
        """Destroys the stack if that can succeed. Returns what it left in the account and the zone."""
        if self._aws.protected:
            print(f"{self.name} is protected: in an account, `boutique down` would refuse. Here it is discarded.")
            return []
        if stack.was_interrupted():
            print("Pulumi does not know what a killed run created. The emulated account is discarded with all of it.")
            return []
        stack.destroy()
        left = account.new_resources()
        if not left:
            print("The account and the zone are as they were before, to the resource.")
        return left

    def _was_interrupted(self, toolbox: Toolbox, account: EmulatedAccount) -> bool:
        return self._stack(toolbox, account, rehearsal_directory()).was_interrupted()

    @property
    def _aws(self) -> AwsSettings:
        return read_aws_settings(self.name)

    def _account(self) -> EmulatedAccount:
        return plugin_source().account(rehearsal_directory())

    def _ensure_account(self, machine: Machine, progress: Progress) -> EmulatedAccount:
        account = self._account()
        if account.is_running() and not self._was_interrupted(machine.toolbox, account):
            return account
        if account.was_started():
            # In an account, a person finds out what a killed run created. Here it is as quick to start over.
            progress.note("The emulated account of an earlier run has ended, or that run was killed: starting over.")
            account.delete_namespace(machine.kubeconfig, self.settings.shop.namespace)
            account.stop()
        rehearsal_directory().mkdir(mode=0o700, exist_ok=True)
        (rehearsal_directory() / "stack").write_text(self.name)
        access = ClusterAccess(str(machine.kubeconfig), machine.cluster.machine_address())
        account.start(self._specification(access), progress)
        return account

    def _running_stack(self) -> Stack:
        account = self._account()
        account.variables()  # raises if its servers have ended
        with Progress() as progress:
            toolbox = preparation.ensure_tools(progress)
        return self._stack(toolbox, account, rehearsal_directory())

    @contextmanager
    def _in_empty_account(self) -> Iterator[Stack]:
        """Yields the stack in an account that exists only for the block, and that can be previewed only."""
        with tempfile.TemporaryDirectory(prefix="boutique-preview-") as name:
            directory = Path(name)
            account = plugin_source().account(directory)
            try:
                with Progress() as progress:
                    toolbox = preparation.ensure_tools(progress)
                    account.start(self._specification(None), progress)
                services = load_service_files(ROOT / "services")
                self._write_images(directory, dict.fromkeys(services, _NO_IMAGE))
                yield self._stack(toolbox, account, directory)
            finally:
                account.stop()

    def _specification(self, cluster: ClusterAccess | None) -> AccountSpecification:
        settings = self._aws
        return AccountSpecification(
            settings.account, settings.region, settings.dns.domain, settings.dns.zone_id, cluster
        )

    def _name_images(self, machine: Machine) -> None:
        """Gives the images the names that they would have in the stack's registry, with their digests."""
        images = machine.delivery.images
        names = self._write_images(rehearsal_directory(), {name: image.digest for name, image in images.items()})
        machine.cluster.name_images({images[name].reference: reference for name, reference in names.items()})

    def _write_images(self, directory: Path, digests: Mapping[str, str]) -> dict[str, str]:
        settings = self._aws
        registry = f"{settings.account}.dkr.ecr.{settings.region}.amazonaws.com/{Naming(self.name).name()}"
        references = {name: f"{registry}/{name}@{digest}" for name, digest in digests.items()}
        (directory / "images.json").write_text(json.dumps(references, indent=2))
        return references

    def _stack(self, toolbox: Toolbox, account: EmulatedAccount, directory: Path) -> Stack:
        """Returns the stack with its project and state in the directory."""
        variables = {
            **account.variables(),
            "BOUTIQUE_IMAGES": str(directory / "images.json"),
            "KUBECONFIG": str(state_directory() / "kubeconfig"),
            # A library that looks for credentials by itself finds these, which no real account accepts.
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        source = plugin_source()
        plugins = [*(source.directory(name) for name in _PLUGINS), *preparation.emulated_plugins(directory)]
        backend, project = Backend.local(directory / "pulumi"), self._write_project(directory / "project")
        return Stack(self.name, toolbox, plugins, variables, backend, project, policies=True)

    def _write_project(self, project: Path) -> Path:
        """Writes a project with the same program and settings, but without secrets encrypted by an account's key."""
        (project / "stacks").mkdir(parents=True, exist_ok=True)
        description = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
        description["main"] = str(ROOT / "infra")
        description["runtime"]["options"]["virtualenv"] = str(ENVIRONMENT)
        (project / "Pulumi.yaml").write_text(yaml.safe_dump(description))
        settings = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{self.name}.yaml").read_text())
        with_salt = yaml.safe_load((ROOT / "stacks" / "Pulumi.local.yaml").read_text())
        content = {"config": settings["config"], "encryptionsalt": with_salt["encryptionsalt"]}
        (project / "stacks" / f"Pulumi.{self.name}.yaml").write_text(yaml.safe_dump(content))
        return project
