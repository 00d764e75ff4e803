"""Replaces moto's responses by extended ones before the first request. docs/rehearsal.md lists the differences."""

from types import ModuleType
from typing import Any, Final

import moto.budgets.urls
import moto.ec2.urls
import moto.eks.urls
import moto.elasticache.urls
import moto.rds.urls

from boutique_offline.rehearsal.account import budgets, ec2, elasticache, rds, s3
from boutique_offline.rehearsal.account.eks import clusters

_RESPONSES: Final[tuple[tuple[ModuleType, Any], ...]] = (
    (moto.budgets.urls, budgets.Response),
    (moto.ec2.urls, ec2.Response),
    (moto.eks.urls, clusters.Response),
    (moto.elasticache.urls, elasticache.Response),
    (moto.rds.urls, rds.Response),
)
"""A response has the operations that differ from moto's, under the names that moto gives them."""

_EKS_PATHS: Final = ("{0}/clusters/(?P<name>[^/]+)/(?P<rest>.+)$", "{0}/cluster-versions$")
"""Paths of the EKS API that moto does not route."""


def install() -> None:
    """Makes moto serve the extended responses."""
    for urls, response in _RESPONSES:
        more = _EKS_PATHS if urls is moto.eks.urls else ()
        urls.url_paths.update(dict.fromkeys([*more, *urls.url_paths], response.dispatch))
    s3.ignore_missing_tls()
