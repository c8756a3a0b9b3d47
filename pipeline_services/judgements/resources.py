"""Is each container within its limits right now (section 1, ``kubectl top pods``)?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import ready_pods
from pipeline_services.model.commands import TOP_PODS
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import K8sObject, age, containers_of, epoch, limits_of, name_of, quantity
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.metrics.metric import Reading
from pipeline_services.snapshot.snapshot import Snapshot

MEASURED_AFTER: Final = 90.0
"""Seconds that a new pod may lack figures: metrics-server needs two of its 15 s rounds, on a busy node more."""
STALE_AFTER: Final = 120.0
CPU_JITTER: Final = 1.1
"""A container at its CPU limit is measured up to 10 % above it: usage and interval are not sampled together."""


def are_within_limits(snapshot: Snapshot, component: str) -> None:
    """Every container of the component's ready pods uses no more CPU and less memory than its limit."""
    for pod, metrics in _measured(snapshot, component):
        _judge(snapshot, component, pod, metrics)


def usage_share(snapshot: Snapshot, component: str, what: str) -> Reading:
    """The largest share of its limit that a container of the component's ready pods uses right now.

    Args:
        what: cpu or memory.

    Raises:
        NoData: metrics-server has no figures of a pod that is not new, or no container has a limit.
    """
    found = []
    for pod, metrics in _measured(snapshot, component):
        limits = {container["name"]: limits_of(container) for container in containers_of(pod)}
        for container in metrics["containers"]:
            limit = limits.get(container["name"], {}).get(what)
            if limit is not None:
                share = quantity(container["usage"][what]) / quantity(limit)
                found.append(Reading(share, epoch(metrics["timestamp"]), name_of(pod)))
    if not found:
        raise NoData(f"no container of {component} has a limit of {what}")
    return max(found, key=lambda reading: reading.value)


def _measured(snapshot: Snapshot, component: str) -> list[tuple[K8sObject, K8sObject]]:
    """The component's ready pods, each with what metrics-server says of it; raises ``NoData`` as the judgement does."""
    usage = {name_of(item): item for item in snapshot.data("pod_metrics")}
    pods = ready_pods(snapshot, component)
    known = [pod for pod in pods if name_of(pod) in usage]
    missing = [pod for pod in pods if pod not in known and age(pod, snapshot.taken_at) > MEASURED_AFTER]
    if missing or not known:
        whose = name_of(missing[0]) if missing else component
        raise NoData(f"metrics-server has no usage of {whose}", next_step=f"kubectl top pods -n {snapshot.namespace}")
    for pod in known:
        measured = usage[name_of(pod)]["timestamp"]
        if snapshot.taken_at - epoch(measured) > STALE_AFTER:
            raise NoData(f"the usage of {name_of(pod)} is from {measured}, which is too old")
    return [(pod, usage[name_of(pod)]) for pod in known]


def _judge(snapshot: Snapshot, component: str, pod: K8sObject, metrics: K8sObject) -> None:
    advice = advice_about(component).but(next_command=TOP_PODS, runbook="high-resource-usage")
    limits = {container["name"]: limits_of(container) for container in containers_of(pod)}
    for container in metrics["containers"]:
        for what, used, limit in _used_and_limits(container["usage"], limits.get(container["name"], {})):
            if not used <= limit:
                observed = (
                    f"container {container['name']} of {name_of(pod)} uses {used / limit:.0%} of its {what} limit"
                )
                raise Deviation(snapshot, observed, "no more than the limit (last 15 s)", advice)


def _used_and_limits(usage: Mapping[str, str], limits: Mapping[str, str]) -> Iterable[tuple[str, float, float]]:
    if "cpu" in limits:
        yield "CPU", quantity(usage["cpu"]) / CPU_JITTER, quantity(limits["cpu"])
    if "memory" in limits:
        yield "memory", quantity(usage["memory"]), quantity(limits["memory"])
