"""Pipelines of another shape are judged on what they have: no autoscaler or one, plain HTTP, two ConfigMaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline_services.checklist.checks import cases, named
from pipeline_services.checklist.run import run_checks
from pipeline_services.model.errors import AccessDenied, NoData, ServiceUnreachable
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import crash_looping, scale_to_0
from tests.judgements.known_bad.kafka import stalled
from tests.judgements.shapes import shaped
from tests.judgements.world import World

PLAIN = Pipeline.load(Path("plain"))


CA3 = Pipeline.load(Path("ca3"))
SHIPPED = pytest.mark.parametrize("pipeline", [PLAIN, CA3], ids=lambda pipeline: pipeline.name)


def plain() -> World:
    return shaped(PLAIN)


@SHIPPED
def test_the_healthy_one_is_green_and_nothing_of_it_is_unknown(pipeline: Pipeline) -> None:
    assert run_checks(shaped(pipeline).snapshot(), cases(pipeline, run="daily")) == {}


@SHIPPED
def test_triage_of_the_healthy_one_finds_nothing(pipeline: Pipeline) -> None:
    diagnosis = diagnose(shaped(pipeline).snapshot())
    assert (diagnosis.findings, diagnosis.unanswered) == ((), ())


@pytest.mark.parametrize(
    ("pipeline", "component"), [(one, component) for one in (PLAIN, CA3) for component in one.judged_workloads]
)
def test_a_component_in_a_crash_loop_is_named_first(pipeline: Pipeline, component: str) -> None:
    world = shaped(pipeline)
    world.answers.setdefault(f"logs/{component}", [])
    crash_looping(world, world.pods(component)[0], "cannot start")
    found = diagnose(world.snapshot()).findings
    assert found[0].component == component


def test_what_it_does_not_have_is_not_judged() -> None:
    ids = {str(case.id) for case in cases(PLAIN)}
    assert not [one for one in ids if "hpa" in one or "certificate" in one or "grafana" in one or "loki" in one]
    assert {"cpu-throttling", "volume-usage", "dead-letters", "end-to-end-latency"}.isdisjoint(metrics_of(PLAIN))


@pytest.mark.parametrize(("what", "usage"), [("cpu", "900m"), ("memory", "250Mi")])
def test_usage_from_the_metrics_api_is_judged_by_the_same_level(what: str, usage: str) -> None:
    world = plain()
    pod = world.pods("processor")[0]["metadata"]["name"]
    world.item("pod_metrics", pod)["containers"][0]["usage"][what] = usage
    [case] = named([f"test_key_metric[{what}-usage-processor]"], cases(PLAIN))
    with pytest.raises(AssertionError, match=f"{what}-usage of {pod} is 0.9"):
        case.judge(world.snapshot())


def test_a_setting_of_the_second_config_map_is_judged() -> None:
    world = plain()
    world.item("configmaps", "processor-config")["data"]["INFLUXDB_BUCKET"] = "elsewhere"
    [case] = named(["test_settings_lead_to[influxdb]"], cases(PLAIN))
    with pytest.raises(AssertionError, match="INFLUXDB_BUCKET in processor-config is 'elsewhere'"):
        case.judge(world.snapshot())
    [finding, *_] = diagnose(world.snapshot()).findings
    assert (finding.cause.id, finding.subject) == ("setting-wrong", "configmap/processor-config")


def hung(world: World, component: str) -> None:
    """It is Ready, since nothing asks it, and does no more: its port accepts a connection and never answers."""
    for target in world.answers["prometheus_targets"]:
        if target["labels"]["job"] == component:
            target |= {"health": "down", "lastError": "context deadline exceeded"}


def test_a_processor_that_hangs_is_named_first() -> None:
    world = plain()
    hung(world, "processor")
    stalled(world, "growing")
    for metric in ("processor-matches-producer", "influxdb-writes-match-processor"):
        world.answers[f"prometheus/{metric}"] = []
    world.answers["influxdb_newest"] = {"time": world.now - 134, "points_1m": 0}
    found = diagnose(world.snapshot()).findings
    assert [(one.component, one.cause.id) for one in found] == [("processor", "process-hung")]


def test_a_producer_that_hangs_is_named_first() -> None:
    world = plain()
    hung(world, "producer")
    world.answers["prometheus/producer-rate"] = []
    world.answers["prometheus/processor-matches-producer"] = []
    still = {"0": {"committed": 10_000, "end": 10_000}}
    world.answers["kafka_lag"] = [{"at": world.now + wait, "partitions": still} for wait in (0.0, 2.1)]
    world.answers["influxdb_newest"] = {"time": world.now - 134, "points_1m": 0}
    found = diagnose(world.snapshot()).findings
    assert [(one.component, one.cause.id) for one in found] == [("producer", "process-hung")]


def test_a_policy_that_keeps_prometheus_away_is_no_hung_process() -> None:
    world = plain()
    hung(world, "processor")
    found = diagnose(world.snapshot()).findings
    assert [(one.component, one.cause.id) for one in found] == [("prometheus", "scrape-failing")]


def test_a_process_that_a_probe_asks_is_left_to_the_kubelet() -> None:
    world = plain()
    hung(world, "processor")
    world.answers["influxdb_newest"] = {"time": world.now - 134, "points_1m": 0}
    world.pods("processor")[0]["spec"]["containers"][0]["livenessProbe"] = {"httpGet": {"path": "/", "port": 8000}}
    assert "process-hung" not in {one.cause.id for one in diagnose(world.snapshot()).findings}


def test_a_kafka_that_hangs_is_named_first() -> None:
    world = plain()
    away = ServiceUnreachable("kafka does not answer")
    for source in ("kafka_topics", "kafka_group", "kafka_lag", "kafka_settings", "kafka_quotas"):
        world.fail(source, away)
    world.answers["prometheus/producer-rate"][0]["value"] = [world.now, "0"]
    world.answers["influxdb_newest"] = {"time": world.now - 134, "points_1m": 0}
    found = diagnose(world.snapshot()).findings
    assert [one.component for one in found][:1] == ["kafka"]


def test_an_influxdb_that_hangs_is_named_first() -> None:
    world = plain()
    for source in ("influxdb_health", "influxdb_newest", "influxdb_token", "influxdb_read_token", "influxdb_write"):
        world.fail(source, ServiceUnreachable("influxdb-service does not answer"))
    world.answers["prometheus/influxdb-writes-match-processor"][0]["value"] = [world.now, "0"]
    world.answers["prometheus/write-failures"][0]["value"] = [world.now, "0.9"]
    found = diagnose(world.snapshot()).findings
    assert [one.component for one in found][:1] == ["influxdb"]


@pytest.mark.parametrize(
    ("pipeline", "command"),
    [(PLAIN, "make up PIPELINE=plain"), (CA3, "kubectl --context kind-conveyor apply -R -f k8s")],
)
def test_what_restores_it_is_its_own_command(pipeline: Pipeline, command: str) -> None:
    world = shaped(pipeline)
    world.drop("services", lambda item: item["metadata"]["name"] == "kafka-service")
    [finding, *_] = diagnose(world.snapshot()).findings
    assert command in finding.next


@pytest.mark.parametrize(
    ("line", "is_error"),
    [
        ("2026-11-27 21:00:00,1 - ERROR - Error writing to InfluxDB: refused", True),
        ("Traceback (most recent call last):", True),
        ("2026-11-27 21:00:00,1 - INFO - no ERROR since the start", False),
        ("2026-11-27 21:00:00,1 - WARNING - no broker yet", False),
    ],
)
def test_an_error_line_is_what_the_description_says(line: str, is_error: bool) -> None:
    world = plain()
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(20)} {line}"]
    red = run_checks(world.snapshot(), named(["test_no_unknown_errors_logged[processor]"], cases(PLAIN)))
    assert bool(red) is is_error


def doubled() -> Pipeline:
    """Two workloads play the processor: the second is a part of the first, and findings about it name that."""
    document = PLAIN.document()
    second = {"workload": "archiver", "selector": {"app": "archiver"}, "container": "archiver", "part_of": "processor"}
    document["components"]["archiver"] = {**document["components"]["processor"], **second}
    document["flows"] += [
        {**flow, "source": "archiver"} if flow["source"] == "processor" else {**flow, "destination": "archiver"}
        for flow in document["flows"]
        if "processor" in (flow["source"], flow["destination"])
    ]
    return Pipeline.from_document(document)


def test_two_workloads_in_one_role_are_both_judged() -> None:
    pipeline = doubled()
    world = shaped(pipeline)
    assert run_checks(world.snapshot(), cases(pipeline, run="daily")) == {}
    crash_looping(world, world.pods("archiver")[0], "cannot start")
    found = diagnose(world.snapshot()).findings
    assert (found[0].component, found[0].subject.startswith("pod/archiver")) == ("processor", True)


def test_kafka_s_own_commands_are_called_as_its_image_has_them() -> None:
    world = shaped(CA3)
    world.answers["kafka_topics"] = {}
    [finding, *_] = diagnose(world.snapshot()).findings
    typed = " ".join(finding.next)
    assert "kafka-topics --bootstrap-server" in typed
    assert ".sh" not in typed


def no_secret(world: World) -> None:
    world.answers["secrets"] = [one for one in world.answers["secrets"] if one["name"] != "influxdb-secrets"]
    for source in ("influxdb_newest", "influxdb_token", "influxdb_read_token", "influxdb_write"):
        world.fail(source, NoData("there is no secret influxdb-secrets"))


def refused_token(world: World) -> None:
    for source in ("influxdb_token", "influxdb_read_token", "influxdb_write"):
        world.answers[source] = {"status": 401}
    world.fail("influxdb_newest", AccessDenied("read", "the bucket"))


def under_pressure(world: World) -> None:
    for condition in world.answers["nodes"][0]["status"]["conditions"]:
        if condition["type"] == "MemoryPressure":
            condition["status"] = "True"


FAULTS: Mapping[str, tuple[Callable[[World], object], str]] = {
    "producer scaled to 0": (lambda world: scale_to_0(world, "producer"), "producer"),
    "processor scaled to 0": (lambda world: scale_to_0(world, "processor"), "processor"),
    "prometheus scaled to 0": (lambda world: scale_to_0(world, "prometheus"), "prometheus"),
    "ConfigMap gone": (
        lambda world: world.drop("configmaps", lambda item: item["metadata"]["name"] == "processor-config"),
        "config",
    ),
    "Secret gone": (no_secret, "config"),
    "token refused": (refused_token, "config"),
    "policies gone": (lambda world: world.answers.update(networkpolicies=[]), "network"),
    "volume gone": (lambda world: world.drop("pvcs", lambda item: "kafka" in item["metadata"]["name"]), "storage"),
    "topic gone": (lambda world: world.answers.update(kafka_topics={}), "kafka"),
    "Service gone": (
        lambda world: world.drop("services", lambda item: item["metadata"]["name"] == "influxdb-service"),
        "network",
    ),
    "node short of memory": (under_pressure, "node"),
}


@SHIPPED
@pytest.mark.parametrize("fault", FAULTS)
def test_each_of_these_faults_is_named_first(pipeline: Pipeline, fault: str) -> None:
    change, component = FAULTS[fault]
    world = shaped(pipeline)
    change(world)
    found = diagnose(world.snapshot()).findings
    assert [one.component for one in found][:1] == [component], found


@pytest.mark.parametrize(("stored_ago", "is_red"), [(3.0, False), (134.0, True)])
def test_a_group_that_commits_now_and_then_is_not_taken_for_stalled(stored_ago: float, is_red: bool) -> None:
    world = plain()
    still = {"0": {"committed": 9_996, "end": 10_000}}
    world.answers["kafka_lag"] = [{"at": world.now + wait, "partitions": still} for wait in (0.0, 2.1)]
    world.answers["influxdb_newest"] = {"time": world.now - stored_ago, "points_1m": 50}
    red = run_checks(world.snapshot(), named(["test_key_metric[consumer-lag-growth]"], cases(PLAIN)))
    assert bool(red) is is_red


def influxdb_was_away(world: World, *, until_ago: float) -> None:
    """Its pod is back, and the processor logged each write that failed until then."""
    pod = world.pods("influxdb")[0]
    pod["metadata"]["creationTimestamp"] = world.ago(until_ago + 10)
    pod["status"]["conditions"][1]["lastTransitionTime"] = world.ago(until_ago)
    refused = "2026 - ERROR - Error writing to InfluxDB: Connection refused"
    times = range(int(until_ago) + 15, int(until_ago), -1)
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(seconds)} {refused}" for seconds in times]
    world.answers["prometheus/write-failures"][0]["value"] = [world.now, "0.12"]


def test_an_outage_of_the_store_that_is_over_is_said_to_be() -> None:
    world = plain()
    influxdb_was_away(world, until_ago=50)
    found = diagnose(world.snapshot()).findings
    assert {(one.component, one.cause.id) for one in found} == {("influxdb", "outage-over")}


def test_one_in_which_nothing_is_stored_since_is_not_over() -> None:
    world = plain()
    influxdb_was_away(world, until_ago=50)
    world.answers["influxdb_newest"] = {"time": world.now - 55, "points_1m": 3}
    found = diagnose(world.snapshot()).findings
    assert "writes-fail" in {one.cause.id for one in found}
