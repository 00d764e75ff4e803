"""The addresses of the node, and its changes to the host's network.

The node's own address is that of the bridge to which its pods connect. It does not depend on the machine's
network, and pods reach the API at it.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, ip_network
from pathlib import Path
from typing import Final, Self

from dev.errors import ActionableError

BRIDGE: Final = "boutique0"
# Otherwise a bridge takes the lowest address of its members, and pods lose their gateway when that member leaves.
_BRIDGE_MAC: Final = "02:b0:07:19:0e:01"
_COMMENT: Final = "boutique"
# Chains and sets of addresses of kube-proxy, the kubelet and the network policies.
_COMPONENTS_PREFIX: Final = "KUBE-"
_BLOCKS: Final = ("10.244.0.0/15", "10.42.0.0/15", "10.130.0.0/15", "172.30.0.0/15", "10.200.0.0/15")
_LISTENING: Final = "0A"


@dataclass(frozen=True)
class Network:
    """The ranges of pods and of Services."""

    pods: IPv4Network
    services: IPv4Network

    @classmethod
    def free(cls) -> Self:
        """Returns the first pair of ranges to which no route leads. Raises ActionableError if there is none."""
        routes = json.loads(_output("ip", "-json", "-4", "route", "show", "table", "main"))
        taken = [ip_network(route["dst"]) for route in routes if route["dst"] != "default"]
        for block in map(IPv4Network, _BLOCKS):
            if not any(block.overlaps(network) for network in taken if isinstance(network, IPv4Network)):
                return cls(*block.subnets(new_prefix=16))
        raise ActionableError(f"This machine has routes to all of {', '.join(_BLOCKS)}: no range is free for pods.")

    @property
    def node(self) -> IPv4Address:
        """The node's address, which is also the bridge's: the first of the range of pods."""
        return self.pods[1]

    @property
    def api_service(self) -> IPv4Address:
        """The address of the API's Service: Kubernetes gives it the first of the range."""
        return self.services[1]

    @property
    def dns(self) -> IPv4Address:
        """The address of the cluster's DNS."""
        return self.services[10]


def connect(network: Network) -> None:
    """Creates the bridge and the rules that let pods out through it, unless they exist."""
    if not Path("/sys/class/net", BRIDGE).exists():
        _output("ip", "link", "add", BRIDGE, "address", _BRIDGE_MAC, "type", "bridge")
    _output("ip", "address", "replace", f"{network.node}/{network.pods.prefixlen}", "dev", BRIDGE)
    _output("ip", "link", "set", BRIDGE, "up")
    # kube-proxy's rules apply to connections from this machine only if there is a route to Services.
    _output("ip", "route", "replace", str(network.services), "dev", BRIDGE)
    pods = str(network.pods)
    _rule("nat", "POSTROUTING", "-s", pods, "!", "-d", pods, "-j", "MASQUERADE")
    # By default, Docker and firewalls drop forwarded packets.
    _rule("filter", "FORWARD", "-i", BRIDGE, "-j", "ACCEPT")
    _rule("filter", "FORWARD", "-o", BRIDGE, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT")


def disconnect() -> None:
    """Removes the bridge, our rules, and those of the components. Other rules stay."""
    bridge = Path("/sys/class/net", BRIDGE)
    if bridge.exists():
        # The kernel takes a while to remove a link whose other end is gone.
        for link in [*(path.name for path in (bridge / "brif").iterdir()), BRIDGE]:
            subprocess.run(["ip", "link", "delete", link], check=False, capture_output=True)
    for family in ("iptables", "ip6tables"):
        rules = _output(f"{family}-save").splitlines()
        if any(_ours(rule) for rule in rules):
            others = "\n".join(rule for rule in rules if not _ours(rule))
            _output(f"{family}-restore", standard_input=f"{others}\n")
    for addresses in _address_sets():
        _output("ipset", "destroy", addresses)


def leftovers() -> list[str]:
    """Returns what `disconnect` could not remove."""
    rules = [rule for family in ("iptables", "ip6tables") for rule in _output(f"{family}-save").splitlines()]
    return [
        *([f"network interface {BRIDGE}"] if Path("/sys/class/net", BRIDGE).exists() else []),
        *(f"firewall rule {rule}" for rule in rules if _ours(rule)),
        *(f"set of addresses {addresses}" for addresses in _address_sets()),
    ]


def port_user(address: str, port: int) -> str | None:
    """Returns the process that listens on the port, at this address or at all of them, or None."""
    for family, any_address in (("tcp", "0.0.0.0"), ("tcp6", "::")):  # noqa: S104, compared to, not bound to
        for line in Path("/proc/net", family).read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            host, _, hexadecimal_port = local.partition(":")
            if state == _LISTENING and int(hexadecimal_port, 16) == port:
                listening = _address(host)
                if listening in (address, any_address):
                    return _process_of_socket(inode)
    return None


def _address(hexadecimal: str) -> str:
    """Returns an address of /proc/net, which has words of 4 bytes in the machine's order."""
    if set(hexadecimal) == {"0"}:
        return "0.0.0.0" if len(hexadecimal) == 8 else "::"  # noqa: S104
    return str(IPv4Address(bytes.fromhex(hexadecimal[-8:])[::-1]))


def _process_of_socket(inode: str) -> str:
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(descriptor.readlink()) == f"socket:[{inode}]":
                process = descriptor.parents[1]
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:
            continue
    return "a process of another user"


def _ours(rule: str) -> bool:
    return f"--comment {_COMMENT} " in f"{rule} " or _COMPONENTS_PREFIX in rule


def _address_sets() -> list[str]:
    if not shutil.which("ipset"):
        return []
    return [name for name in _output("ipset", "list", "-name").split() if _COMPONENTS_PREFIX in name]


def _rule(table: str, chain: str, *rule: str) -> None:
    arguments = ["-w", "-t", table]
    rule = (*rule, "-m", "comment", "--comment", _COMMENT)
    present = subprocess.run(["iptables", *arguments, "-C", chain, *rule], check=False, capture_output=True)
    if present.returncode != 0:
        _output("iptables", *arguments, "-I", chain, *rule)


def _output(*command: str, standard_input: str | None = None) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, input=standard_input).stdout
    except subprocess.CalledProcessError as error:
        raise ActionableError(f"{' '.join(command)} failed: {error.stderr.strip()}") from error
