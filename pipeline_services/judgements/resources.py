"""Is each container within its limits right now (section 1, ``kubectl top pods``)?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import ready_pods
from pipeline_services.metrics.advice import advice_about
from pipeline_services.model.commands import TOP_PODS
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import K8sObject, age, containers_of, epoch, limits_of, name_of, quantity
from pipeline_services.snapshot.snapshot import Snapshot

MEASURED_AFTER: Final = 90.0
"""Seconds that a new pod may lack figures: metrics-server needs two of its 15 s rounds, on a busy node more."""
STALE_AFTER: Final = 120.0
CPU_JITTER: Final = 1.1
"""A container at its CPU limit is measured up to 10 % above it: usage and interval are not sampled together."""


def are_within_limits(snapshot: Snapshot, component: str) -> None:
    """Every container of the component's ready pods uses no more CPU and less memory than its limit."""
    usage = {name_of(item): item for item in snapshot.data("pod_metrics")}
    pods = ready_pods(snapshot, component)
    known = [pod for pod in pods if name_of(pod) in usage]
    missing = [pod for pod in pods if pod not in known and age(pod, snapshot.taken_at) > MEASURED_AFTER]
    if missing or not known:
        whose = name_of(missing[0]) if missing else component
        raise NoData(f"metrics-server has no usage of {whose}", next_step=f"kubectl top pods -n {snapshot.namespace}")
    for pod in known:
        _judge(snapshot, component, pod, usage[name_of(pod)])


def _judge(snapshot: Snapshot, component: str, pod: K8sObject, metrics: K8sObject) -> None:
    if snapshot.taken_at - epoch(metrics["timestamp"]) > STALE_AFTER:
        raise NoData(f"the usage of {name_of(pod)} is from {metrics['timestamp']}, which is too old")
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
