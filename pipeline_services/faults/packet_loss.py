"""A fault of the network that no policy makes: a share of a pod's packets is lost, in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline_services.faults.journal import Command, Step
from pipeline_services.faults.model import Fault, Node, Proof

# $1 a pod's address, $2 what to do in its network namespace, which lives as long as the pod. No pod: nothing is done.
_IN_POD: Final = """
for space in /var/run/netns/*; do
  nsenter --net="$space" ip -o -4 address 2>/dev/null | grep -qF " $1/" && nsenter --net="$space" sh -c "$2"
done
true
"""
_RULES: Final = """
for chain in 'INPUT ! -i lo' 'OUTPUT ! -o lo'; do
  iptables {verb} $chain -m statistic --mode random --probability {share} -j DROP
done
"""
_LOST: Final = "iptables -nvxL | sed -n 's/^ *\\([0-9]*\\) .* statistic .*/\\1/p'"


def packets_lost(node: Node, addresses: Sequence[str], share: float) -> Fault:
    """The fault that loses a share (0 to 1) of what the pods with these addresses send and get, but for loopback.

    Raises:
        ValueError: no address, so no target; or no share of anything.
    """
    if not addresses or not 0 < share < 1:
        raise ValueError(f"a fault needs an explicit target: a share of {share} of the packets of {addresses}")

    def lost(address: str) -> list[int]:
        """Packets lost by each rule that is there."""
        return [int(line) for line in node.on_node(_words(address, _LOST)).split()]

    whose, text = " and ".join(addresses), f"{share:.0%}"
    return Fault(
        f"{text} of the packets of {whose} lost",
        [_step(one, "-A", share, f"{text} of the packets of {one} lost") for one in addresses],
        [_step(one, "-D", share, f"no packet of {one} lost any more") for one in addresses],
        Proof(f"packets of {whose} to be lost", lambda: all(sum(lost(one)) for one in addresses)),
        Proof(f"no packet of {whose} to be lost", lambda: not any(lost(one) for one in addresses)),
    )


def port_dropped(node: Node, addresses: Sequence[str], port: int) -> Fault:
    """The fault that drops whatever the pods with these addresses send to a port, over open connections, too.

    Raises:
        ValueError: no address, so no target.
    """
    if not addresses:
        raise ValueError(f"a fault needs an explicit target: whose packets to port {port}")
    rule = f"OUTPUT -p tcp --dport {port} -j DROP"

    def dropped(address: str) -> bool:
        return "dropped" in node.on_node(_words(address, f"iptables -C {rule} && echo dropped"))

    def changed(verb: str, what: str) -> list[Step]:
        return [
            Command(_words(one, f"iptables {verb} {rule}"), f"packets of {one} to port {port} {what}")
            for one in addresses
        ]

    whose = " and ".join(addresses)
    return Fault(
        f"packets of {whose} to port {port} dropped",
        changed("-A", "dropped"),
        changed("-D", "dropped no more"),
        Proof(f"packets of {whose} to port {port} to be dropped", lambda: all(map(dropped, addresses))),
        Proof(f"packets of {whose} to port {port} to go through", lambda: not any(map(dropped, addresses))),
    )


def _step(address: str, verb: str, share: float, summary: str) -> Command:
    return Command(_words(address, _RULES.format(verb=verb, share=share)), summary)


def _words(address: str, script: str) -> list[str]:
    return ["sh", "-c", _IN_POD, "sh", address, script]
