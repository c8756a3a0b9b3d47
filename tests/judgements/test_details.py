"""Single rules of the judgements: severities, owners of events, policies, known issues, quantities."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pipeline_services.judgements import config, events, heartbeats, logs, loki, pods, tls
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.known_issues import KNOWN_ISSUES, KnownIssue, known_issue
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, NotAsked, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.k8s import epoch, name_of, quantity
from pipeline_services.model.log_levels import is_severe
from pipeline_services.model.pipeline import Pipeline
from tests.judgements.faults import warning
from tests.judgements.world import NOW, healthy


def test_a_token_that_could_not_be_tried_is_not_refused() -> None:
    world = healthy()
    world.answers["influxdb_token"] = {"status": 500}
    with pytest.raises(UnexpectedAnswer):
        config.token_is_accepted(world.snapshot(), "influxdb_token")


def test_an_answer_that_is_no_list_of_streams_is_no_answer() -> None:
    world = healthy()
    world.answers["loki/errors"] = {"error": "parse error"}
    with pytest.raises(UnexpectedAnswer):
        loki.answers_error_search(world.snapshot())


def test_only_what_runs_and_was_made_by_no_workload_is_a_stranger() -> None:
    world = healthy()
    assert pods.made_by_nobody(world.snapshot()) == []
    for name, phase, age in (("older", "Running", 90), ("debug", "Running", 30), ("done", "Succeeded", 60)):
        metadata = {"name": name, "creationTimestamp": world.ago(age)}
        world.answers["pods"].append({"metadata": metadata, "spec": {}, "status": {"phase": phase}})
    assert [name_of(one) for one in pods.made_by_nobody(world.snapshot())] == ["debug", "older"]


@pytest.mark.parametrize(("days", "told"), [(0.5, "expires in 0.5 days"), (-0.5, "expired 12 h 0 min ago")])
def test_half_a_day_is_still_to_come_or_gone(days: float, told: str) -> None:
    world = healthy()
    world.answers["tls"]["secret"]["not_after"] = world.now + days * 86_400
    with pytest.raises(Deviation, match=told):
        tls.is_valid_for_weeks(world.snapshot())


@pytest.mark.parametrize("leases", [[], [{"metadata": {"name": "conveyor-control-plane"}, "spec": {}}]])
def test_a_node_whose_kubelet_never_said_a_word_is_not_known_to_report(leases: list[dict[str, object]]) -> None:
    world = healthy()
    assert {name_of(node) for node in world.answers["nodes"]} == {"conveyor-control-plane"}
    world.answers["node_leases"] = leases
    with pytest.raises(NoData, match="conveyor-control-plane has no Lease that its kubelet renewed"):
        heartbeats.nodes_report(world.snapshot())


def test_only_pods_on_a_silent_node_are_not_judged() -> None:
    world = healthy()
    world.answers["node_leases"][0]["spec"]["renewTime"] = world.ago(60)
    away, here = {"spec": {"nodeName": "conveyor-control-plane"}}, {"spec": {"nodeName": "other"}}
    heartbeats.require_fresh(world.snapshot(), [here])
    with pytest.raises(PreconditionNotMet, match="is 60 s old: its kubelet does not report"):
        heartbeats.require_fresh(world.snapshot(), [here, away])


def test_only_the_processors_pods_can_hold_its_token_from_before() -> None:
    world = healthy()
    key = next(one for one in world.answers["secrets"] if one["name"] == world.pipeline.config.write_token.secret)
    key["keys"][world.pipeline.config.write_token.key]["written"] = world.ago(-1)
    assert {name_of(pod) for pod in config.pods_with_old_token(world.snapshot())} == {
        name_of(pod) for pod in world.pods(roles.PROCESSOR)
    }
    for pod in world.pods(roles.PROCESSOR):
        for container in pod["spec"]["containers"]:
            container["env"], container["envFrom"] = [], []
    assert config.pods_with_old_token(world.snapshot()) == []


def test_a_token_that_was_written_at_some_time_says_nothing() -> None:
    world = healthy()
    held = world.pipeline.config.write_token
    keys = next(one["keys"] for one in world.answers["secrets"] if one["name"] == held.secret)
    keys[held.key]["written"] = ""
    with pytest.raises(NoData, match="does not say when"):
        config.token_written(world.snapshot())
    del keys[held.key]["written"]
    with pytest.raises(NotAsked, match="does not say when"):
        config.token_written(world.snapshot())


def test_a_component_without_pods_has_no_log_to_judge() -> None:
    world = healthy()
    world.answers["logs/kafka"] = []
    with pytest.raises(NoData):
        logs.have_no_unknown_errors(world.snapshot(), roles.KAFKA)


@pytest.mark.parametrize(
    ("thrown", "known"), [("OutOfOrderSequenceException: Out of order", True), ("KafkaStorageException: gone", False)]
)
def test_an_error_is_judged_with_the_exception_below_it(thrown: str, known: bool) -> None:
    world = healthy()
    stamp = datetime.fromtimestamp(NOW - 1, UTC).isoformat()
    said = [f"{stamp} ERROR [ReplicaManager broker=0] Error processing append operation on partition readings-1"]
    world.answers["logs/kafka"][0]["lines"] = [*said, f"{stamp} org.apache.kafka.common.errors.{thrown}"]
    unknown = logs.unknown_errors(world.snapshot(), roles.KAFKA)
    assert [line.whole.endswith(f"readings-1 org.apache.kafka.common.errors.{thrown}") for line in unknown] == (
        [] if known else [True]
    )


def test_a_known_issue_ends_on_its_day() -> None:
    day = date(2026, 12, 1)
    issue = KnownIssue("a", "logs", "kafka", "odd", "none", "because", "never", expires=day)
    assert issue.covers("logs", "kafka", "something odd", NOW)
    assert not issue.covers("logs", "kafka", "something odd", epoch("2026-12-01T00:00:00Z"))
    assert not issue.covers("events", "kafka", "something odd", NOW)
    assert not issue.covers("logs", "influxdb", "something odd", NOW)
    assert not issue.covers("logs", "kafka", "something else", NOW)


def test_every_known_issue_says_why_and_until_when() -> None:
    assert len({issue.id for issue in KNOWN_ISSUES}) == len(KNOWN_ISSUES)
    for issue in KNOWN_ISSUES:
        assert all((issue.reason, issue.ends, issue.impact))


@pytest.mark.parametrize(
    ("source", "component", "text"),
    [
        ("logs", "processor", "InsecureRequestWarning: Unverified HTTPS request is being made"),
        ("logs", "processor", "(Re-)joining group data-processor-group"),
        ("events", "hpa", "FailedGetResourceMetric: did not receive metrics for targeted pods (pods might be unready)"),
    ],
)
def test_section_9_is_known(source: str, component: str, text: str) -> None:
    assert known_issue(source, component, text, NOW)  # type: ignore[arg-type]
    assert not known_issue(source, "grafana", text, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "severe"),
    [
        ('{"level": "INFO", "message": "ERROR is only a word here"}', False),
        ('{"level": "error", "message": "x"}', True),
        ("[2026-11-18 10:00:00,000] INFO 0 ERROR lines so far (kafka)", True),  # strict: words count where no field is
        ("[2026-11-18 10:00:00,000] WARN slow (kafka)", False),
        ('ts=x lvl=info msg="error ERROR"', False),
        ("ts=x lvl=error msg=x", True),
        ('level=error ts=x msg="y"', True),
        ("plain words", False),
    ],
)
def test_severity(text: str, severe: bool) -> None:
    assert is_severe(text) is severe


@pytest.mark.parametrize(
    ("kind", "name", "component"),
    [
        ("Pod", "kafka-0", "kafka"),
        ("Pod", "log-shipper-8hq7d", "loki"),
        ("Deployment", "producer", "producer"),
        ("Service", "influxdb-service", "influxdb"),
        ("HorizontalPodAutoscaler", "producer-hpa", "hpa"),
        ("PersistentVolumeClaim", "data-kafka-0", "storage"),
        ("Job", "backup", "config"),
    ],
)
def test_whose_an_event_is(kind: str, name: str, component: str) -> None:
    assert events.component_of(Pipeline.load(), {"involvedObject": {"kind": kind, "name": name}}) == component


def test_quantities_and_times() -> None:
    assert quantity("250m") == 0.25
    assert quantity("120000000n") == pytest.approx(0.12)
    assert quantity("256Mi") == 256 * 2**20
    assert quantity("2") == 2
    assert epoch("2026-11-18T10:00:00.123456789Z") == pytest.approx(epoch("2026-11-18T10:00:00Z") + 0.123456)
    for wrong in ("", "many", "5Xi"):
        with pytest.raises(UnexpectedAnswer):
            quantity(wrong)
    with pytest.raises(UnexpectedAnswer):
        epoch("yesterday")


def test_what_a_budget_warns_of_is_the_practice_runs_matter() -> None:
    world = healthy()
    warning(world, "PodDisruptionBudget", "producer", "UnmanagedPods", "Pods selected by this PodDisruptionBudget")
    events.have_no_open_warnings(world.snapshot(), "producer")


def test_an_address_that_the_api_server_enters_itself_is_no_fault() -> None:
    said = "ClusterIPNotAllocated: Cluster IP [IPv4]: 10.96.184.186 is not allocated; repairing"
    assert known_issue("events", "loki", said, NOW)
    assert not known_issue("events", "loki", "ClusterIPAlreadyAllocated: Cluster IP was assigned to two", NOW)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "KAFKA_BROKER is missing from ConfigMap pipeline-config; expected 'kafka-service:9092'"),
        ({"KAFKA_BROKER": ""}, "KAFKA_BROKER in pipeline-config is ''; expected 'kafka-service:9092'"),
    ],
)
def test_a_setting_that_is_missing_is_not_none(data: dict[str, str], said: str) -> None:
    world = healthy()
    world.item("configmaps", world.pipeline.config.config_map)["data"] = data
    with pytest.raises(Deviation, match=said):
        config.settings_lead_to(world.snapshot(), roles.KAFKA)


@pytest.mark.parametrize(
    ("ports", "said"), [(None, "the service kafka-service does not exist"), ([], "has no port 9092, only ")]
)
def test_an_address_without_a_service_says_what_is_missing(ports: list[object] | None, said: str) -> None:
    world = healthy()
    if ports is None:
        world.drop("services", lambda item: item["metadata"]["name"] == "kafka-service")
    else:
        world.item("services", "kafka-service")["spec"]["ports"] = ports
    with pytest.raises(Deviation, match=said):
        config.settings_lead_to(world.snapshot(), roles.KAFKA)
