"""The operations on a stack, wherever it runs."""

from typing import Protocol


class Target(Protocol):
    """A stack and where it runs: on this machine, in an AWS account, or in a rehearsal of one.

    Every method raises ActionableError if it fails, after Pulumi has printed why.
    """

    def up(self) -> list[str]:
        """Deploys the shop. Returns the addresses at which it can be reached from here."""

    def preview(self) -> None:
        """Prints what `up` would change."""

    def plan(self, *, refresh: bool = False) -> str:
        """Returns what `up` would do, as JSON. With `refresh`, it also reverts what was changed outside Pulumi."""

    def refresh(self) -> None:
        """Prints what was changed outside Pulumi and records it in the state. The next `up` reverts it."""

    def images(self) -> None:
        """Builds the images, puts them where the stack reads them, and prints their references."""

    def versions(self) -> dict[str, str]:
        """Returns the image of each service that runs, or nothing if the stack was not deployed yet."""

    def down(self, *, confirmed: bool = False) -> int:
        """Removes the stack and everything that `up` created.

        Args:
            confirmed: Does not ask for the stack's name, where that is asked at all.

        Returns:
            The exit status: 1 if something is left.
        """
