"""The key-metrics table: the spec's rows, its levels, what no data means, and what settings may change."""

from __future__ import annotations

import math

import pytest

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.readings import is_within, lag_growth
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.levels import Levels
from pipeline_services.model.metrics.advice import Escalation, five_lines
from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.metrics.metric import Comparison, Reading, changes, with_levels
from pipeline_services.model.pipeline import Pipeline
from tests.judgements.known_bad.kafka import lag, stalled
from tests.judgements.world import NOW, World, healthy

SPEC_ROWS = {
    "Producer rate": (Comparison.ABOVE, 0.5),
    "Processor rate": (Comparison.ABOVE, None),
    "InfluxDB writes": (Comparison.ABOVE, None),
    "Pod restarts": (Comparison.BELOW, 5),
    "CPU usage": (Comparison.BELOW, 0.8),
    "Memory usage": (Comparison.BELOW, 0.9),
    "HPA replicas": (Comparison.AT_MOST, 5),
}
PROMETHEUS = [metric.id for metric in KEY_METRICS.values() if metric.tool == "prometheus"]


def first(metric_id: str) -> str:
    return KEY_METRICS[metric_id].cases(Pipeline.load())[0]


def judge(world: World, metric_id: str) -> Reading:
    return is_within(world.snapshot(), KEY_METRICS[metric_id], first(metric_id))


def test_the_spec_s_rows_come_first_with_the_spec_s_levels() -> None:
    rows = [metric for metric in KEY_METRICS.values() if metric.row != "suite"]
    assert [metric.row for metric in rows] == list(SPEC_ROWS)
    assert rows == list(KEY_METRICS.values())[: len(rows)]
    for metric in rows:
        comparison, level = SPEC_ROWS[metric.row]
        assert metric.comparison is comparison
        assert level is None or metric.fail == level
    assert KEY_METRICS["hpa-replicas"].floor == 1


@pytest.mark.parametrize("metric", KEY_METRICS.values(), ids=lambda metric: metric.id)
def test_a_row_is_complete(metric: object) -> None:
    known = KEY_METRICS[metric.id]  # type: ignore[attr-defined]
    advice = known.advice.resolved(Pipeline.load())
    assert all((known.reason, known.unit, known.query, known.shown_by, advice.impact, advice.next_command))
    assert advice.escalation in Escalation
    assert known.comparison.holds(known.warn, known.fail) or known.warn == known.fail
    assert all(known.component_of(subject) in Pipeline.load().reported for subject in known.cases(Pipeline.load()))
    assert known.tool != "prometheus" or "[" in known.query, "a query without a window shows series that have stopped"


@pytest.mark.parametrize("metric_id", PROMETHEUS)
def test_no_series_is_no_data(metric_id: str) -> None:
    world = healthy()
    world.answers[f"prometheus/{metric_id}"] = []
    with pytest.raises(NoData):
        judge(world, metric_id)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf"])
@pytest.mark.parametrize("metric_id", PROMETHEUS)
def test_nan_and_infinity_are_no_data(metric_id: str, value: str) -> None:
    world = healthy()
    for row in world.answers[f"prometheus/{metric_id}"]:
        row["value"] = [NOW, value]
    with pytest.raises(NoData):
        judge(world, metric_id)


@pytest.mark.parametrize("metric_id", PROMETHEUS)
def test_a_stale_value_is_no_data(metric_id: str) -> None:
    world = healthy()
    for row in world.answers[f"prometheus/{metric_id}"]:
        row["value"][0] = NOW - 600
    with pytest.raises(NoData, match="600 s old"):
        judge(world, metric_id)


def test_nan_is_never_allowed() -> None:
    for metric in KEY_METRICS.values():
        with pytest.raises(NoData):
            metric.allows(Reading(math.nan, NOW))
        assert not metric.comparison.holds(math.nan, metric.fail)


def test_a_pod_that_has_no_series_is_no_data_unless_it_is_new() -> None:
    world = healthy()
    pod = world.pods("kafka")[0]["metadata"]["name"]
    rows = world.answers["prometheus/memory-usage"]
    world.answers["prometheus/memory-usage"] = [row for row in rows if row["metric"]["pod"] != pod]
    with pytest.raises(NoData, match="kafka-0"):
        is_within(world.snapshot(), KEY_METRICS["memory-usage"], "kafka")


def test_old_data_is_nobody_s_fault_while_nothing_new_is_in_kafka() -> None:
    world = healthy()
    world.answers["influxdb_newest"] = {"time": NOW - 300, "points_1m": 0}
    lag((500, 500), (500, 500))(world, "")
    with pytest.raises(PreconditionNotMet, match="nothing new"):
        judge(world, "stored-reading-age")


def test_no_reading_at_all_is_no_data() -> None:
    world = healthy()
    world.answers["influxdb_newest"] = {"time": None, "points_1m": 0}
    with pytest.raises(NoData):
        judge(world, "stored-reading-age")


@pytest.mark.parametrize(
    ("first_sample", "second_sample", "growth"),
    [
        ((100, 102), (140, 142), 0.0),  # keeps up
        ((1_000, 1_100), (1_000, 1_140), 0.0),  # a rebalance of a few seconds
        ((1_000, 2_000), (1_000, 2_040), 1.0),  # nobody consumes
        ((1_000, 2_000), (1_020, 2_040), 0.5),  # falls behind
        ((1_000, 2_000), (1_400, 2_040), -9.0),  # catches up
        ((1_000, 2_000), (1_000, 2_000), 1.0),  # nothing moves though there is a lag
        ((2_000, 2_000), (2_000, 2_000), 0.0),  # nothing to do
    ],
)
def test_lag_growth(first_sample: tuple[int, int], second_sample: tuple[int, int], growth: float) -> None:
    world = healthy()
    lag(first_sample, second_sample)(world, "")
    assert lag_growth(world.snapshot()) == growth


def test_one_sample_of_the_lag_says_nothing_about_growth() -> None:
    world = healthy()
    stalled(world, "")
    world.answers["kafka_lag"].pop()
    with pytest.raises(NoData):
        judge(world, "consumer-lag-growth")


def test_the_explanation_has_five_lines_and_names_what_it_is_about() -> None:
    metric = KEY_METRICS["producer-rate"]
    reading = metric.observed(Reading(0.2, NOW))
    lines = five_lines(
        reading, metric.threshold(), metric.advice.resolved(Pipeline.load()), "kubectl get pods"
    ).splitlines()
    assert lines[0] == "producer-rate is 0.2 readings/s; expected > 0.5 readings/s (over 60 s)"
    assert lines[2] == "next: kubectl get pods"
    assert len(lines) == 5


def test_the_warn_level_warns_without_failing() -> None:
    metric = KEY_METRICS["pod-restarts"]
    assert [metric.warns(Reading(value, NOW)) for value in (0, 3, 4, 5)] == [False, True, True, False]
    assert [metric.allows(Reading(value, NOW)) for value in (0, 3, 4, 5)] == [True, True, True, False]


def test_settings_replace_levels() -> None:
    world = healthy()
    stricter = with_levels(KEY_METRICS, {"producer-rate": Levels(fail=50, warn=60)})
    with pytest.raises(Deviation, match="> 50 readings/s"):
        is_within(world.snapshot(), stricter["producer-rate"])
    assert stricter["pod-restarts"] is KEY_METRICS["pod-restarts"]
    assert with_levels(KEY_METRICS, {"pod-restarts": Levels(fail=2)})["pod-restarts"].warn == 2


@pytest.mark.parametrize(
    ("metric_id", "levels", "message"),
    [
        ("no-such-metric", Levels(fail=1), "no-such-metric"),
        ("pod-restarts", Levels(warn=9), "pod-restarts"),
        ("producer-rate", Levels(warn=0.1), "producer-rate"),
        ("cpu-usage", Levels(fail=80), "cpu-usage.fail: 80 of its limit is no share: 0.8 means 80 %"),
        ("processor-matches-producer", Levels(fail=70, warn=80), "fail: 70 of the producer's rate is no share"),
        ("producer-rate", Levels(fail=-1), "is always reached: the check would be off"),
        ("name-resolves", Levels(fail=0), "is always reached: the check would be off"),
        ("consumer-lag", Levels(fail=-5), "is never kept to: nothing would pass"),
        ("pod-restarts", Levels(fail=0), "is never kept to: nothing would pass"),
        ("hpa-replicas", Levels(fail=0), "lies below the least allowed, 1: nothing would pass"),
        ("consumer-lag", Levels(warn=-1), r"consumer-lag\.warn: -1 readings is never kept to"),
    ],
)
def test_settings_that_cannot_be_right_are_named(metric_id: str, levels: Levels, message: str) -> None:
    with pytest.raises(PreconditionNotMet, match=message):
        with_levels(KEY_METRICS, {metric_id: levels})


def test_every_own_level_makes_sense() -> None:
    own = {name: Levels(metric.warn, metric.fail) for name, metric in KEY_METRICS.items()}
    assert with_levels(KEY_METRICS, own) == dict(KEY_METRICS)


def test_what_settings_change_is_said() -> None:
    (said,) = changes(KEY_METRICS, {"consumer-lag": Levels(fail=50_000), "cpu-usage": Levels(fail=0.8)})
    assert said == "consumer-lag fails unless < 50000 readings (else 5000), warns unless < 1000 (else 1000)"
