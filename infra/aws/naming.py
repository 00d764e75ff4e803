"""The names and tags of resources in AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

PROJECT = "boutique"
STATE_KEY_ALIAS = "alias/boutique-state"
"""The alias of the key that encrypts Pulumi's state: its secrets, and the bucket that it is in."""


def state_bucket(account: str, region: str) -> str:
    """Returns the name of the bucket with Pulumi's state, for all stacks of an account and region."""
    return f"{PROJECT}-state-{account}-{region}"


@dataclass(frozen=True)
class Naming:
    """The names and tags of one stack. Stacks can share an account, since names and tags contain the stack's name."""

    stack: str
    expires: date | None = None

    def name(self, *parts: str) -> str:
        """Returns a name such as `boutique-dev-cart-data`; without parts, the stack's own: `boutique-dev`."""
        return "-".join((PROJECT, self.stack, *parts))

    def tags(self) -> Mapping[str, str]:
        """Returns the tags of every resource. They are set once, as the provider's default tags."""
        tags = {"boutique:project": PROJECT, "boutique:stack": self.stack, "boutique:managed-by": "pulumi"}
        return tags | ({"boutique:expires": self.expires.isoformat()} if self.expires else {})
