"""The webhook of Pod Identity: adds credentials of the role to the pods of associated service accounts.

EKS has such a webhook too, but there an agent on the node issues and renews the credentials. Here the webhook puts them
into the pod, with the address of the emulated account, the CA certificate of the stores, and the stores' addresses,
which are not in DNS.
Source of the requests and responses: Kubernetes reference, "Dynamic Admission Control".
"""

import base64
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any, Final

import boto3
from botocore.config import Config

from boutique_offline.node.certificates import KeyPair

PATH: Final = "/pod-identity"
_ANNOTATION: Final = "rehearsal.boutique.dev/ca-certificate"
_VOLUME: Final = "rehearsal-ca"
_DIRECTORY: Final = "/etc/rehearsal"
_CONFIG: Final = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=10)
_logger = logging.getLogger(__name__)

Patch = list[dict[str, Any]]
Hosts = Mapping[str, str]
"""Addresses in the cluster, by host of a managed store."""


@dataclass(frozen=True)
class PodIdentity:
    """Adds credentials to pods.

    Args:
        endpoint: URL of the account for this machine.
        pod_endpoint: URL of the account for pods.
        region: Region of the account.
        ca_certificate: File of the CA certificate of the stores.
        hosts: Returns the addresses of all stores in the account. May wait until they are known.
    """

    endpoint: str
    pod_endpoint: str
    region: str
    ca_certificate: Path
    hosts: Callable[[], Hosts]

    def patch(self, namespace: str, pod: Mapping[str, Any]) -> Patch:
        """Returns the changes to a pod as a JSON patch (RFC 6902). Empty if its service account has no association."""
        role = self._associated_role(namespace, pod["spec"].get("serviceAccountName", "default"))
        return [] if role is None else self._grant(pod, self._assume(role))

    def _associated_role(self, namespace: str, service_account: str) -> str | None:
        eks = self._client("eks")
        for cluster in eks.list_clusters()["clusters"]:
            found = eks.list_pod_identity_associations(
                clusterName=cluster, namespace=namespace, serviceAccount=service_account
            )
            for each in found["associations"]:
                identifier = each["associationId"]
                described = eks.describe_pod_identity_association(clusterName=cluster, associationId=identifier)
                return str(described["association"]["roleArn"])
        return None

    def _assume(self, role: str) -> Mapping[str, str]:
        response = self._client("sts").assume_role(RoleArn=role, RoleSessionName="pod-identity")
        credentials = response["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
        }

    def _grant(self, pod: Mapping[str, Any], credentials: Mapping[str, str]) -> Patch:
        variables = {
            **credentials,
            "AWS_REGION": self.region,
            "AWS_ENDPOINT_URL": self.pod_endpoint,
            "SSL_CERT_FILE": f"{_DIRECTORY}/ca.pem",
        }
        added = [{"name": name, "value": value} for name, value in variables.items()]
        mount = {"name": _VOLUME, "mountPath": _DIRECTORY, "readOnly": True}
        # A file from the pod's own annotation needs no other object, which would have to be removed later.
        file = {"path": "ca.pem", "fieldRef": {"fieldPath": f"metadata.annotations['{_ANNOTATION}']"}}
        annotations = pod["metadata"].get("annotations", {}) | {_ANNOTATION: self.ca_certificate.read_text()}
        volumes = [*pod["spec"].get("volumes", []), {"name": _VOLUME, "downwardAPI": {"items": [file]}}]
        aliases = [{"ip": address, "hostnames": [host]} for host, address in self.hosts().items()]
        patch = [
            _set("/metadata/annotations", annotations),
            _set("/spec/hostAliases", aliases),
            _set("/spec/volumes", volumes),
        ]
        for number, container in enumerate(pod["spec"]["containers"]):
            path = f"/spec/containers/{number}"
            patch.append(_set(f"{path}/env", [*container.get("env", []), *added]))
            patch.append(_set(f"{path}/volumeMounts", [*container.get("volumeMounts", []), mount]))
        return patch

    def _client(self, service: str) -> Any:
        # Each request has its own session, since sessions are not thread-safe.
        session = boto3.Session(aws_access_key_id="rehearsal", aws_secret_access_key="rehearsal")  # noqa: S106 (the emulator accepts any)
        return session.client(service, endpoint_url=self.endpoint, region_name=self.region, config=_CONFIG)  # type: ignore[call-overload]


def _set(path: str, value: object) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def review(identity: PodIdentity, request: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the response to an AdmissionReview: allowed with a patch, or denied if that fails."""
    admission = request["request"]
    response: dict[str, Any] = {"uid": admission["uid"], "allowed": True}
    try:
        patch = identity.patch(admission["namespace"], admission["object"])
    except Exception as error:  # the API server shows any error to the creator of the pod
        _logger.exception("Pod Identity failed")
        response |= {"allowed": False, "status": {"message": f"the emulated Pod Identity failed: {error}"}}
    else:
        if patch:
            encoded = base64.b64encode(json.dumps(patch).encode()).decode()
            response |= {"patchType": "JSONPatch", "patch": encoded}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


def server(identity: PodIdentity, address: tuple[str, int], certificate: KeyPair) -> ThreadingHTTPServer:
    """Returns a server of the webhook, ready to `serve_forever`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.path.partition("?")[0] != PATH:
                self.send_error(404)
                return
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(review(identity, request)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (the base class' name)
            _logger.info(format, *arguments)

    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    listening = ThreadingHTTPServer(address, Handler)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    return listening
