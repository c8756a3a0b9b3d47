"""From the snapshot's raw answers to one reading of a key metric, or to why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import (
    RECONNECT_S,
    back_since,
    causes_of,
    pods_of,
    ready_pods,
    require_back,
    require_ready,
    require_settled,
)
from pipeline_services.judgements.resources import usage_share
from pipeline_services.judgements.volumes import belongs_to
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PipelineError, PreconditionNotMet
from pipeline_services.model.k8s import age_since_start, condition, name_of, recent_restarts_of, status_of
from pipeline_services.model.metrics.metric import Absence, KeyMetric, Reading
from pipeline_services.model.offsets import Offsets
from pipeline_services.model.pipeline import AT_LEAST_ONCE, Pipeline
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

Metrics = Mapping[str, KeyMetric]
"""Key metrics by their ids."""
NEW_FOR: Final = 120.0
"""Seconds that a new pod may lack a value of its own: windows have to fill."""
NOW: Final[Mapping[str, str]] = {"cpu-usage": "cpu", "memory-usage": "memory"}
"""Metrics that the metrics API can say, with the resource that each is about."""
RECOVERED_S: Final = 30.0
"""Seconds after which readings are stored again, once all on their way are back (section 3)."""
_SHOWN_AT_ONCE: Final = frozenset({"producer-rate", "unacknowledged-age"})
"""Metrics that are good again as soon as a component is, however long their window."""
_LASTS: Final = frozenset({"dead-letters"})
"""Metrics that no absence of another explains."""
REBALANCE: Final = 15.0
"""Seconds of production that may pile up while the group rebalances (section 9: 5-10 s)."""


def is_within(snapshot: Snapshot, metric: KeyMetric, subject: str = "") -> Reading:
    """The metric's reading keeps to its level; returned so that the caller can say when it is past the warn level.

    Raises:
        Deviation: it does not.
        PipelineError: there is no reading: no data, NaN, stale, or a question that cannot be asked now.
    """
    reading = read(snapshot, metric, subject)
    if snapshot.taken_at - reading.at > metric.stale_after:
        raise NoData(f"{metric.id}: the last value is {snapshot.taken_at - reading.at:.0f} s old")
    if metric.allows(reading):
        return reading
    require_settled(snapshot, metric.component_of(subject))
    if metric.component in snapshot.pipeline.data_path and metric.id not in _LASTS:
        _require_undisturbed(snapshot, metric)
    if metric.id == "stored-reading-age":
        _require_new_readings(snapshot)
    raise Deviation(snapshot, metric.observed(reading), metric.threshold(), metric.advice)


def _require_undisturbed(snapshot: Snapshot, metric: KeyMetric) -> None:
    """Nobody on the way of the readings is away, or was within the metric's window; but once one should have recovered,
    readings have to be stored again."""
    within = RECONNECT_S + (0.0 if metric.id in _SHOWN_AT_ONCE else metric.window)
    for one in (*causes_of(snapshot.pipeline, metric.component), metric.component):
        require_settled(snapshot, one)
        if not _nothing_stored_since(snapshot, back_since(snapshot, one)):
            require_back(snapshot, one, within)


def _nothing_stored_since(snapshot: Snapshot, back: float) -> bool:
    """Whether no reading is stored that was made after somebody came back, though there was time for it."""
    newest = (snapshot.answers.get("influxdb_newest") or {}).get("time")
    return newest is not None and newest < back < snapshot.taken_at - RECOVERED_S


def read(snapshot: Snapshot, metric: KeyMetric, subject: str = "") -> Reading:
    """One reading; of several series the worst. Raises as ``is_within``."""
    require_ready(snapshot, *metric.needs)
    if metric.tool == "prometheus":
        return _from_prometheus(snapshot, metric, subject)
    if metric.id in NOW:
        return usage_share(snapshot, subject, NOW[metric.id])
    value = {
        "pod-restarts": lambda: _restarts(snapshot, subject),
        "hpa-replicas": lambda: _replicas(snapshot, subject),
        "consumer-lag": lambda: float(_lags(snapshot)[-1][1]),
        "consumer-lag-growth": lambda: lag_growth(snapshot),
        "stored-reading-age": lambda: newest_stored_age(snapshot),
    }[metric.id]()
    return Reading(value, snapshot.taken_at, subject)


def lag_growth(snapshot: Snapshot) -> float:
    """The share of the readings produced between the two samples that the group did not consume.

    0 while the whole lag is less than what ``REBALANCE`` seconds produce; 1 where nothing moves though there is a lag;
    where the client commits by itself, only if no reading of these seconds is stored either.
    """
    (before, lag_before, end_before), (after, lag_after, end_after) = (_lags(snapshot)[0], _lags(snapshot)[-1])
    if not after > before:
        raise NoData("the lag was sampled only once")
    produced = end_after - end_before
    if lag_after <= REBALANCE * produced / (after - before):
        return 0.0
    if produced == 0:
        return 1.0 if lag_after >= lag_before and not _works_between_commits(snapshot) else 0.0
    return (lag_after - lag_before) / produced


def _works_between_commits(snapshot: Snapshot) -> bool:
    """Whether readings are stored though nothing is committed: a client commits by itself only now and then."""
    if snapshot.pipeline.delivery == AT_LEAST_ONCE:
        return False
    try:
        return newest_stored_age(snapshot) < REBALANCE
    except PipelineError:
        return False


def newest_stored_age(snapshot: Snapshot) -> float:
    """Seconds since the newest stored reading was measured; never negative."""
    newest = snapshot.data("influxdb_newest")["time"]
    if newest is None:
        raise no_reading(snapshot.pipeline)
    return max(0.0, snapshot.taken_at - float(newest))


def _require_new_readings(snapshot: Snapshot) -> None:
    """Old data is the processor's fault only if there is newer data for it in Kafka."""
    if _lags(snapshot)[-1][1] == 0:
        raise PreconditionNotMet("nothing new is in Kafka, so nothing newer can be stored; see producer-rate")


def _lags(snapshot: Snapshot) -> list[tuple[float, int, int]]:
    """Per sample: when, the lag and the end offsets, both summed over the partitions."""
    samples = snapshot.data("kafka_lag")
    if not samples:
        raise NoData("the lag was not sampled")
    return [(one.at, one.lag, sum(one.end.values())) for one in map(Offsets.of, samples)]


def _restarts(snapshot: Snapshot, component: str) -> float:
    pods = pods_of(snapshot, component)
    if not pods:
        raise NoData(f"there is no pod of {component} whose restarts could be counted")
    return float(max(recent_restarts_of(pod, snapshot.taken_at) for pod in pods))


def no_reading(pipeline: Pipeline) -> NoData:
    """Nothing is stored where the profile says that readings are."""
    store = pipeline.store
    return NoData(
        f"InfluxDB has no {store.value} of {store.measurement} in the bucket {store.bucket} from the last hour"
    )


def _replicas(snapshot: Snapshot, hpa_name: str) -> float:
    hpa = named(snapshot, "hpas", hpa_name)
    if hpa is None:
        raise NoData(f"there is no HPA {hpa_name}")
    if condition(hpa, "ScalingActive").get("reason") == "ScalingDisabled":
        raise PreconditionNotMet(f"{hpa_name} is off because its target is scaled to 0; see the target's own checks")
    current = status_of(hpa).get("currentReplicas")
    if current is None:
        raise NoData(f"{hpa_name} does not say how many replicas there are")
    return float(current)


def _from_prometheus(snapshot: Snapshot, metric: KeyMetric, subject: str) -> Reading:
    runs_here = bool(snapshot.pipeline.parts_of(metric.component))
    zero = metric.absence is Absence.ZERO_WITHOUT_PODS and runs_here
    if zero and not pods_of(snapshot, metric.component):
        return Reading(0.0, snapshot.taken_at)
    series = _series(snapshot, metric, subject)
    if not series and zero and not ready_pods(snapshot, metric.component):
        return Reading(0.0, snapshot.taken_at)
    if not series:
        own = f" for its query, {metric.query}" if metric.id in snapshot.pipeline.queries else ""
        raise NoData(f"{metric.id}: Prometheus has no value{f' of {subject}' if subject else ''}{own}")
    readings = [Reading(float(row["value"][1]), float(row["value"][0]), _whose(row, metric)) for row in series]
    for reading in readings:
        if not math.isfinite(reading.value):
            raise NoData(f"{metric.id}: the value is {reading.value}, which is no usable value")
    return (min if metric.wants_much else max)(readings, key=lambda reading: reading.value)


def _series(snapshot: Snapshot, metric: KeyMetric, subject: str) -> list[Mapping[str, Any]]:
    require_ready(snapshot, roles.PROMETHEUS)
    rows: list[Mapping[str, Any]] = snapshot.data(f"prometheus/{metric.id}")
    if metric.by == "pod":
        return _series_of_pods(snapshot, metric, subject, rows)
    if metric.by == "persistentvolumeclaim":
        part = snapshot.pipeline[subject]
        return [row for row in rows if belongs_to(row["metric"].get(metric.by, ""), part)]
    return [row for row in rows if row["metric"].get(metric.by) == subject] if metric.by else rows


def _series_of_pods(
    snapshot: Snapshot, metric: KeyMetric, component: str, rows: list[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    require_ready(snapshot, component)
    by_pod = {row["metric"].get("pod"): row for row in rows}
    for pod in ready_pods(snapshot, component):
        if name_of(pod) not in by_pod and age_since_start(pod, snapshot.taken_at) > NEW_FOR:
            raise NoData(f"{metric.id}: Prometheus has no value of {name_of(pod)}")
    ready = {name_of(pod) for pod in ready_pods(snapshot, component)}
    return [row for pod, row in by_pod.items() if pod in ready]


def _whose(row: Mapping[str, Any], metric: KeyMetric) -> str:
    return str(row["metric"].get(metric.by, "")) if metric.by else ""
