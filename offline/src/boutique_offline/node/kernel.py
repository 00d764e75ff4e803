"""Changes to the running kernel: settings, which are restored afterwards, and a control group, which is removed."""

import contextlib
import json
import subprocess
from pathlib import Path
from typing import Final

CGROUP: Final = "boutique"
_SETTINGS: Final = Path("/proc/sys")
_CGROUPS: Final = Path("/sys/fs/cgroup")
_REQUIRED: Final = {
    "net/ipv4/ip_forward": "1",
    # Packets between pods cross the bridge; Services and network policies are rules of iptables.
    "net/bridge/bridge-nf-call-iptables": "1",
}
# The kubelet and kube-proxy change these.
_CHANGED_BY_COMPONENTS: Final = (
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "net/ipv4/conf/all/route_localnet",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)


def prepare(saved_settings: Path) -> None:
    """Sets what the node needs. Saves the previous settings in the file, unless an earlier run did."""
    if not (_SETTINGS / "net/bridge").exists():
        subprocess.run(["modprobe", "br_netfilter"], check=False, capture_output=True)
    if not saved_settings.exists():
        names = [name for name in (*_REQUIRED, *_CHANGED_BY_COMPONENTS) if (_SETTINGS / name).exists()]
        before = {name: (_SETTINGS / name).read_text().strip() for name in names}
        unfinished = saved_settings.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(before, indent=2))
        unfinished.rename(saved_settings)
    for name, value in _REQUIRED.items():
        (_SETTINGS / name).write_text(value)
    # The kubelet would search each group of an earlier run for containers, which takes seconds.
    _remove_cgroups()
    _create_cgroups()


def restore(saved_settings: Path) -> None:
    """Restores the saved settings and removes the control groups."""
    if saved_settings.exists():
        for name, value in json.loads(saved_settings.read_text()).items():
            (_SETTINGS / name).write_text(value)
    _remove_cgroups()


def leftovers() -> list[str]:
    """Returns what `restore` could not remove."""
    return [f"control group {group}" for group in _our_cgroups()]


def _our_cgroups() -> list[Path]:
    return [group for root in _hierarchies() if (group := root / CGROUP).exists()]


def _hierarchies() -> list[Path]:
    """Returns the hierarchy of version 2, or those of version 1 without links to the same one."""
    if (_CGROUPS / "cgroup.controllers").exists():
        return [_CGROUPS]
    return [path for path in _CGROUPS.iterdir() if path.is_dir() and not path.is_symlink()]


def _remove_cgroups() -> None:
    for group in _our_cgroups():
        for directory in sorted(filter(Path.is_dir, group.rglob("*")), reverse=True):
            directory.rmdir()
        group.rmdir()


def _create_cgroups() -> None:
    if (_CGROUPS / "cgroup.controllers").exists():
        for controller in (_CGROUPS / "cgroup.controllers").read_text().split():
            with contextlib.suppress(OSError):
                (_CGROUPS / "cgroup.subtree_control").write_text(f"+{controller}")
    for root in _hierarchies():
        (root / CGROUP).mkdir(exist_ok=True)
