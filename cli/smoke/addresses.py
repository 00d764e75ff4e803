"""The addresses at which a stack's shop is reached, from its settings."""

from cli.stacks.names import require_stack
from infra.config.settings import check_settings, read_settings


def addresses(target: str) -> list[str]:
    """Returns the addresses of a stack's external services, or the target itself if it is an address."""
    if "." in target or ":" in target:
        return [target]
    require_stack(target)
    return list(check_settings(target, read_settings(target)).addresses().values())
