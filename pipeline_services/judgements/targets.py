"""Does Prometheus scrape every pod that it should (section 8's source)?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import ready_pods, require_ready
from pipeline_services.metrics.advice import COMPONENT_ADVICE
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import age, epoch, labels_of, name_of
from pipeline_services.snapshot.snapshot import Snapshot

FOUND_AFTER: Final = 60.0
"""Seconds that Prometheus may take to find and scrape a new pod."""
SCRAPED_WITHIN: Final = 60.0
NODE_JOBS: Final = ("kubelet", "kubelet-cadvisor")
_ADVICE: Final = COMPONENT_ADVICE[roles.PROMETHEUS].but(
    next_command="kubectl port-forward -n {namespace} svc/{service:prometheus} {port:prometheus}:{port:prometheus}"
)


def pods_are_scraped(snapshot: Snapshot, component: str) -> None:
    """Each ready pod of the component that is not new has a target that is up and was scraped lately."""
    require_ready(snapshot, roles.PROMETHEUS, component)
    targets = {target["labels"].get("pod"): target for target in snapshot.data("prometheus_targets")}
    for pod in ready_pods(snapshot, component):
        if age(pod, snapshot.taken_at) < FOUND_AFTER or not snapshot.pipeline[component].owns(labels_of(pod)):
            continue
        if name_of(pod) not in targets:
            _require_running_for_a_while(snapshot)
            raise Deviation(snapshot, f"Prometheus does not scrape {name_of(pod)}", "a target for each pod", _ADVICE)
        _judge(snapshot, name_of(pod), targets[name_of(pod)])


def nodes_are_scraped(snapshot: Snapshot) -> None:
    """The kubelet's figures about volumes and containers are scraped."""
    require_ready(snapshot, roles.PROMETHEUS)
    for job in NODE_JOBS:
        targets = _targets(snapshot, job)
        if not targets:
            _require_running_for_a_while(snapshot)
            raise Deviation(snapshot, f"Prometheus has no target of the job {job}", "at least one, up", _ADVICE)
        for target in targets:
            _judge(snapshot, job, target)


def _targets(snapshot: Snapshot, job: str) -> list[Mapping[str, Any]]:
    return [target for target in snapshot.data("prometheus_targets") if target["labels"].get("job") == job]


def _require_running_for_a_while(snapshot: Snapshot) -> None:
    """A Prometheus that has just been started has not found its targets yet."""
    if all(age(pod, snapshot.taken_at) < FOUND_AFTER for pod in ready_pods(snapshot, roles.PROMETHEUS)):
        raise NoData(f"Prometheus is new and has not found its targets yet; ask again in {FOUND_AFTER:g} s")


def _judge(snapshot: Snapshot, what: str, target: Mapping[str, Any]) -> None:
    if target["health"] == "unknown":
        raise NoData(f"the target {what} has not been scraped yet")
    if target["health"] != "up":
        why = target.get("lastError") or "no reason given"
        raise Deviation(snapshot, f"the target {what} is {target['health']}: {why[:200]}", "up", _ADVICE)
    old = snapshot.taken_at - epoch(target["lastScrape"])
    if old > SCRAPED_WITHIN:
        raise Deviation(snapshot, f"{what} was scraped {old:.0f} s ago", f"within {SCRAPED_WITHIN:g} s", _ADVICE)
