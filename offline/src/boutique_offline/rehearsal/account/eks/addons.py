"""Add-ons. They are only recorded: nothing is installed in the cluster."""

import uuid

from moto.core.responses import ActionResult

from boutique_offline.rehearsal.account import offerings
from boutique_offline.rehearsal.account.eks.collections import (
    ADDONS,
    ClusterResponse,
    describe,
    list_identifiers,
    update_result,
)
from boutique_offline.rehearsal.account.eks.errors import in_use, invalid


class Addons(ClusterResponse):
    """Adds the operations on add-ons."""

    describe_addon = describe(ADDONS)
    list_addons = list_identifiers(ADDONS, "addons")

    def create_addon(self) -> ActionResult:
        name = self._get_param("addonName")
        if name not in offerings.ADDONS:
            raise invalid(f"Addon {name} specified is not supported in {self.cluster.version} kubernetes version")
        if name in self.records(ADDONS):
            raise in_use("Addon already exists.")
        addon = self.add(
            ADDONS,
            name,
            f"addon/{self.cluster.name}/{name}/{uuid.uuid4()}",
            status="ACTIVE",
            health={"issues": []},
            addonVersion=self._get_param("addonVersion") or offerings.ADDON_VERSION,
            configurationValues=self._get_param("configurationValues"),
            serviceAccountRoleArn=self._get_param("serviceAccountRoleArn"),
        )
        return ActionResult({"addon": addon})

    def update_addon(self) -> ActionResult:
        self.change(ADDONS)
        return update_result("AddonUpdate")

    def delete_addon(self) -> ActionResult:
        return ActionResult({"addon": self.remove(ADDONS) | {"status": "DELETING"}})
