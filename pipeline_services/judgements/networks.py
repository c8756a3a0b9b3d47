"""Are the NetworkPolicies there: everything denied, and just the needed flows allowed (section 3.6)?

Policies are read as they stand. What is not read: ports by name, address blocks other than "everywhere", and labels of
namespaces but their name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.metrics.advice import COMPONENT_ADVICE
from pipeline_services.model import flows, roles
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import K8sObject, name_of
from pipeline_services.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Flow:
    """A connection from one app's pods to another's, on a TCP port of the pod."""

    source: str
    target: str
    port: int

    def __str__(self) -> str:
        return f"{self.source} to {self.target}:{self.port}"


FLOWS: Final[Mapping[str, Flow]] = {
    f"{flow.source}-{flow.target}": flow
    for flow in (
        Flow(roles.PRODUCER, roles.KAFKA, 9092),
        Flow(roles.PROCESSOR, roles.KAFKA, 9092),
        Flow(roles.PROCESSOR, roles.INFLUXDB, 8086),
    )
}
"""What readings need on their way."""
DENIED: Final[Mapping[str, Flow]] = {
    flow.id: Flow(flow.source, flow.destination, flow.port) for flow in flows.FLOWS.values() if not flow.allowed
}
"""What nobody has any business with: whoever gets into a pod gets no further."""
NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"


def deny_by_default(snapshot: Snapshot) -> None:
    """One policy selects every pod, in both directions, and allows nothing."""
    if not any(_denies_everything(policy["spec"]) for policy in snapshot.data("networkpolicies")):
        expected = "one for all pods, both ways"
        raise Deviation(snapshot, "no policy denies by default", expected, COMPONENT_ADVICE["network"])


def _denies_everything(spec: Mapping[str, Any]) -> bool:
    both = set(spec.get("policyTypes") or ()) == {"Ingress", "Egress"}
    return both and not spec.get("podSelector") and not spec.get("ingress") and not spec.get("egress")


def allow(snapshot: Snapshot, flow_id: str) -> None:
    """The policies together let the flow out of its source and into its target."""
    flow = FLOWS[flow_id]
    way = held_up(snapshot.data("networkpolicies"), flow)
    if way:
        raise Deviation(snapshot, f"no policy lets {flow} {way}", "one", COMPONENT_ADVICE["network"])


def deny(snapshot: Snapshot, flow_id: str) -> None:
    """No policies together let the flow out of its source and into its target.

    Raises:
        PreconditionNotMet: nothing is denied by default, which is the one thing to mend first.
    """
    flow, policies = DENIED[flow_id], snapshot.data("networkpolicies")
    if not any(_denies_everything(policy["spec"]) for policy in policies):
        raise PreconditionNotMet("no policy denies by default")
    if held_up(policies, flow):
        return
    ways = (("Egress", flow.source, flow.target), ("Ingress", flow.target, flow.source))
    blamed = [name_of(policy) for way in ways for policy in _letting(policies, *way, flow.port)]
    advice = COMPONENT_ADVICE["network"].but(
        impact="whoever gets into one pod gets further: a pod can connect where it has no business",
        next_command=f"kubectl describe networkpolicy -n {{namespace}} {blamed[0]}",
    )
    observed = f"{flow} is let through, by {' and '.join(dict.fromkeys(blamed))}"
    raise Deviation(snapshot, observed, "no policy that does", advice)


def held_up(policies: list[K8sObject], flow: Flow) -> str:
    """Where the policies stop the flow, ``out of`` its source or ``into`` its target; empty where they let it by."""
    if not _lets(policies, "Egress", flow.source, flow.target, flow.port):
        return f"out of {flow.source}"
    return "" if _lets(policies, "Ingress", flow.target, flow.source, flow.port) else f"into {flow.target}"


def selects(policy: K8sObject, app: str) -> bool:
    """Whether the policy is about the pods of an app."""
    return _selects(policy["spec"].get("podSelector") or {}, app)


def _lets(policies: list[K8sObject], direction: str, subject: str, peer: str, port: int) -> bool:
    concerned = _concerned(policies, direction, subject)
    return not concerned or bool(_letting(concerned, direction, subject, peer, port))


def _concerned(policies: list[K8sObject], direction: str, subject: str) -> list[K8sObject]:
    """The policies that restrict the subject's pods in that direction."""
    return [
        policy
        for policy in policies
        if direction in (policy["spec"].get("policyTypes") or ("Ingress",)) and selects(policy, subject)
    ]


def _letting(policies: list[K8sObject], direction: str, subject: str, peer: str, port: int) -> list[K8sObject]:
    """Those of the policies that have a rule for the connection."""
    key, side = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    return [
        policy
        for policy in _concerned(policies, direction, subject)
        if any(
            _rule_lets(rule, side, peer, port, str(policy["metadata"].get("namespace", "")))
            for rule in policy["spec"].get(key) or ()
        )
    ]


def _rule_lets(rule: Mapping[str, Any], side: str, peer: str, port: int, namespace: str) -> bool:
    peers, ports = rule.get(side) or (), rule.get("ports") or ()
    to_peer = not peers or any(_is_peer(entry, peer, namespace) for entry in peers)
    return to_peer and (not ports or any(_is_port(entry, port) for entry in ports))


def _is_peer(entry: Mapping[str, Any], app: str, namespace: str) -> bool:
    """Whether a peer entry means pods of ``app`` in ``namespace``, the policy's own."""
    if entry.get("ipBlock"):
        return bool(entry["ipBlock"]["cidr"] == "0.0.0.0/0" and not entry["ipBlock"].get("except"))
    inside = _holds(entry.get("namespaceSelector") or {}, {NAMESPACE_NAME: namespace})
    return inside and _selects(entry.get("podSelector") or {}, app)


def _is_port(entry: Mapping[str, Any], port: int) -> bool:
    if entry.get("protocol", "TCP") != "TCP":
        return False
    first = entry.get("port")
    return first is None or (isinstance(first, int) and first <= port <= entry.get("endPort", first))


def _selects(selector: Mapping[str, Any], app: str) -> bool:
    return _holds(selector, {"app": app})


def _holds(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector matches; an empty one matches everything."""
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
