"""Creates the node's volumes when they are claimed, and removes them with their claim.

A volume is a directory, in Kubernetes a *local* volume. The kubelet gives it to the pod's fsGroup, so a pod that does
not run as root can write to it.

    python3 -m boutique_offline.node.volumes API_SERVER_HOST API_SERVER_PORT PKI_DIRECTORY VOLUMES_DIRECTORY NODE
"""

import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from boutique_offline.node.api import Api
from boutique_offline.node.components import PROVISIONER, VOLUME_PROVISIONER, ApiServerAddress
from boutique_offline.node.pki import Pki

_REQUESTED_FROM: Final = "volume.kubernetes.io/storage-provisioner"
_PROVIDED_BY: Final = "pv.kubernetes.io/provisioned-by"
_VOLUMES: Final = "/api/v1/persistentvolumes"
_CLAIMS: Final = "/api/v1/persistentvolumeclaims"
_RETRY_DELAY: Final = 1.0


@dataclass(frozen=True)
class VolumeProvisioner:
    """Creates and removes volumes in a directory of the node."""

    api: Api
    directory: Path
    node: str

    def provide(self, claim: dict[str, Any]) -> None:
        """Creates the volume that a claim waits for."""
        metadata, spec = claim["metadata"], claim["spec"]
        if metadata.get("annotations", {}).get(_REQUESTED_FROM) != PROVISIONER or "volumeName" in spec:
            return
        name = f"pvc-{metadata['uid']}"
        path = self.directory / name
        path.mkdir(exist_ok=True)
        # Only root can enter the parent. In a pod, any user may write to the volume.
        path.chmod(0o777)
        self.api.create(_VOLUMES, _volume(name, claim, path, self.node))

    def reclaim(self, volume: dict[str, Any]) -> None:
        """Removes a volume whose claim is gone."""
        provided = volume["metadata"].get("annotations", {}).get(_PROVIDED_BY) == PROVISIONER
        if provided and volume["status"].get("phase") == "Released":
            shutil.rmtree(volume["spec"]["local"]["path"], ignore_errors=True)
            self.api.delete(f"{_VOLUMES}/{volume['metadata']['name']}")

    def run(self) -> None:
        """Watches claims and volumes, and never returns."""
        threading.Thread(target=self._follow, args=(_VOLUMES, self.reclaim), daemon=True).start()
        self._follow(_CLAIMS, self.provide)

    def _follow(self, collection: str, react: Callable[[dict[str, Any]], None]) -> None:
        while True:
            try:
                for item in self.api.watch(collection):
                    react(item)
            except OSError as error:
                print(f"{collection}: {error}; retrying", flush=True)
                time.sleep(_RETRY_DELAY)


def _volume(name: str, claim: dict[str, Any], path: Path, node: str) -> dict[str, Any]:
    metadata, spec = claim["metadata"], claim["spec"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_PROVIDED_BY: PROVISIONER}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                **{key: metadata[key] for key in ("name", "namespace", "uid")},
            },
            "local": {"path": str(path)},
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
                    ]
                }
            },
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec["storageClassName"],
        },
    }


def main(host: str, port: str, pki: str, directory: str, node: str) -> None:
    """Provisions volumes, and never returns."""
    api = Api(ApiServerAddress(host, int(port)), Pki(Path(pki)), VOLUME_PROVISIONER)
    VolumeProvisioner(api, Path(directory), node).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
