"""What keeps the pipeline from being watched, scaled and drained: policies, requests, disruption budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline_services.judgements.practice.evidence import Practice, require_none
from pipeline_services.model.flows import Flow
from pipeline_services.model.k8s import (
    K8sObject,
    containers_of,
    labels_of,
    name_of,
    replicas_of,
    requests_of,
    scale_target_of,
    spec_of,
    template_of,
)
from pipeline_services.model.kinds import WORKLOAD_KINDS
from pipeline_services.model.pipeline import DAEMON_SET, Pipeline
from pipeline_services.snapshot.objects import named, workload_of
from pipeline_services.snapshot.reachability.open_connections import network_of
from pipeline_services.snapshot.snapshot import Snapshot

_CUT_OFF: Final = Practice(
    "NetworkPolicies block monitoring",
    "egress of the one and ingress of the other for that port",
    "monitoring is blind: failures go unseen, and the checks have no data",
)
_NO_REQUEST: Final = Practice(
    "an HPA has no CPU request to calculate with",
    "resources.requests.cpu for each container: the target is a share of it",
    "the pods are never scaled, whatever the load",
)
_NO_BUDGET: Final = Practice(
    "a drain may stop all its pods at once",
    "a PodDisruptionBudget with maxUnavailable: 1 that selects them",
    "an upgrade of the nodes is an outage",
)


def watched_flows(pipeline: Pipeline) -> Mapping[str, Flow]:
    """The flows of those that only watch, by id: to what they watch, and from one to the other."""
    watchers = set(pipeline.workloads) - set(pipeline.data_path)
    return {flow.id: flow for flow in reversed(pipeline.flows) if flow.source in watchers}


def watchers_get_through(snapshot: Snapshot, flow_id: str) -> None:
    """The policies let who watches connect to what is watched, on each port of the flow."""
    network = snapshot.derive(network_of)
    flows = [flow for flow in snapshot.pipeline.flows if flow.id == flow_id]
    lines = [f"{flow}: no NetworkPolicy allows it ({way})" for flow in flows if (way := network.held_up(flow))]
    require_none(snapshot, "network", _CUT_OFF, lines)


def autoscaled_pods_request_cpu(snapshot: Snapshot) -> None:
    """Whatever an autoscaler scales by a share of the CPU requests CPU, whether it is described or not."""
    lines = []
    for hpa in snapshot.data("hpas"):
        kind, name = scale_target_of(hpa)
        source = next((one.source for one in WORKLOAD_KINDS if one.name == kind), "")
        target = named(snapshot, source, name) if source else None
        if target and _scales_by_a_share(hpa):
            lines += [
                f"{name_of(hpa)} scales {kind.lower()}/{name}, container {one['name']}: resources.requests.cpu = null"
                for one in containers_of(template_of(target))
                if "cpu" not in requests_of(one)
            ]
    require_none(snapshot, "hpa", _NO_REQUEST, lines)


def _scales_by_a_share(hpa: K8sObject) -> bool:
    resources = [one.get("resource") or {} for one in spec_of(hpa).get("metrics") or ()]
    return any(one.get("name") == "cpu" and one["target"].get("averageUtilization") for one in resources)


def several_pods(pipeline: Pipeline) -> Mapping[str, str]:
    """What may run in more than one pod beside each other, with the component that findings about it name."""
    return {part.id: part.reports_to for part in pipeline.workloads.values() if part.kind != DAEMON_SET}


def disruptions_are_limited(snapshot: Snapshot, app: str) -> None:
    """Where the app may have several pods, a PodDisruptionBudget selects them."""
    budgets, workload, part = snapshot.data("poddisruptionbudgets"), workload_of(snapshot, app), snapshot.pipeline[app]
    most = max([replicas_of(workload), *_most_by(snapshot, part.kind, part.workload)])
    labels = labels_of(template_of(workload))
    covered = any(_selects(one, labels) for one in budgets)
    lines = [f"{part.kubectl_name} may have {most} pods, and no PodDisruptionBudget selects them"]
    require_none(snapshot, part, _NO_BUDGET, lines if most > 1 and not covered else [])


def _most_by(snapshot: Snapshot, kind: str, name: str) -> list[int]:
    return [int(spec_of(hpa)["maxReplicas"]) for hpa in snapshot.data("hpas") if scale_target_of(hpa) == (kind, name)]


def _selects(budget: K8sObject, labels: Mapping[str, str]) -> bool:
    """By labels; what selects by expressions is taken to be meant for them."""
    selector = spec_of(budget).get("selector") or {}
    return (selector.get("matchLabels") or {}).items() <= labels.items()
