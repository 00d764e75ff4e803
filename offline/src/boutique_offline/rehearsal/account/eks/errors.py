"""Errors of the EKS API."""

from typing import Final

from moto.eks.exceptions import InvalidParameterException, ResourceInUseException, ResourceNotFoundException

_NO_NAMES: Final = dict.fromkeys(("clusterName", "nodegroupName", "addonName"))


def invalid(message: str) -> InvalidParameterException:
    """Returns an InvalidParameterException, which has the status 400."""
    return InvalidParameterException(**_NO_NAMES, fargateProfileName=None, message=message)


def in_use(message: str) -> ResourceInUseException:
    """Returns a ResourceInUseException, which has the status 409."""
    return ResourceInUseException(**_NO_NAMES, message=message)


def not_found(message: str) -> ResourceNotFoundException:
    """Returns a ResourceNotFoundException, which has the status 404."""
    return ResourceNotFoundException(**_NO_NAMES, fargateProfileName=None, message=message)
