"""What every resource in AWS is called and tagged with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

PROJECT = "boutique"
STATE_KEY_ALIAS = "alias/boutique-state"
"""Of the key that encrypts the secrets in Pulumi's state, and the bucket that it is in."""


def state_bucket(account: str, region: str) -> str:
    """The bucket of Pulumi's state, for all stacks of an account and region."""
    return f"{PROJECT}-state-{account}-{region}"


@dataclass(frozen=True)
class Naming:
    """Of a stack. Names are its own, so that many stacks share an account; tags find all that a stack made."""

    stack: str
    expires: date | None = None

    def name(self, *parts: str) -> str:
        """Such as `boutique-dev-cart-data`; with no parts that of the environment itself."""
        return "-".join((PROJECT, self.stack, *parts))

    def tags(self) -> Mapping[str, str]:
        """Set once, as the provider's default tags, and so on every resource that takes tags."""
        tags = {"boutique:project": PROJECT, "boutique:stack": self.stack, "boutique:managed-by": "pulumi"}
        return tags | ({"boutique:expires": self.expires.isoformat()} if self.expires else {})
