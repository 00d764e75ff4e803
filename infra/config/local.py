"""The settings of a stack on one machine."""

from typing import Annotated

from pydantic import Field

from boutique_definition.validation import DnsLabel, FileModel

NodePort = Annotated[int, Field(ge=30000, le=32767)]
"""Source: Kubernetes API server, the default of --service-node-port-range."""


class LocalSettings(FileModel):
    """A stack on the cluster that KUBECONFIG points to, with stores from charts/.

    Args:
        node_ports: The port of this machine at which each external service is reached.
    """

    node_ports: dict[DnsLabel, NodePort]
