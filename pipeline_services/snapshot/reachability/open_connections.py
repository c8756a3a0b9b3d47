"""What a snapshot's NetworkPolicies let through, held against the flows that its profile allows.

It is worked out for every pod of the namespace, pods of other namespaces and addresses outside. A pod in its node's own
network is not looked at: policies do not hold for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any, Final

from pipeline_services.model.component import Component
from pipeline_services.model.flows import ANY, Flow
from pipeline_services.model.k8s import (
    K8sObject,
    containers_of,
    labels_of,
    name_of,
    phase_of,
    spec_of,
    status_of,
    template_of,
)
from pipeline_services.model.own_cluster import SYSTEM_NAMESPACE
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.reachability.policy_rules import EGRESS, INGRESS, Beyond, Block, End, Pods, Policies
from pipeline_services.snapshot.reachability.port_sets import ALL_PORTS, Ports
from pipeline_services.snapshot.snapshot import Snapshot

ELSEWHERE: Final = "elsewhere"
"""All destinations that are no component's workload: strange pods, other namespaces, addresses outside."""
BEYOND: Final = f"in {SYSTEM_NAMESPACE}"
"""Where the policies stand that stop a flow to a part of the cluster itself."""
_OVER: Final = ("Succeeded", "Failed")
_KEPT: Final = 4
"""So many pipelines' policies are remembered: what is looked at again and again mostly shows the same."""


@dataclass(frozen=True, slots=True)
class Surplus:
    """The ports that are open from one end to another, and the policies that open those which no flow describes."""

    source: End
    destination: End
    open: Ports
    policies: tuple[str, ...]

    def contains(self, port: int | None) -> bool:
        """Whether a TCP port is among them."""
        return port is not None and bool(self.open & Ports.of("TCP", port, port))


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is known of pods that no policy tells apart; as ``Pods``."""

    name: str
    labels: frozenset[tuple[str, str]]
    blocks: frozenset[str]
    ports: frozenset[tuple[str, str, int]]


@dataclass(frozen=True, slots=True, eq=False)
class _Rules:
    """Policies, and what they select by.

    Attributes:
        items: those of the pipeline's namespace.
        beyond: those of the system's namespace.
        labels: of namespaces, by name.
        keys: of labels.
        telling: these, and those that components select their pods by.
    """

    items: list[K8sObject]
    beyond: list[K8sObject]
    labels: Mapping[str, Mapping[str, str]]
    keys: frozenset[str]
    blocks: frozenset[Block]
    telling: tuple[str, ...]

    def kind(self, pod: K8sObject) -> tuple[object, ...]:
        """What tells the pod from others: its component, and what policies select by."""
        labels = labels_of(pod)
        return (*(labels.get(key) for key in self.telling), self._blocks_of(pod), frozenset(_named_ports(pod)))

    def read(self, pod: K8sObject, name: str) -> _Kind:
        """What is known of the pod, which goes by this name."""
        labels = frozenset((key, value) for key, value in labels_of(pod).items() if key in self.keys)
        return _Kind(name, labels, self._blocks_of(pod), frozenset(_named_ports(pod)))

    def blocks_of(self, addresses: Iterable[str]) -> frozenset[str]:
        """The address blocks that one of the addresses is in, by name."""
        known = list(addresses)
        return frozenset(block.name for block in self.blocks if block.holds(known))

    def _blocks_of(self, pod: K8sObject) -> frozenset[str]:
        return self.blocks_of(str(one["ip"]) for one in status_of(pod).get("podIPs") or ())


class Network:
    """What policies let through, held against the flows of a profile."""

    def __init__(self, rules: _Rules, pipeline: Pipeline, namespace: str, kinds: Iterable[_Kind]) -> None:
        self._described = pipeline
        parts = (part for part in pipeline.components.values() if part.namespace)
        everywhere = rules.blocks_of(())
        self._known = tuple(
            Pods(part.id, part.namespace, frozenset(part.selector.items()), everywhere) for part in parts
        )
        self._policies = Policies(rules.items, namespace, self._known)
        self._system = Policies(rules.beyond, SYSTEM_NAMESPACE, labels=rules.labels)
        self._pods = tuple(Pods(kind.name, namespace, kind.labels, kind.blocks, kind.ports) for kind in kinds)
        self._workloads = [pods for pods in self._pods if pods.name in pipeline.workloads]
        self.denies_by_default = any(_denies_everything(spec_of(policy)) for policy in rules.items)

    @cached_property
    def open_to_everybody(self) -> list[str]:
        """The policies that open every pod to all the pods, by name."""
        return self._policies.open_to_everybody(self._pods)

    def pods_of(self, component: str) -> list[Pods]:
        """The component's pods, those that its workload would make where it has none."""
        return [pods for pods in (*self._pods, *self._known) if pods.name == component]

    def held_up(self, flow: Flow) -> str:
        """Where policies stop a flow: ``egress of`` its source or ``ingress of`` its destination, be it in the system's
        namespace; else empty."""
        wanted = Ports.of(flow.protocol, flow.port, flow.port)
        for source in self._workloads if flow.source == ANY else self._ends_of(flow.source):
            for destination in self._ends_of(flow.destination):
                if not self._policies.let(EGRESS, source, destination) & wanted:
                    return f"egress of {source}"
                if not self._policies.let(INGRESS, source, destination) & wanted:
                    return f"ingress of {destination}"
                if not self._system.let(INGRESS, source, destination) & wanted:
                    return f"ingress of {destination} {BEYOND}"
        return ""

    def ends(self, destination: str) -> Iterator[tuple[End, End]]:
        """Everybody who may try to connect to a destination, with the end that is tried; one of both is the pipeline's.

        What strangers may do among themselves, or with the outside, is a matter of who runs them.
        """
        everybody: tuple[End, ...] = (*self._pods, *self._known, *Beyond)
        if destination != ELSEWHERE:
            yield from ((source, target) for target in self.pods_of(destination) for source in everybody)
            return
        strangers = [pods for pods in self._pods if pods not in self._workloads]
        yield from ((source, target) for target in (*strangers, *self._known, *Beyond) for source in self._workloads)

    def surplus(self, source: End, destination: End, of: Ports = ALL_PORTS) -> list[Surplus]:
        """What is open from one end to the other, among the ports ``of``, where that is more than described."""
        opened = self._policies.between(source, destination) & of
        more = opened and opened - self._allowed(source, destination)
        return [Surplus(source, destination, opened, self._policies.opening(source, destination, more))] if more else []

    def _allowed(self, source: End, destination: End) -> Ports:
        """The ports of the described flows. Any address outside may be that of a pod, whichever end of a flow it is."""
        meant = ((source, destination), (source, Beyond.OUTSIDE), (Beyond.OUTSIDE, destination))
        return Ports.joined(self._described_ports[ends] for ends in meant if ends in self._described_ports)

    @cached_property
    def _described_ports(self) -> Mapping[tuple[End, End], Ports]:
        """The ports of the described flows, by the two ends of each."""
        found: dict[tuple[End, End], Ports] = {}
        for flow in self._described.flows:
            ports = Ports.of(flow.protocol, flow.port, flow.port)
            for ends in product(self._ends_of(flow.source), self._ends_of(flow.destination)):
                found[ends] = found.get(ends, Ports()) | ports
        return found

    def _ends_of(self, component: str) -> Sequence[End]:
        """The ends that a flow's source or destination means."""
        if component == ANY:
            return self._pods
        part = self._described[component]
        return self.pods_of(component) if part.workload or part.namespace else [Beyond.OUTSIDE]


def network_of(snapshot: Snapshot) -> Network:
    """What the snapshot's policies let through. Snapshots that show the same policies and pods share one."""
    # known where the account may see them, and which labels the pipeline's namespace has that they select it by
    labels = {name_of(one): labels_of(one) for one in snapshot.data_if_allowed("namespaces", ())}
    beyond = snapshot.data_if_allowed("system_networkpolicies", []) if labels else []
    rules = json.dumps([snapshot.data("networkpolicies"), beyond, labels])
    kinds = tuple(_kinds(snapshot, _rules(rules, snapshot.pipeline)))
    return _network(rules, snapshot.pipeline, snapshot.namespace, kinds)


@lru_cache(maxsize=_KEPT)
def _network(rules: str, pipeline: Pipeline, namespace: str, kinds: tuple[_Kind, ...]) -> Network:
    return Network(_rules(rules, pipeline), pipeline, namespace, kinds)


@lru_cache(maxsize=_KEPT)
def _rules(text: str, pipeline: Pipeline) -> _Rules:
    items, beyond, labels = json.loads(text)
    keys, blocks = _selected_by([*items, *beyond])
    selectors = (part.selector for part in pipeline.workloads.values())
    return _Rules(items, beyond, labels, keys, blocks, tuple(sorted(keys.union(*selectors))))


def _kinds(snapshot: Snapshot, rules: _Rules) -> Iterator[_Kind]:
    """Every pod that policies hold for, and one of each workload that has none; each kind of pod once."""
    kinds: dict[tuple[object, ...], K8sObject] = {}
    for item in snapshot.data("pods"):
        if not spec_of(item).get("hostNetwork") and phase_of(item) not in _OVER:
            kinds.setdefault(rules.kind(item), item)
    running: set[str] = set()
    for item in kinds.values():
        part = snapshot.pipeline.component_of(item)
        name = part.id if part else name_of(item)
        running.add(name)
        yield rules.read(item, name)
    for part in snapshot.pipeline.workloads.values():
        if part.id not in running:
            yield rules.read(_template(snapshot, part), part.id)


def _template(snapshot: Snapshot, part: Component) -> K8sObject:
    """A pod as the component's workload makes it; with no more than its labels where there is no workload."""
    workload = named(snapshot, part.list_name, part.workload)
    return template_of(workload) if workload else {"metadata": {"labels": part.selector}, "spec": {"containers": []}}


def _denies_everything(spec: Mapping[str, Any]) -> bool:
    both = set(spec.get("policyTypes") or ()) == {"Ingress", "Egress"}
    return both and not spec.get("podSelector") and not spec.get("ingress") and not spec.get("egress")


def _named_ports(pod: K8sObject) -> Iterator[tuple[str, str, int]]:
    for container in containers_of(pod):
        for port in container.get("ports") or ():
            if port.get("name"):
                yield port["name"], port.get("protocol", "TCP"), port["containerPort"]


def _selected_by(policies: Iterable[K8sObject]) -> tuple[frozenset[str], frozenset[Block]]:
    """The keys of labels and the address blocks that policies select by."""
    keys: set[str] = set()
    blocks: set[Block] = set()
    left: list[Any] = [spec_of(policy) for policy in policies]
    while left:
        node = left.pop()
        if isinstance(node, Mapping):
            keys |= (node.get("matchLabels") or {}).keys()
            keys |= {entry["key"] for entry in node.get("matchExpressions") or ()}
            blocks |= {Block.of(node["ipBlock"])} if "ipBlock" in node else set()
            left += node.values()
        elif isinstance(node, list):
            left += node
    return frozenset(keys), frozenset(blocks)
