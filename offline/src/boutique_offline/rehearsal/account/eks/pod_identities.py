"""Pod Identity associations: which role the pods of a service account have."""

import uuid

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends

from boutique_offline.rehearsal.account.eks.collections import POD_IDENTITIES, ClusterResponse, describe
from boutique_offline.rehearsal.account.eks.errors import in_use, invalid


class PodIdentities(ClusterResponse):
    """Adds the operations on Pod Identity associations."""

    describe_pod_identity_association = describe(POD_IDENTITIES)

    def create_pod_identity_association(self) -> ActionResult:
        names = {name: self._get_param(name) for name in ("namespace", "serviceAccount")}
        for present in self.records(POD_IDENTITIES).values():
            if names.items() <= present.items():
                raise in_use(f"Association already exists: {present['associationId']}")
        self._check_role(self._get_param("roleArn"))
        identifier = f"a-{uuid.uuid4().hex[:17]}"
        association = self.add(
            POD_IDENTITIES,
            identifier,
            f"podidentityassociation/{self.cluster.name}/{identifier}",
            **names,
            roleArn=self._get_param("roleArn"),
            disableSessionTags=bool(self._get_param("disableSessionTags")),
        )
        return ActionResult({"association": association})

    def list_pod_identity_associations(self) -> ActionResult:
        wanted = {name: value for name in ("namespace", "serviceAccount") if (value := self._get_param(name))}
        found = [each for each in self.records(POD_IDENTITIES).values() if wanted.items() <= each.items()]
        return ActionResult({"associations": found})

    def update_pod_identity_association(self) -> ActionResult:
        if role := self._get_param("roleArn"):
            self._check_role(role)
        return ActionResult({"association": self.change(POD_IDENTITIES)})

    def delete_pod_identity_association(self) -> ActionResult:
        return ActionResult({"association": self.remove(POD_IDENTITIES)})

    def _check_role(self, arn: str) -> None:
        roles = iam_backends[self.current_account]["aws"].roles.values()
        if not any(role.arn == arn for role in roles):
            raise invalid("Role provided in the request does not exist")
