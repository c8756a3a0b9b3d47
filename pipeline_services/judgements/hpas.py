"""Do the HorizontalPodAutoscalers know their metrics and keep to the documented bounds (sections 1 and 3.5)?"""

from __future__ import annotations

from typing import Final

from pipeline_services.judgements.cluster_parts import require_measured
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import ready_pods, require_ready
from pipeline_services.model.component import Autoscaler
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import (
    K8sObject,
    age,
    condition,
    condition_since,
    containers_of,
    is_true,
    name_of,
    ready_since,
    requests_of,
    scale_target_of,
    spec_of,
    status_of,
    template_of,
)
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

METRICS_LAG: Final = 45.0
"""Seconds without metrics that are normal: section 9 knows of 15-30 s, and the controller looks every 5-15 s."""
NEW_FOR: Final = 90.0
"""Seconds in which a new autoscaler, or one all of whose pods are new, need not know anything yet."""

_DEFAULT_WINDOW_S: Final = {"scaleUp": 0, "scaleDown": 300}
"""Kubernetes' own stabilization windows."""


def knows_metrics(snapshot: Snapshot, hpa_name: str) -> None:
    """The autoscaler can scale and has a current value, not ``<unknown>``.

    Raises:
        PreconditionNotMet: it is new, its target is scaled to 0, or all pods of its target are new or not ready.
    """
    hpa = _existing(snapshot, hpa_name)
    target = scaled_by(snapshot.pipeline, hpa)
    if condition(hpa, "ScalingActive").get("reason") == "ScalingDisabled":
        raise PreconditionNotMet(f"{hpa_name} is off because {target} is scaled to 0; see the checks of {target}")
    if not is_true(hpa, "ScalingActive"):
        require_ready(snapshot, target)  # pods that are not ready have no usage
        if has_new_pods_only(snapshot, hpa):
            raise PreconditionNotMet(
                f"every pod of {target} has just started and has no usage yet; try again in {NEW_FOR:g} s"
            )
    if not is_true(hpa, "ScalingActive") and not is_within_lag(hpa, snapshot.taken_at):
        require_measured(snapshot, METRICS_LAG)
    for kind in ("AbleToScale", "ScalingActive"):
        _judge_condition(snapshot, hpa, kind)
    if _current_cpu(hpa) is None and not is_within_lag(hpa, snapshot.taken_at):
        raise Deviation(snapshot, f"{hpa_name} shows <unknown> for its CPU", "a value", advice_about("hpa"))


def is_set_as_documented(snapshot: Snapshot, hpa_name: str) -> None:
    """The autoscaler scales its component's workload, has the bounds, CPU target and windows that section 3.5 promises,
    and may scale up."""
    hpa, wanted = _existing(snapshot, hpa_name), documented(snapshot.pipeline, hpa_name)
    spec, part = spec_of(hpa), snapshot.pipeline[snapshot.pipeline.autoscalers[hpa_name]]
    if scale_target_of(hpa) != (part.kind, part.workload):
        observed = f"{hpa_name} scales {scale_target_of(hpa)[1]}"
        raise Deviation(snapshot, observed, part.workload, advice_about("hpa"))
    bounds = (spec.get("minReplicas", 1), spec["maxReplicas"])
    targets = [metric["resource"]["target"].get("averageUtilization") for metric in _cpu(spec.get("metrics"))]
    if bounds != (wanted.min_replicas, wanted.max_replicas):
        observed = f"{hpa_name} may scale to {bounds[0]}-{bounds[1]} pods"
        raise Deviation(snapshot, observed, f"{wanted.min_replicas}-{wanted.max_replicas}", advice_about("hpa"))
    if targets != [wanted.cpu_percent]:
        told = " and ".join(f"{one} %" for one in targets) or "none"
        raise Deviation(
            snapshot, f"{hpa_name} has the CPU target {told}", f"{wanted.cpu_percent} %", advice_about("hpa")
        )
    without_request = containers_without_request(snapshot, hpa_name)
    if without_request:
        names = ", ".join(without_request)
        observed = f"{hpa_name} scales {part.kubectl_name}, whose container {names} requests no CPU"
        raise Deviation(snapshot, observed, "a CPU request: the target is a percentage of it", advice_about("hpa"))
    behavior = spec.get("behavior") or {}
    if (behavior.get("scaleUp") or {}).get("selectPolicy") == "Disabled":
        raise Deviation(snapshot, f"{hpa_name} may not scale up", "scaling up allowed", advice_about("hpa"))
    for direction, window in (("scaleUp", wanted.scale_up_window_s), ("scaleDown", wanted.scale_down_window_s)):
        found = (behavior.get(direction) or {}).get("stabilizationWindowSeconds", _DEFAULT_WINDOW_S[direction])
        if found != window:
            observed = f"{hpa_name} has a {direction} stabilization window of {found} s"
            raise Deviation(snapshot, observed, f"{window} s", advice_about("hpa"))


def documented(pipeline: Pipeline, hpa_name: str) -> Autoscaler:
    """What the profile promises of an autoscaler.

    Raises:
        PreconditionNotMet: the profile has no autoscaler of that name.
    """
    found = pipeline[pipeline.autoscalers[hpa_name]].autoscaler if hpa_name in pipeline.autoscalers else None
    if found is None:
        raise PreconditionNotMet(f"the profile of {pipeline.name} has no HPA {hpa_name}")
    return found


def containers_without_request(snapshot: Snapshot, hpa_name: str) -> list[str]:
    """The containers of the autoscaler's workload that request no CPU, by name; none where that is not there."""
    part = snapshot.pipeline[snapshot.pipeline.autoscalers[hpa_name]]
    workload = named(snapshot, part.list_name, part.workload)
    containers = containers_of(template_of(workload)) if workload else []
    return [str(one["name"]) for one in containers if "cpu" not in requests_of(one)]


def is_within_lag(hpa: K8sObject, now: float) -> bool:
    """Whether the metrics went away so recently that it is the lag that section 9 knows of."""
    since = condition_since(hpa, "ScalingActive")
    return since is None or now - since < METRICS_LAG


def scaled_by(pipeline: Pipeline, hpa: K8sObject) -> str:
    """The component whose workload the autoscaler scales; where it scales another, the one that it should."""
    target = scale_target_of(hpa)
    scaled = (part.id for part in pipeline.workloads.values() if (part.kind, part.workload) == target)
    return next(scaled, pipeline.autoscalers.get(name_of(hpa), ""))


def has_new_pods_only(snapshot: Snapshot, hpa: K8sObject) -> bool:
    """Whether no ready pod of the target is older than metrics-server needs to measure one, or has been ready for as
    long as the controller needs to count it: of a pod that is not ready it takes no figures."""
    return all(_is_new(pod, snapshot.taken_at) for pod in ready_pods(snapshot, scaled_by(snapshot.pipeline, hpa)))


def _is_new(pod: K8sObject, now: float) -> bool:
    ready = ready_since(pod)
    return age(pod, now) < NEW_FOR or (ready is not None and now - ready < METRICS_LAG)


def _existing(snapshot: Snapshot, hpa_name: str) -> K8sObject:
    hpa = named(snapshot, "hpas", hpa_name)
    if hpa is None:
        raise Deviation(snapshot, f"there is no HPA {hpa_name}", "one", advice_about("hpa"))
    return hpa


def _judge_condition(snapshot: Snapshot, hpa: K8sObject, kind: str) -> None:
    found = condition(hpa, kind)
    if is_true(hpa, kind) or (found and is_within_lag(hpa, snapshot.taken_at)):
        return
    hpa_name = name_of(hpa)
    if age(hpa, snapshot.taken_at) < NEW_FOR:
        raise PreconditionNotMet(f"{hpa_name} is new and knows no metrics yet; try again in {NEW_FOR:g} s")
    why = f"{found.get('reason', 'no such condition')}: {found.get('message', '')}"[:200]
    raise Deviation(snapshot, f"{hpa_name} is not {kind}: {why}", f"{kind} True", advice_about("hpa"))


def _cpu(metrics: list[K8sObject] | None) -> list[K8sObject]:
    return [metric for metric in metrics or () if (metric.get("resource") or {}).get("name") == "cpu"]


def _current_cpu(hpa: K8sObject) -> int | None:
    values = [metric["resource"]["current"] for metric in _cpu(status_of(hpa).get("currentMetrics"))]
    return next((value.get("averageUtilization") for value in values), None)
