"""The collections of records that EKS keeps for a cluster, as a table, and what their operations share."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.eks.models import CLUSTER_NOT_FOUND_MSG
from moto.eks.responses import EKSResponse

from boutique_offline.rehearsal.account.eks.errors import not_found

Record = dict[str, Any]


@dataclass(frozen=True)
class Collection:
    """Records of one kind.

    Args:
        attribute: Attribute of moto's cluster that has the records by identifier.
        identifier: Member of a request that has the identifier.
        member: Member of a response that has one record.
        arn: Member of a record that has its ARN.
        changeable: Members that an update may set.
        missing: Message for an identifier that is not in the collection.
    """

    attribute: str
    identifier: str
    member: str
    arn: str
    changeable: tuple[str, ...]
    missing: str


ACCESS_ENTRIES: Final = Collection(
    attribute="access_entries",
    identifier="principalArn",
    member="accessEntry",
    arn="accessEntryArn",
    changeable=("kubernetesGroups", "username"),
    missing="The specified principalArn could not be found. You can view your available access entries with "
    "'list-access-entries'. ({})",
)
POD_IDENTITIES: Final = Collection(
    attribute="pod_identities",
    identifier="associationId",
    member="association",
    arn="associationArn",
    changeable=("roleArn", "disableSessionTags"),
    missing="Association id {} doesn't exist",
)
ADDONS: Final = Collection(
    attribute="addons",
    identifier="addonName",
    member="addon",
    arn="addonArn",
    changeable=("addonVersion", "configurationValues", "serviceAccountRoleArn"),
    missing="No addon: {} found in cluster",
)
COLLECTIONS: Final = (ACCESS_ENTRIES, POD_IDENTITIES, ADDONS)


class ClusterResponse(EKSResponse):
    """Base of the operations on a cluster's records."""

    @property
    def cluster(self) -> Any:
        """Returns the cluster that the request names."""
        name = self._get_param("name")
        if name not in self.eks_backend.clusters:
            raise not_found(CLUSTER_NOT_FOUND_MSG.format(clusterName=name))
        return self.eks_backend.clusters[name]

    def records(self, collection: Collection) -> dict[str, Record]:
        """Returns the cluster's records by identifier."""
        records: dict[str, Record] = getattr(self.cluster, collection.attribute)
        return records

    def find(self, collection: Collection) -> Record:
        """Returns the record that the request names."""
        identifier = self._get_param(collection.identifier)
        if identifier not in self.records(collection):
            raise not_found(collection.missing.format(identifier))
        return self.records(collection)[identifier]

    def add(self, collection: Collection, identifier: str, arn: str, **members: Any) -> Record:
        """Adds a record; `arn` is the part of its ARN after the account."""
        record = {
            "clusterName": self.cluster.name,
            collection.identifier: identifier,
            collection.arn: f"arn:aws:eks:{self.region}:{self.current_account}:{arn}",
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "tags": self._get_param("tags") or {},
            **members,
        }
        self.records(collection)[identifier] = record
        return record

    def change(self, collection: Collection) -> Record:
        """Sets the members that the request has."""
        record = self.find(collection)
        requested = {name: self._get_param(name) for name in collection.changeable}
        record |= {name: value for name, value in requested.items() if value is not None}
        record["modifiedAt"] = utcnow()
        return record

    def remove(self, collection: Collection) -> Record:
        """Removes the record that the request names and returns it."""
        record = self.find(collection)
        return self.records(collection).pop(record[collection.identifier])


def describe(collection: Collection) -> Callable[[ClusterResponse], ActionResult]:
    """Returns the operation that describes a record."""
    return lambda response: ActionResult({collection.member: response.find(collection)})


def list_identifiers(collection: Collection, member: str) -> Callable[[ClusterResponse], ActionResult]:
    """Returns the operation that lists the identifiers of all records."""
    return lambda response: ActionResult({member: sorted(response.records(collection))})


def update_result(kind: str) -> ActionResult:
    """Returns the response to an asynchronous change, which is finished already."""
    update = {"id": str(uuid.uuid4()), "status": "Successful", "type": kind, "params": [], "createdAt": utcnow()}
    return ActionResult({"update": update})
