"""The stacks that this repository has settings for."""

from dev.virtual_environment import ROOT


def stack_names() -> list[str]:
    """Returns the name of every stack that has a settings file, sorted."""
    return sorted(path.stem.removeprefix("Pulumi.") for path in ROOT.glob("stacks/Pulumi.*.yaml"))
