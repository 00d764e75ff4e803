"""Names of moto's attributes."""

import re


def attribute_name(member: str) -> str:
    """Returns the name of moto's attribute for a member of the API, such as `cluster_version` for `ClusterVersion`."""
    return re.sub("([A-Z])", r"_\1", member).lower().lstrip("_")
