"""Asks git which files a pipeline has to check."""

import re
import subprocess
from pathlib import Path

MAIN = "main"


def changed_on_branch(root: Path) -> list[str] | None:
    """Returns the files changed since the branch left main, or None if git cannot tell."""
    # CircleCI's checkout may know no branch of the remote but its own.
    _git(root, "fetch", "--quiet", "origin", f"+{MAIN}:refs/remotes/origin/{MAIN}")
    base = _git(root, "merge-base", "HEAD", f"origin/{MAIN}")
    return _changed(root, base.strip()) if base else None


def changed_since(root: Path, revision: str) -> list[str] | None:
    """Returns the files changed since a revision, or None if git cannot tell or nothing has changed.

    Nothing has changed when a person starts a pipeline again, which means that everything should run.
    """
    return (_changed(root, revision) or None) if revision else None


def github_repository(root: Path) -> str | None:
    """Returns the `owner/name` of the repository this is a clone of, or None if it is not on GitHub."""
    origin = (_git(root, "remote", "get-url", "origin") or "").strip()
    match = re.fullmatch(r"(?:https://|ssh://git@|git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?", origin)
    return match[1] if match else None


def is_ancestor(root: Path, revision: str) -> bool:
    """Returns True if the revision is the current one or one before it."""
    return _git(root, "merge-base", "--is-ancestor", revision, "HEAD") is not None


def _changed(root: Path, base: str) -> list[str] | None:
    """Returns both names of a renamed file."""
    listed = _git(root, "diff", "--name-only", "--no-renames", "-z", base, "HEAD")
    return None if listed is None else [name for name in listed.split("\0") if name]


def _git(root: Path, *arguments: str) -> str | None:
    """Returns git's output, or None if it fails."""
    result = subprocess.run(["git", *arguments], cwd=root, check=False, capture_output=True, text=True)
    return result.stdout if result.returncode == 0 else None
