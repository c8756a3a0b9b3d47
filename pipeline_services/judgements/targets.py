"""Does Prometheus scrape every pod that it should (section 8's source)?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.heartbeats import lost_nodes
from pipeline_services.judgements.pods import is_made_by, ready_pods, require_ready
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.k8s import JOINING_S, age, epoch, is_joining, name_of, node_of, ready_since
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.model.pipeline import PROMETHEUS, Pipeline
from pipeline_services.snapshot.snapshot import Snapshot

FOUND_AFTER: Final = 60.0
"""Seconds that Prometheus may take to find and scrape a new pod."""
SCRAPED_WITHIN: Final = 60.0
COUNTED_AFTER: Final = 90.0
"""Seconds after which whatever is scraped has figures."""
COUNTED: Final[Mapping[str, str]] = {
    roles.PRODUCER: "producer-rate",
    roles.PROCESSOR: "influxdb-writes-match-processor",
    "kubelet": "volume-usage",
    "kubelet-cadvisor": "cpu-usage",
}
"""Apps and jobs of nodes, each with a key metric that is made of its series alone."""
NODE_JOBS: Final = ("kubelet", "kubelet-cadvisor")
_ADVICE: Final = advice_about(roles.PROMETHEUS).but(
    next_command="kubectl port-forward -n {namespace:prometheus} svc/{service:prometheus} "
    "{port:prometheus}:{port:prometheus}"
)


def counted(pipeline: Pipeline) -> list[str]:
    """What of a pipeline has to have figures once it is scraped."""
    jobs = NODE_JOBS if pipeline.usage == PROMETHEUS else ()
    known = {metric.id for metric in metrics_of(pipeline).values() if metric.cases(pipeline)}
    return [what for what, metric in COUNTED.items() if metric in known and what in (*pipeline.scraped, *jobs)]


def pods_are_scraped(snapshot: Snapshot, component: str) -> None:
    """Each ready pod of the component that is not new has a target that is up and was scraped lately."""
    require_ready(snapshot, roles.PROMETHEUS, component)
    targets = {target["labels"].get("pod"): target for target in snapshot.data("prometheus_targets")}
    for pod in ready_pods(snapshot, component):
        part = snapshot.pipeline[component]
        if age(pod, snapshot.taken_at) < FOUND_AFTER or not part.owns(pod) or not is_made_by(pod, part):
            continue
        if name_of(pod) not in targets:
            _require_running_for_a_while(snapshot)
            raise Deviation(snapshot, f"Prometheus does not scrape {name_of(pod)}", "a target for each pod", _ADVICE)
        if targets[name_of(pod)]["health"] != "up" and node_of(pod) in snapshot.derive(lost_nodes):
            raise PreconditionNotMet(f"node {node_of(pod)} is silent or not Ready, so nobody can scrape its pods")
        _judge(snapshot, name_of(pod), targets[name_of(pod)])


def series_are_kept(snapshot: Snapshot, what: str) -> None:
    """What is scraped is also there to be asked for: nothing drops it on the way.

    Args:
        what: an app, or a job of the nodes, in ``COUNTED``.

    Raises:
        PreconditionNotMet: it is not scraped at all, which another check says.
        NoData: Prometheus, or all that it scrapes of this, is new.
    """
    require_ready(snapshot, roles.PROMETHEUS)
    labels = {"pod" if what in snapshot.pipeline.components else "job": set(_scraped_names(snapshot, what))}
    (label, names), now = next(iter(labels.items())), snapshot.taken_at
    up = [
        one
        for one in snapshot.data("prometheus_targets")
        if one["labels"].get(label) in names and one["health"] == "up"
    ]
    if not up:
        raise PreconditionNotMet(f"{what} is not scraped, so it has no metrics")
    if snapshot.data(f"prometheus/{COUNTED[what]}"):
        return
    _require_running_for_a_while(snapshot, COUNTED_AFTER)
    if label == "pod" and all(now - (ready_since(pod) or now) < COUNTED_AFTER for pod in ready_pods(snapshot, what)):
        raise NoData(f"every pod of {what} is new: no figures yet; try again in {COUNTED_AFTER:g} s")
    observed = f"Prometheus scrapes {up[0]['labels'][label]} and has no series for {COUNTED[what]}"
    raise Deviation(snapshot, observed, "the metrics of everything it scrapes", _ADVICE)


def _scraped_names(snapshot: Snapshot, what: str) -> list[str]:
    if what not in snapshot.pipeline.components:
        return [what]
    require_ready(snapshot, what)
    return [name_of(pod) for pod in ready_pods(snapshot, what)]


def nodes_are_scraped(snapshot: Snapshot) -> None:
    """The kubelet's figures about volumes and containers are scraped."""
    require_ready(snapshot, roles.PROMETHEUS)
    joining = {name_of(one) for one in snapshot.answers.get("nodes", ()) if is_joining(one, snapshot.taken_at)}
    lost = snapshot.derive(lost_nodes)
    for job in NODE_JOBS:
        targets = _targets(snapshot, job)
        if not targets:
            _require_running_for_a_while(snapshot)
            raise Deviation(snapshot, f"Prometheus has no target of the job {job}", "at least one, up", _ADVICE)
        for target in sorted(targets, key=lambda one: one["labels"].get("node") in {*joining, *lost}):
            node = target["labels"].get("node")
            if node in joining and target["health"] != "up":
                raise NoData(f"node {node} has just been added and is not scraped yet; try again in {JOINING_S:g} s")
            if node in lost and target["health"] != "up":
                raise PreconditionNotMet(f"node {node} is silent or not Ready, so nobody can scrape it")
            _judge(snapshot, job, target)


def _targets(snapshot: Snapshot, job: str) -> list[Mapping[str, Any]]:
    return [target for target in snapshot.data("prometheus_targets") if target["labels"].get("job") == job]


def _require_running_for_a_while(snapshot: Snapshot, seconds: float = FOUND_AFTER) -> None:
    """A Prometheus that has just been started has no targets yet; of one elsewhere nobody knows since when it runs."""
    pods = ready_pods(snapshot, roles.PROMETHEUS)
    if pods and all(age(pod, snapshot.taken_at) < seconds for pod in pods):
        raise NoData(f"Prometheus is new and has not found its targets yet; try again in {seconds:g} s")


def _judge(snapshot: Snapshot, what: str, target: Mapping[str, Any]) -> None:
    if target["health"] == "unknown":
        raise NoData(f"the target {what} has not been scraped yet")
    if target["health"] != "up":
        why = target.get("lastError") or "no reason given"
        raise Deviation(snapshot, f"the target {what} is {target['health']}: {why[:200]}", "up", _ADVICE)
    old = snapshot.taken_at - epoch(target["lastScrape"])
    if old > SCRAPED_WITHIN:
        raise Deviation(snapshot, f"{what} was scraped {old:.0f} s ago", f"within {SCRAPED_WITHIN:g} s", _ADVICE)
