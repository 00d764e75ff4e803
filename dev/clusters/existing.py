"""A cluster of the user's, named by the context of a kubeconfig. The shop is deployed to it; nothing else changes."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dev.errors import ActionableError
from dev.locks import hold_directory
from dev.progress import Progress

_NO_REHEARSAL: Final = "A rehearsal needs a cluster of its own: unset BOUTIQUE_CONTEXT."


@dataclass(frozen=True)
class ExistingCluster:
    """Implements Cluster for a context of the user's kubeconfig."""

    state: Path
    reason: str
    """Why this cluster was chosen."""
    context: str

    def start(self, progress: Progress) -> Path:
        with hold_directory(self.state, progress), progress.step(f"Reaching the cluster of the context {self.context}"):
            minified = _run("kubectl", f"--context={self.context}", "config", "view", "--minify", "--flatten", "--raw")
            _run("kubectl", f"--context={self.context}", "--request-timeout=10s", "get", "namespaces", "--output=name")
            self._kubeconfig.touch(mode=0o600)
            self._kubeconfig.write_text(minified)
        return self._kubeconfig

    def load_images(self, archive: Path) -> None:
        _run(*self._load_command(archive))

    def name_images(self, names: Mapping[str, str]) -> None:
        raise ActionableError(_NO_REHEARSAL)

    def machine_address(self) -> str:
        raise ActionableError(_NO_REHEARSAL)

    def stop(self, progress: Progress) -> None:
        with hold_directory(self.state, progress):
            self._kubeconfig.unlink(missing_ok=True)

    def describe(self) -> str:
        return f"the cluster of the context {self.context}: {self.reason}"

    @property
    def _kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    def _load_command(self, archive: Path) -> list[str]:
        """Returns the command for this kind of local cluster, which the context's name tells."""
        kind, _, name = self.context.partition("-")
        match (kind, name):
            case ("kind", _):
                return ["kind", "load", "image-archive", str(archive), f"--name={name}"]
            case ("k3d", _):
                return ["k3d", "image", "import", str(archive), f"--cluster={name}"]
            case ("minikube", ""):
                return ["minikube", "image", "load", str(archive)]
            case ("docker", "desktop"):
                return ["docker", "load", f"--input={archive}"]
        raise ActionableError(
            f"Images cannot be put into the cluster of the context {self.context!r}: BOUTIQUE_CONTEXT must name one of "
            "kind (kind-…), k3d (k3d-…), minikube or Docker Desktop (docker-desktop)."
        )


def _run(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise ActionableError(
            f"BOUTIQUE_CONTEXT is set, and using it takes {command[0]}, which is not on PATH."
        ) from error
    except subprocess.CalledProcessError as error:
        raise ActionableError(f"{' '.join(command)} failed:\n  {error.stderr.strip()}") from error
