"""Where a stack's shop is reached, as its settings say: no state is asked."""

from infra.config.aws import AwsSettings
from infra.config.local import LocalSettings
from infra.config.settings import Settings


def addresses(settings: Settings) -> list[str]:
    """One for each external service, in the order of the settings."""
    match settings.platform:
        case LocalSettings(node_ports=ports):
            return [f"http://localhost:{port}" for port in ports.values()]
        case AwsSettings(dns=dns):
            return [f"https://{dns.host(service)}" for service in dns.hosts]
