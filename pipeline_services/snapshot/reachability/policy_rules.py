"""What NetworkPolicies let through: which ports, between which pods, and between pods and what is not in the namespace.

A NetworkPolicy knows namespaces by their labels; here a namespace is known by its name only, so a selector of another
label is taken to select some other namespace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import Any, Final

from pipeline_services.model.flows import NAMESPACE_NAME
from pipeline_services.model.k8s import K8sObject, name_of, spec_of
from pipeline_services.snapshot.reachability.port_sets import ALL_PORTS, ALL_TCP, Ports

EGRESS: Final = "Egress"
INGRESS: Final = "Ingress"
_RULES: Final = {EGRESS: ("egress", "to"), INGRESS: ("ingress", "from")}


@dataclass(frozen=True, slots=True, eq=False)
class Pods:
    """Pods that no policy tells apart. No two are equal, whatever they hold: as keys they are told apart by identity.

    Attributes:
        name: the component's, or the pod's own where it belongs to none.
        labels: those that policies select by.
        blocks: the address blocks of policies that they are in, by their names.
        ports: the ports that have a name: name, protocol, number.
    """

    name: str
    namespace: str
    labels: frozenset[tuple[str, str]]
    blocks: frozenset[str] = frozenset()
    ports: frozenset[tuple[str, str, int]] = frozenset()

    def __str__(self) -> str:
        return self.name


class Beyond(Enum):
    """The other ends that no one lists: all that a rule may mean beside the pods that are known."""

    OTHER_NAMESPACES = "pods of other namespaces"
    OUTSIDE = "addresses outside"

    def __str__(self) -> str:
        return self.value


End = Pods | Beyond


@dataclass(frozen=True, slots=True)
class Block:
    """An address block of a policy, and what is left out of it."""

    name: str
    whole: Any
    left_out: tuple[Any, ...]

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Block:
        """The block that an ``ipBlock`` of a policy means."""
        without = entry.get("except") or ()
        return cls(" but ".join((entry["cidr"], *without)), ip_network(entry["cidr"]), tuple(map(ip_network, without)))

    def holds(self, addresses: Iterable[str]) -> bool:
        """Whether one of the addresses is in it. What is everything holds those that are not known yet, too."""
        if not self.whole.prefixlen and not self.left_out:
            return True
        known = map(ip_address, addresses)
        return any(one in self.whole and not any(one in less for less in self.left_out) for one in known)


class Policies:
    """The policies of a namespace.

    Args:
        known: pods of other namespaces that are looked at by themselves; what selects just them selects no others.
        labels: those of namespaces by their names, beside the one that says the name.
    """

    def __init__(
        self,
        items: Iterable[K8sObject],
        namespace: str,
        known: Iterable[Pods] = (),
        labels: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> None:
        self._items = list(items)
        self._namespace = namespace
        self._known = tuple(known)
        self._labels = labels
        self._found: dict[tuple[str, End, End], Ports] = {}
        self._restricting: dict[tuple[str, Pods], list[K8sObject]] = {}
        self._meeting: dict[tuple[int, str, End], list[Mapping[str, Any]]] = {}

    def between(self, source: End, destination: End) -> Ports:
        """The ports that are open from one end to the other: let out by the one and in by the other."""
        out = self.let(EGRESS, source, destination)
        return out and out & self.let(INGRESS, source, destination)

    def let(self, direction: str, source: End, destination: End) -> Ports:
        """The ports that are let out of the source, or into the destination: all where no policy selects that end."""
        ends = direction, source, destination
        if ends not in self._found:
            self._found[ends] = self._let(*ends)
        return self._found[ends]

    def _let(self, direction: str, source: End, destination: End) -> Ports:
        policies = self._about(direction, source, destination)
        if policies is None:
            return ALL_PORTS
        key, _ = _RULES[direction]
        with_rules = (one for one in policies if spec_of(one).get(key))
        return Ports.joined(self._opened(one, direction, source, destination) for one in with_rules)

    def opening(self, source: End, destination: End, some: Ports) -> tuple[str, ...]:
        """The names of the policies that let some of these ports through, at either end."""
        names = [
            name_of(policy)
            for direction in (EGRESS, INGRESS)
            for policy in self._about(direction, source, destination) or ()
            if self._opened(policy, direction, source, destination) & some
        ]
        return tuple(dict.fromkeys(names))

    def open_to_everybody(self, ends: Iterable[Pods]) -> list[str]:
        """The names of the policies that open every TCP port between all the pods, in one direction or both."""
        pods = list(ends)
        return [
            name_of(policy)
            for policy in self._items
            if any(self._opens_all(policy, direction, pods) for direction in _directions(policy))
        ]

    def _opens_all(self, policy: K8sObject, direction: str, pods: list[Pods]) -> bool:
        return all(self._selects(policy, one) for one in pods) and all(
            self._opened(policy, direction, one, other) & ALL_TCP == ALL_TCP for one in pods for other in pods
        )

    def _about(self, direction: str, source: End, destination: End) -> list[K8sObject] | None:
        """The policies that restrict the end that the direction is about; None where none does."""
        subject = source if direction == EGRESS else destination
        if isinstance(subject, Beyond) or subject.namespace != self._namespace:
            return None
        key = direction, subject
        if key not in self._restricting:
            self._restricting[key] = [
                one for one in self._items if direction in _directions(one) and self._selects(one, subject)
            ]
        return self._restricting[key] or None

    def _selects(self, policy: K8sObject, pods: Pods) -> bool:
        return holds(spec_of(policy).get("podSelector") or {}, dict(pods.labels))

    def _opened(self, policy: K8sObject, direction: str, source: End, destination: End) -> Ports:
        rules = self._rules(policy, direction, destination if direction == EGRESS else source)
        return Ports.joined(_ports_of(rule, destination) for rule in rules)

    def _rules(self, policy: K8sObject, direction: str, peer: End) -> list[Mapping[str, Any]]:
        """The rules of a policy that mean the peer, or may mean it."""
        known = id(policy), direction, peer
        if known not in self._meeting:
            key, side = _RULES[direction]
            rules = spec_of(policy).get(key) or ()
            self._meeting[known] = [rule for rule in rules if self._meets(rule.get(side) or (), peer)]
        return self._meeting[known]

    def _meets(self, entries: Iterable[Mapping[str, Any]], peer: End) -> bool:
        """Whether one of a rule's entries means the peer, or may mean it; no entry at all means everybody."""
        known = list(entries)
        return not known or any(self._is_peer(entry, peer) for entry in known)

    def _is_peer(self, entry: Mapping[str, Any], peer: End) -> bool:
        if entry.get("ipBlock"):
            return peer is Beyond.OUTSIDE or (isinstance(peer, Pods) and Block.of(entry["ipBlock"]).name in peer.blocks)
        if isinstance(peer, Pods):
            return self._in_namespace(entry, peer) and holds(entry.get("podSelector") or {}, dict(peer.labels))
        return peer is Beyond.OTHER_NAMESPACES and self._may_be_elsewhere(entry)

    def _in_namespace(self, entry: Mapping[str, Any], peer: Pods) -> bool:
        selector = entry.get("namespaceSelector")
        if selector is None:
            return peer.namespace == self._namespace
        return holds(selector, {**self._labels.get(peer.namespace, {}), NAMESPACE_NAME: peer.namespace})

    def _may_be_elsewhere(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry may mean pods of another namespace, beside those that are known."""
        selector = entry.get("namespaceSelector")
        if selector is None or any(self._is_just(entry, pods) for pods in self._known):
            return False
        wanted = _required(selector).get(NAMESPACE_NAME)
        return wanted != self._namespace if wanted else _may_hold(selector)

    def _is_just(self, entry: Mapping[str, Any], pods: Pods) -> bool:
        named = _required(entry["namespaceSelector"]).get(NAMESPACE_NAME)
        return named == pods.namespace and pods.labels <= _required(entry.get("podSelector") or {}).items()


def _directions(policy: K8sObject) -> tuple[str, ...]:
    """The directions that a policy restricts: as the API server fills them in where they are left out."""
    spec = spec_of(policy)
    return tuple(spec.get("policyTypes") or ((INGRESS, EGRESS) if spec.get("egress") else (INGRESS,)))


def _ports_of(rule: Mapping[str, Any], destination: End) -> Ports:
    return Ports.joined(_port(entry, destination) for entry in rule["ports"]) if rule.get("ports") else ALL_PORTS


def _port(entry: Mapping[str, Any], destination: End) -> Ports:
    protocol, first = entry.get("protocol", "TCP"), entry.get("port")
    if isinstance(first, str) and isinstance(destination, Pods):
        named = (number for name, of, number in destination.ports if (name, of) == (first, protocol))
        return Ports.joined(Ports.of(protocol, number, number) for number in named)
    if isinstance(first, int):
        return Ports.of(protocol, first, entry.get("endPort", first))
    return Ports.of(protocol)


def holds(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector matches; an empty one matches everything."""
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    return wanted.items() <= labels.items() and all(
        _expression_holds(entry, labels) for entry in selector.get("matchExpressions") or ()
    )


def _expression_holds(entry: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(entry["key"]), entry.get("values") or ()
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[entry["operator"]]


def _required(selector: Mapping[str, Any]) -> dict[str, str]:
    """The labels that everything has which the selector matches."""
    single = {
        entry["key"]: entry["values"][0]
        for entry in selector.get("matchExpressions") or ()
        if entry["operator"] == "In" and len(entry["values"]) == 1
    }
    return {**single, **(selector.get("matchLabels") or {})}


def _may_hold(selector: Mapping[str, Any]) -> bool:
    """Whether some other namespace may be selected: every one has a name."""
    return not any(
        entry["key"] == NAMESPACE_NAME and entry["operator"] == "DoesNotExist"
        for entry in selector.get("matchExpressions") or ()
    )
