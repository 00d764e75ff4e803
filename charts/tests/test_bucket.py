"""Tests the objects of the chart `bucket`, and rclone with the arguments of its pod."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from boutique_development_servers.processes import free_port, port_is_free, running
from dev.progress import Progress
from dev.toolchain.toolbox import ensure

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

pytestmark = pytest.mark.cluster

FILES = {"mug.svg": '<svg a="{{ b }}">\n  <title>Große Tasse</title>\n</svg>\n', "cup.svg": "<svg/>"}
CREDENTIALS = {"access-key-id": "boutique", "secret-access-key": "let~me/in+now="}
Render = Callable[..., list[Any]]
Template = Callable[[dict[str, Any]], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def chart() -> Path:
    return Path(__file__).parents[1] / "bucket"


@pytest.fixture(scope="session")
def rclone() -> Path:
    with Progress() as progress:
        return ensure(["rclone"], progress).command("rclone")


@dataclass
class Pod:
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    files: Path

    def client(
        self,
        access_key_id: str = CREDENTIALS["access-key-id"],
        secret: str = CREDENTIALS["secret-access-key"],
        **more: Any,
    ) -> S3Client:
        return boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}, **more),
        )


@pytest.fixture
def pod(render: Render, rclone: Path, tmp_path: Path) -> Iterator[Pod]:
    """Starts rclone as Kubernetes would: the pod's arguments, its environment variables, and the mounted ConfigMap."""
    objects = render(files=FILES)
    (container,) = _one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    (mount,) = container["volumeMounts"]
    served = tmp_path / "served"
    _mount(_one(objects, "ConfigMap"), served / Path(mount["mountPath"]).relative_to("/srv"))
    port, log = free_port(), tmp_path / "log"
    replaced = {"--addr=:9000": f"--addr=127.0.0.1:{port}", "/srv": str(served)}
    arguments = [replaced.get(argument, argument) for argument in container["args"]]
    environment = _environment(container["env"])
    with running(
        [rclone, *arguments], log=log, ready=lambda: not port_is_free(port), environment=environment
    ) as process:
        yield Pod(process, port, log, served / "pictures")


def _one(objects: list[Any], kind: str) -> Any:
    (found,) = [candidate for candidate in objects if candidate["kind"] == kind]
    return found


def _mount(config_map: Any, directory: Path) -> None:
    """Mounts the ConfigMap as the kubelet does: links lead to files in a hidden directory, so all change at once."""
    version = directory / "..2026_01_01_00_00_00.123456789"
    version.mkdir(parents=True)
    (directory / "..data").symlink_to(version.name)
    for name, content in config_map["data"].items():
        (version / name).write_text(content)
        (directory / name).symlink_to(f"..data/{name}")


def _environment(variables: list[Any]) -> dict[str, str]:
    values: dict[str, str] = {}
    for variable in variables:
        if "value" in variable:
            value = variable["value"]
            for name, known in values.items():
                value = value.replace(f"$({name})", known)
        else:
            assert variable["valueFrom"]["secretKeyRef"]["name"] == "credentials"
            value = CREDENTIALS[variable["valueFrom"]["secretKeyRef"]["key"]]
        values[variable["name"]] = value
    return values


@contextmanager
def _refused(status: int) -> Iterator[None]:
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_each_file_is_an_object_with_its_type_and_the_hash_of_its_content(pod: Pod) -> None:
    for name, text in FILES.items():
        response = pod.client().get_object(Bucket="pictures", Key=name)
        assert response["Body"].read() == text.encode()
        assert response["ContentType"] == "image/svg+xml"
        assert response["ETag"] == f'"{hashlib.md5(text.encode()).hexdigest()}"'
        assert pod.client().head_object(Bucket="pictures", Key=name)["ContentLength"] == len(text.encode())


def test_the_hidden_directory_of_a_mount_is_not_in_the_bucket(pod: Pod) -> None:
    listed = pod.client().list_objects_v2(Bucket="pictures", Delimiter="/")
    assert [found["Key"] for found in listed["Contents"]] == sorted(FILES)
    assert "CommonPrefixes" not in listed
    for key in ("..data", "..data/mug.svg", "none.svg"):
        with _refused(404):
            pod.client().get_object(Bucket="pictures", Key=key)


def test_ranges_and_conditions_of_a_request_are_respected(pod: Pod) -> None:
    part = pod.client().get_object(Bucket="pictures", Key="mug.svg", Range="bytes=1-3")
    assert (part["ResponseMetadata"]["HTTPStatusCode"], part["Body"].read()) == (206, b"svg")
    assert part["ContentRange"] == f"bytes 1-3/{len(FILES['mug.svg'].encode())}"
    with _refused(304):
        pod.client().get_object(Bucket="pictures", Key="mug.svg", IfNoneMatch=part["ETag"])
    with _refused(412):
        pod.client().get_object(Bucket="pictures", Key="mug.svg", IfMatch='"other"')
    with _refused(416):
        pod.client().get_object(Bucket="pictures", Key="mug.svg", Range="bytes=9999-")


@pytest.mark.parametrize(
    "credentials", [{"secret": "wrong"}, {"access_key_id": "wrong"}, {"signature_version": UNSIGNED}], ids=str
)
def test_a_client_without_the_key_pair_is_refused(pod: Pod, credentials: Mapping[str, Any]) -> None:
    with _refused(403):
        pod.client(**credentials).get_object(Bucket="pictures", Key="mug.svg")
    with _refused(403):
        pod.client(**credentials).list_buckets()


def test_every_write_is_refused(pod: Pod) -> None:
    client = pod.client()
    before = sorted(pod.files.iterdir())
    with pytest.raises(ClientError):
        client.put_object(Bucket="pictures", Key="mug.svg", Body=b"other")
    with pytest.raises(ClientError):
        client.put_object(Bucket="pictures", Key="new.svg", Body=b"other")
    with pytest.raises(ClientError):
        client.delete_object(Bucket="pictures", Key="mug.svg")
    assert sorted(pod.files.iterdir()) == before
    assert (pod.files / "mug.svg").read_text() == FILES["mug.svg"]


def test_the_secret_is_neither_in_the_process_list_nor_in_the_log(pod: Pod) -> None:
    with _refused(403):
        pod.client(access_key_id="wrong").list_buckets()
    command_line = Path(f"/proc/{pod.process.pid}/cmdline").read_bytes()
    assert b"serve" in command_line
    assert CREDENTIALS["secret-access-key"].encode() not in command_line + pod.log.read_bytes()


def test_changed_files_replace_the_pods_and_nothing_else_does(render: Render) -> None:
    def pod_template(**values: object) -> Any:
        return _one(render(**values), "Deployment")["spec"]["template"]

    assert pod_template(files=FILES) == pod_template(files=FILES, replicas=2)
    assert pod_template(files=FILES) != pod_template(files=FILES | {"cup.svg": "<svg></svg>"})


def test_the_service_selects_the_pods_and_they_may_connect_to_nothing(render: Render) -> None:
    objects = render(replicas=2)
    labels = _one(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    policy = _one(objects, "NetworkPolicy")["spec"]
    for selector in (
        _one(objects, "Service")["spec"]["selector"],
        policy["podSelector"]["matchLabels"],
        _one(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    assert (policy["policyTypes"], policy["egress"]) == (["Ingress", "Egress"], [])


def test_a_single_pod_has_no_disruption_budget(render: Render) -> None:
    assert "PodDisruptionBudget" not in [each["kind"] for each in render(replicas=1)]


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"bucket": "Pictures"}, "bucket"),
        ({"files": {"..data": "x"}}, "..data"),
        ({"files": {"a/b.svg": "x"}}, "a/b.svg"),
        ({"files": {"b.svg": 1}}, "files/b.svg"),
        ({"replicas": 3}, "replicas"),
    ],
)
def test_an_error_names_the_value_that_is_wrong(template: Template, values: dict[str, Any], name: str) -> None:
    finished = template({"existingSecret": "credentials"} | values)
    assert finished.returncode != 0
    assert name in finished.stderr
