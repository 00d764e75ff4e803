"""Extends moto's EC2: deleting a NAT gateway also deletes its network interface."""

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response


class Response(EC2Response):
    """Replaces the operations of EC2 that differ from moto's."""

    def delete_nat_gateway(self) -> ActionResult:
        gateway = self.ec2_backend.nat_gateways.get(self._get_param("NatGatewayId"))
        response: ActionResult = super().delete_nat_gateway()
        for address in gateway.address_set if gateway else ():
            self.ec2_backend.enis.pop(address.get("networkInterfaceId"), None)
        return response
