"""Are the NetworkPolicies there: everything denied, and just the needed flows allowed (section 3.6)?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services import names
from pipeline_services.advice import COMPONENT_ADVICE
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.objects import K8sObject
from pipeline_services.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Flow:
    """A connection that the pipeline needs, from one app's pods to another's, on a TCP port of the pod."""

    source: str
    target: str
    port: int

    def __str__(self) -> str:
        return f"{self.source} to {self.target}:{self.port}"


FLOWS: Final[Mapping[str, Flow]] = {
    f"{flow.source}-{flow.target}": flow
    for flow in (
        Flow(names.PRODUCER, names.KAFKA, 9092),
        Flow(names.PROCESSOR, names.KAFKA, 9092),
        Flow(names.PROCESSOR, names.INFLUXDB, 8086),
    )
}


def deny_by_default(snapshot: Snapshot) -> None:
    """One policy selects every pod, in both directions, and allows nothing."""
    for policy in snapshot.data("networkpolicies"):
        spec = policy["spec"]
        both = set(spec.get("policyTypes") or ()) == {"Ingress", "Egress"}
        if both and not spec.get("podSelector") and not spec.get("ingress") and not spec.get("egress"):
            return
    raise Deviation(snapshot, "no policy denies by default", "one for all pods, both ways", COMPONENT_ADVICE["network"])


def allow(snapshot: Snapshot, flow_id: str) -> None:
    """The policies together let the flow out of its source and into its target."""
    flow = FLOWS[flow_id]
    way = held_up(snapshot.data("networkpolicies"), flow)
    if way:
        raise Deviation(snapshot, f"no policy lets {flow} {way}", "one", COMPONENT_ADVICE["network"])


def held_up(policies: list[K8sObject], flow: Flow) -> str:
    """Where the policies stop the flow, ``out of`` its source or ``into`` its target; empty where they let it through."""
    if not _lets(policies, "Egress", flow.source, flow.target, flow.port):
        return f"out of {flow.source}"
    return "" if _lets(policies, "Ingress", flow.target, flow.source, flow.port) else f"into {flow.target}"


def selects(policy: K8sObject, app: str) -> bool:
    """Whether the policy is about the pods of an app."""
    return _selects(policy["spec"].get("podSelector") or {}, app)


def _lets(policies: list[K8sObject], direction: str, subject: str, peer: str, port: int) -> bool:
    concerned = [
        policy["spec"]
        for policy in policies
        if direction in (policy["spec"].get("policyTypes") or ("Ingress",))
        and _selects(policy["spec"].get("podSelector") or {}, subject)
    ]
    if not concerned:
        return True
    key, side = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    rules = [rule for spec in concerned for rule in spec.get(key) or ()]
    return any(_rule_lets(rule, side, peer, port) for rule in rules)


def _rule_lets(rule: Mapping[str, Any], side: str, peer: str, port: int) -> bool:
    peers, ports = rule.get(side) or (), rule.get("ports") or ()
    to_peer = not peers or any(_is_peer(entry, peer) for entry in peers)
    return to_peer and (not ports or any(_is_port(entry, port) for entry in ports))


def _is_peer(entry: Mapping[str, Any], app: str) -> bool:
    """Whether a peer entry means pods of ``app`` in the policy's own namespace."""
    if entry.get("ipBlock"):
        return bool(entry["ipBlock"]["cidr"] == "0.0.0.0/0" and not entry["ipBlock"].get("except"))
    if entry.get("namespaceSelector"):
        return False  # another namespace; an empty selector means all of them and is falsy
    return _selects(entry.get("podSelector") or {}, app)


def _is_port(entry: Mapping[str, Any], port: int) -> bool:
    if entry.get("protocol", "TCP") != "TCP":
        return False
    first = entry.get("port")
    return first is None or (isinstance(first, int) and first <= port <= entry.get("endPort", first))


def _selects(selector: Mapping[str, Any], app: str) -> bool:
    labels = {"app": app}
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    plain = all(labels.get(key) == value for key, value in wanted.items())
    return plain and all(_expression_holds(entry, labels) for entry in selector.get("matchExpressions") or ())


def _expression_holds(entry: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(entry["key"]), entry.get("values") or ()
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[entry["operator"]]
