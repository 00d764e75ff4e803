"""The addresses at which a stack's shop is reached, from its settings."""

from cli.stacks.names import stack_names
from infra.config.aws import AwsSettings
from infra.config.local import LocalSettings
from infra.config.settings import check_settings, read_settings


def addresses(target: str) -> list[str]:
    """Returns the addresses of a stack's external services, or the target itself if it is not the name of a stack."""
    if target not in stack_names():
        return [target]
    match check_settings(target, read_settings(target)).platform:
        case LocalSettings(node_ports=ports):
            return [f"http://localhost:{port}" for port in ports.values()]
        case AwsSettings(dns=dns):
            return [f"https://{dns.host(service)}" for service in dns.hosts]
