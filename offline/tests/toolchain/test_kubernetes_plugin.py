"""Tests how the program uses Pulumi's Kubernetes plugin, with the real engine and a real API with its controllers."""

import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from lightkube.models.autoscaling_v1 import ScaleSpec
from lightkube.models.core_v1 import PodStatus
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Namespace, Pod

from dev.clusters.client import connect
from dev.rollout import explain_unready_pods
from dev.toolchain import Toolbox, pulumi_home
from offline.tests.plugins.stack import Outcome

pytestmark = pytest.mark.cluster

Object = dict[str, Any]

_PROJECT = {"name": "trial", "runtime": "python"}
_PROGRAM = """
import importlib, json, os
import pulumi, pulumi_kubernetes

provider = pulumi_kubernetes.Provider(
    "cluster",
    kubeconfig=open(os.environ["TRIAL_KUBECONFIG"]).read(),
    namespace=os.environ["TRIAL_NAMESPACE"],
    cluster_identifier="trial",
)
for resource in json.load(open("resources.json")):
    module, _, kind = resource["kind"].rpartition(".")
    make = getattr(importlib.import_module(f"pulumi_kubernetes.{module}"), kind)
    timeouts = pulumi.CustomTimeouts(create=resource["timeout"], update=resource["timeout"])
    make(
        resource["name"],
        **resource["inputs"],
        opts=pulumi.ResourceOptions(
            provider=provider, custom_timeouts=timeouts, ignore_changes=resource["ignore_changes"]
        ),
    )
"""
PULL_FAILS = {"state": {"waiting": {"reason": "ErrImagePull", "message": "manifest unknown"}}}
RUNS = {"state": {"running": {}}, "ready": True}
ENDS_WELL, ENDS_BADLY = ({"state": {"terminated": {"exitCode": code}}} for code in (0, 1))


@dataclass
class Stack:
    """A stack with a namespace of its own."""

    directory: Path
    namespace: str
    kubeconfig: Path
    path: str
    resources: list[Object] = field(default_factory=list)

    def declare(
        self, kind: str, name: str, inputs: Object, *, ignore_changes: Sequence[str] = (), timeout: str = "2m"
    ) -> None:
        """Declares a resource, in place of one of the same name. `timeout` is how long the plugin waits for it."""
        others = [resource for resource in self.resources if resource["name"] != name]
        declared = {"kind": kind, "name": name, "inputs": inputs, "ignore_changes": ignore_changes, "timeout": timeout}
        self.resources = [*others, declared]

    def up(self) -> Outcome:
        return self.pulumi("up", "--yes", "--skip-preview")

    def pulumi(self, *command: str) -> Outcome:
        (self.directory / "resources.json").write_text(json.dumps(self.resources))
        run = subprocess.run(
            ["pulumi", *command, "--non-interactive"],
            check=False,
            cwd=self.directory,
            env=os.environ
            | {
                "PATH": self.path,
                "PULUMI_HOME": str(pulumi_home()),
                "PULUMI_BACKEND_URL": f"file://{self.directory}",
                "PULUMI_CONFIG_PASSPHRASE": "trial",
                "PULUMI_K8S_ENABLE_PATCH_FORCE": "true",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "TRIAL_NAMESPACE": self.namespace,
                "TRIAL_KUBECONFIG": str(self.kubeconfig),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Outcome(run.returncode == 0, run.stdout)


@pytest.fixture
def stack(toolbox: Toolbox, kubeconfig: Path, tmp_path: Path) -> Stack:
    namespace = f"trial-{secrets.token_hex(3)}"
    with connect(kubeconfig, namespace) as client:
        client.create(Namespace(metadata=ObjectMeta(name=namespace)))
    own = tmp_path / "kubeconfig"
    own.write_text(kubeconfig.read_text())
    (tmp_path / "Pulumi.yaml").write_text(json.dumps(_PROJECT))
    (tmp_path / "__main__.py").write_text(_PROGRAM)
    path = os.pathsep.join([str(Path(sys.executable).parent), toolbox.path_environment()])
    stack = Stack(tmp_path, namespace, own, path)
    assert stack.pulumi("stack", "init", "trial").succeeded
    return stack


def _deployment(image: str, **more_labels: str) -> Object:
    labels = {"app": "cart", **more_labels}
    return {
        "metadata": {"name": "cart"},
        "spec": {
            "selector": {"match_labels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    }


@contextmanager
def _kubelet(stack: Stack, **statuses: Object) -> Iterator[None]:
    """Acts as the node: sets the status of each pod's container to the one that the tag of its image names."""
    ended = threading.Event()

    def play() -> None:
        with connect(stack.kubeconfig, stack.namespace) as client:
            while not ended.wait(0.2):
                for pod in client.list(Pod):
                    if pod.metadata and pod.spec and not (pod.status and pod.status.containerStatuses):
                        status = _pod_status(str(pod.spec.containers[0].image), statuses)
                        reported = Pod.Status(metadata=ObjectMeta(name=pod.metadata.name), status=status)
                        client.patch(Pod.Status, str(pod.metadata.name), reported)

    thread = threading.Thread(target=play)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _pod_status(image: str, statuses: dict[str, Object]) -> Any:
    container: Object = {"name": "main", "image": image, "imageID": "", "ready": False, "restartCount": 0}
    container |= statuses[image.rpartition(":")[2]]
    exit_code = container["state"].get("terminated", {}).get("exitCode")
    return PodStatus.from_dict(
        {
            "phase": "Running" if exit_code is None else "Failed" if exit_code else "Succeeded",
            "conditions": [{"type": "Ready", "status": str(container["ready"])}],
            "containerStatuses": [container],
        }
    )


def test_a_rollout_that_fails_is_explained_and_the_next_up_repairs_it(stack: Stack) -> None:
    stack.declare("apps.v1.Deployment", "cart", _deployment("cart:bad"), timeout="20s")
    with _kubelet(stack, good=RUNS, bad=PULL_FAILS):
        first = stack.up()
        assert not first.succeeded
        assert "pulumi-resource-kubernetes" not in first.output, "Pulumi complains about the plugin"
        explained = explain_unready_pods(stack.kubeconfig, stack.namespace)
        assert "ErrImagePull: manifest unknown (container main, image cart:bad)" in explained
        stack.declare("apps.v1.Deployment", "cart", _deployment("cart:good"))
        second = stack.up()
        assert second.succeeded, second.output
        assert explain_unready_pods(stack.kubeconfig, stack.namespace) == ""
    assert stack.up().count("unchanged") == 3


def test_a_failed_job_is_replaced_by_the_next_up_and_a_completed_one_is_left(stack: Stack) -> None:
    pod = {"restart_policy": "Never", "containers": [{"name": "main", "image": "migration:1"}]}
    metadata = {"name": "migration", "annotations": {"pulumi.com/replaceUnready": "true"}}
    job = {"metadata": metadata, "spec": {"backoff_limit": 0, "template": {"spec": pod}}}
    stack.declare("batch.v1.Job", "migration", job)
    with _kubelet(stack, **{"1": ENDS_BADLY}):
        assert not stack.up().succeeded
    with _kubelet(stack, **{"1": ENDS_WELL}):
        again = stack.up()
    assert again.succeeded, again.output
    assert again.count("replaced") == 1
    assert stack.up().count("unchanged") == 3


def test_another_kubeconfig_of_the_same_cluster_replaces_nothing(stack: Stack) -> None:
    stack.declare("core.v1.ConfigMap", "settings", {"metadata": {"name": "settings"}, "data": {"a": "1"}})
    assert stack.up().succeeded
    renamed = yaml.safe_load(stack.kubeconfig.read_text())
    renamed["contexts"][0]["name"] = renamed["current-context"] = "renamed"
    stack.kubeconfig.write_text(yaml.safe_dump(renamed))
    outcome = stack.up()
    assert outcome.succeeded, outcome.output
    assert outcome.count("replaced") == 0


def test_a_deployment_with_another_selector_is_replaced(stack: Stack) -> None:
    stack.declare("apps.v1.Deployment", "cart", _deployment("cart:good"))
    with _kubelet(stack, good=RUNS):
        assert stack.up().succeeded
        stack.declare("apps.v1.Deployment", "cart", _deployment("cart:good", part="shop"))
        outcome = stack.up()
    assert outcome.succeeded, outcome.output
    assert outcome.count("replaced") == 1
    with connect(stack.kubeconfig, stack.namespace) as client:
        spec = client.get(Deployment, "cart").spec
        assert spec
        assert spec.selector.matchLabels == {"app": "cart", "part": "shop"}


def test_an_update_leaves_the_replicas_to_the_autoscaler(stack: Stack) -> None:
    deployment = _deployment("cart:good") | {
        "metadata": {"name": "cart", "annotations": {"pulumi.com/skipAwait": "true"}}
    }
    deployment["spec"]["replicas"] = 1
    stack.declare("apps.v1.Deployment", "cart", deployment, ignore_changes=["spec.replicas"])
    assert stack.up().succeeded
    with connect(stack.kubeconfig, stack.namespace) as client:
        scaled = Deployment.Scale(metadata=ObjectMeta(name="cart"), spec=ScaleSpec(replicas=3))
        client.replace(scaled, "cart")
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "cart:better"
        outcome = stack.up()
        assert outcome.succeeded, outcome.output
        spec = client.get(Deployment, "cart").spec
        assert spec
        assert (spec.replicas, spec.template.spec and spec.template.spec.containers[0].image) == (3, "cart:better")
    assert stack.up().count("unchanged") == 3
