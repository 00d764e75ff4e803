"""Which files a pipeline's revision changes, as git knows it."""

import re
import subprocess
from pathlib import Path

MAIN = "main"


def changed_on_branch(root: Path) -> list[str] | None:
    """Since the branch left main. None where git can't tell: then all of it is to be looked at."""
    # What a pipeline checks out may have no more of the remote than its own branch.
    _git(root, "fetch", "--quiet", "origin", f"+{MAIN}:refs/remotes/origin/{MAIN}")
    base = _git(root, "merge-base", "HEAD", f"origin/{MAIN}")
    return _changed(root, base.strip()) if base else None


def changed_since(root: Path, revision: str) -> list[str] | None:
    """Since that revision, which is the former pipeline's. None where git can't tell, or nothing has changed.

    A pipeline that a person starts where nothing has changed is asked for all of it.
    """
    return (_changed(root, revision) or None) if revision else None


def on_github(root: Path) -> str | None:
    """The `owner/name` of the repository that this is a clone of; None where that is not on GitHub."""
    address = re.fullmatch(r"(?:https://|ssh://git@|git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?", _origin(root))
    return address[1] if address else None


def _origin(root: Path) -> str:
    return (_git(root, "remote", "get-url", "origin") or "").strip()


def is_ancestor(root: Path, revision: str) -> bool:
    """Whether what is checked out came after that revision, or is that revision."""
    return _git(root, "merge-base", "--is-ancestor", revision, "HEAD") is not None


def _changed(root: Path, base: str) -> list[str] | None:
    """A renamed file counts by both its names."""
    listed = _git(root, "diff", "--name-only", "--no-renames", "-z", base, "HEAD")
    return None if listed is None else [name for name in listed.split("\0") if name]


def _git(root: Path, *arguments: str) -> str | None:
    """What it prints; None where it fails."""
    ran = subprocess.run(["git", *arguments], cwd=root, check=False, capture_output=True, text=True)
    return ran.stdout if ran.returncode == 0 else None
