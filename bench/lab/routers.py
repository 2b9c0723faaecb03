"""Networks, and routers between them: the kernel's own NAT, told to be as bad as those in people's homes."""

from __future__ import annotations

import itertools

from bench.lab import rules
from bench.lab.machines import Machine, run
from bench.lab.rules import Kind, Strangers

_ports = itertools.count()  # several networks may share a bridge


class Network:
    """A segment: a bridge on one machine. `prefix` is all of an address but its last number."""

    def __init__(self, machine: Machine, bridge: str, prefix: str) -> None:
        self.machine = machine
        self.prefix = prefix
        self.gateway = f"{prefix}1"
        self._bridge = bridge
        self._numbers = itertools.count(10)
        machine.ip(f"addr add {self.gateway}/{self._length} dev {bridge}")

    @property
    def _length(self) -> int:
        return 64 if ":" in self.prefix else 24

    def plug_in(self, machine: Machine, device: str) -> str:
        """A cable from `device` of a machine. Returns its address here; the gateway is its way out."""
        number = next(self._numbers)
        port = f"{self._bridge}-{next(_ports)}"
        here = self.machine.name
        run("ip", "link", "add", device, "netns", machine.name, "type", "veth", "peer", "name", port,
             "netns", here)  # fmt: skip
        self.machine.ip(f"link set {port} master {self._bridge}", f"link set {port} up")
        address = f"{self.prefix}{number}"
        machine.ip(f"addr add {address}/{self._length} dev {device}", f"link set {device} up")
        self.lead_out(machine, device)
        return address

    def renumber(self, machine: Machine, device: str, address: str) -> str:
        """Another address instead of this one, which it returns."""
        machine.ip(f"addr del {address}/{self._length} dev {device}")
        address = f"{self.prefix}{next(self._numbers)}"
        machine.ip(f"addr add {address}/{self._length} dev {device}")
        self.lead_out(machine, device)
        return address

    def lead_out(self, machine: Machine, device: str) -> None:
        """Its default route."""
        machine.ip(f"route replace default via {self.gateway} dev {device}")


class Router:
    """A home router, or a carrier's. `inside` is its own network.

    Its outer device is called "wan", the inner one "lan".
    """

    def __init__(
        self,
        machine: Machine,
        kind: Kind,
        above: Network,
        inside: str,
        strangers: Strangers = Strangers.DROP,
    ) -> None:
        self.kind = kind
        self.machine = machine
        self._above = above
        machine.ip(*bridge("lan"))
        self.inside = Network(machine, "lan", inside)
        if kind is Kind.IPV6_ONLY:
            machine.sysctl("net/ipv6/conf/all/forwarding", 1)
        else:
            machine.sysctl("net/ipv4/ip_forward", 1)
        self.address = above.plug_in(machine, "wan")
        if kind is Kind.IPV6_ONLY:
            above.machine.ip(f"route add {inside}/64 via {self.address}")
        machine.nft(rules.router(kind, strangers))

    def second_network(self, prefix: str, *, apart: bool = False) -> Network:
        """Another inner network; `apart`: the two cannot talk, as a guest network and the people's own."""
        self.machine.ip(*bridge("guest"))
        if apart:
            self.machine.nft(rules.APART)
        return Network(self.machine, "guest", prefix)

    def turn_back(self) -> None:
        """From now on who calls its outer address from inside is led back in: a hairpin, for UDP."""
        self.machine.nft(rules.hairpin(self.address))

    def forget_after(self, seconds: int) -> None:
        """How long a mapping of UDP lives that nothing uses, from now on."""
        for state in ("", "_stream"):
            self.machine.sysctl(f"net/netfilter/nf_conntrack_udp_timeout{state}", seconds)

    def reboot(self) -> None:
        """The outer cable is out and in again: the kernel forgets every mapping that leads through it."""
        self.machine.ip("link set wan down")
        if self.kind in (Kind.FULL_CONE, Kind.ADDRESS_RESTRICTED):
            self.machine.nft(rules.FORGET)
        self.machine.ip("link set wan up")
        self._above.lead_out(self.machine, "wan")

    def move(self) -> None:
        """The provider gives it another address; the kernel forgets what it kept for the old one."""
        self.address = self._above.renumber(self.machine, "wan", self.address)

    def cut(self, other: Router) -> None:
        """From now on nothing passes between the two homes; relays are still reached."""
        self.machine.nft(rules.cut(other.address))

    def mend(self) -> None:
        """As before the cut."""
        self.machine.nft(rules.MEND)

    def block_udp(self) -> None:
        """From now on nothing but TCP passes."""
        self.machine.nft(rules.BLOCK_UDP)

    def unblock_udp(self) -> None:
        """As before."""
        self.machine.nft(rules.UNBLOCK_UDP)


def bridge(name: str) -> tuple[str, ...]:
    """Commands that make one.

    Left alone it changes its own address whenever it gets a port, and who knew the old one loses it.
    """
    return f"link add {name} address 02:00:00:00:00:01 type bridge", f"link set {name} up"
