"""EC2 beyond moto's: a NAT gateway takes its network interface with it."""

from moto.core.responses import ActionResult
from moto.ec2 import urls
from moto.ec2.responses import EC2Response


def extend() -> None:
    for path in urls.url_paths:
        urls.url_paths[path] = Response.dispatch


class Response(EC2Response):
    """Operations by their names in moto's spelling; what moto has and this lacks is moto's."""

    def delete_nat_gateway(self) -> ActionResult:
        gateway = self.ec2_backend.nat_gateways.get(self._get_param("NatGatewayId"))
        answer: ActionResult = super().delete_nat_gateway()
        if gateway:
            for address in gateway.address_set:
                self.ec2_backend.enis.pop(address.get("networkInterfaceId"), None)
        return answer
