"""Access entries and the access policies associated with them."""

import re
import uuid
from typing import Any, Final

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.eks.exceptions import InvalidRequestException

from boutique_offline.rehearsal.account.eks.collections import (
    ACCESS_ENTRIES,
    ClusterResponse,
    Record,
    describe,
    list_identifiers,
)
from boutique_offline.rehearsal.account.eks.errors import in_use, invalid, not_found

_PRINCIPAL: Final = re.compile(r"arn:aws:iam::[0-9]{12}:(role|user)/.+")
_TYPES: Final = ("EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX", "STANDARD")
_TYPES_WITH_POLICIES: Final = ("EC2", "STANDARD")
_MAX_POLICIES: Final = 20
_POLICY: Final = "arn:aws:eks::aws:cluster-access-policy/AmazonEKS{}Policy"
_POLICIES: Final = {
    _POLICY.format(name) for name in ("Admin", "AdminView", "AutoNode", "ClusterAdmin", "Edit", "SecretReader", "View")
}


class AccessEntries(ClusterResponse):
    """Adds the operations on access entries."""

    describe_access_entry = describe(ACCESS_ENTRIES)
    list_access_entries = list_identifiers(ACCESS_ENTRIES, "accessEntries")

    def create_access_entry(self) -> ActionResult:
        principal, kind = self._get_param("principalArn"), self._get_param("type") or "STANDARD"
        if self.cluster.access_config["authenticationMode"] == "CONFIG_MAP":
            raise InvalidRequestException(
                message="The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform "
                "this operation."
            )
        if not _PRINCIPAL.fullmatch(principal):
            raise invalid("The specified principalArn is invalid: invalid principal.")
        if kind not in _TYPES:
            raise invalid(f"The type {kind} is not one of {', '.join(_TYPES)}")
        if principal in self.records(ACCESS_ENTRIES):
            raise in_use("The specified access entry resource is already in use on this cluster.")
        groups, username = self._get_param("kubernetesGroups") or [], self._get_param("username") or principal
        entry = self._add_entry(principal, kind, kubernetesGroups=groups, username=username)
        return ActionResult({"accessEntry": entry})

    def add_entry_of_nodes(self, role: str) -> None:
        """Adds the entry that EKS itself creates for the nodes of Auto Mode."""
        entry = self._add_entry(role, "EC2", kubernetesGroups=[], username=role, tags={})
        policy = _POLICY.format("AutoNode")
        entry["policies"][policy] = _association(policy, {"type": "cluster", "namespaces": []})

    def _add_entry(self, principal: str, kind: str, **members: Any) -> Record:
        arn = f"access-entry/{self.cluster.name}/{principal.rpartition(':')[2]}/{uuid.uuid4()}"
        return self.add(ACCESS_ENTRIES, principal, arn, type=kind, policies={}, **members)

    def update_access_entry(self) -> ActionResult:
        return ActionResult({"accessEntry": self.change(ACCESS_ENTRIES)})

    def delete_access_entry(self) -> ActionResult:
        self.remove(ACCESS_ENTRIES)
        return EmptyResult()

    def associate_access_policy(self) -> ActionResult:
        entry, policy, scope = self.find(ACCESS_ENTRIES), self._get_param("policyArn"), self._get_param("accessScope")
        if policy not in _POLICIES:
            raise invalid("The policyArn parameter format is not valid")
        if entry["type"] not in _TYPES_WITH_POLICIES:
            raise invalid(f"Access policies cannot be associated with an entry of type {entry['type']}")
        if scope.get("type") == "namespace" and not scope.get("namespaces"):
            raise invalid("An access scope of type namespace needs namespaces")
        if policy not in entry["policies"] and len(entry["policies"]) >= _MAX_POLICIES:
            raise invalid(f"An access entry can have at most {_MAX_POLICIES} access policies")
        entry["policies"][policy] = _association(policy, {"namespaces": [], **scope})
        return _with_names(entry, associatedAccessPolicy=entry["policies"][policy])

    def list_associated_access_policies(self) -> ActionResult:
        entry = self.find(ACCESS_ENTRIES)
        return _with_names(entry, associatedAccessPolicies=list(entry["policies"].values()))

    def disassociate_access_policy(self) -> ActionResult:
        entry, policy = self.find(ACCESS_ENTRIES), self._get_param("policyArn")
        if entry["policies"].pop(policy, None) is None:
            raise not_found(f"The policy {policy} is not associated with {entry['principalArn']}")
        return EmptyResult()


def _association(policy: str, scope: Record) -> Record:
    return {"policyArn": policy, "accessScope": scope, "associatedAt": utcnow(), "modifiedAt": utcnow()}


def _with_names(entry: Record, **members: Any) -> ActionResult:
    return ActionResult({"clusterName": entry["clusterName"], "principalArn": entry["principalArn"], **members})
