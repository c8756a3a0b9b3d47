"""Roles that are played from elsewhere are judged by what can be seen of them, and never green for want of a look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline_services.checklist.checks import cases, named
from pipeline_services.checklist.run import CheckResult, run_checks
from pipeline_services.model.errors import (
    NoData,
    PipelineError,
    PreconditionNotMet,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.run.summary import elsewhere
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.incident.terminal import call
from pipeline_services.triage.walk.escalations import met_by
from pipeline_services.triage.walk.workflow import begin
from tests.judgements.faults import crash_looping
from tests.judgements.foreign_roles import ADDRESS, CONTACT, PLAIN, foreign_kafka, shared, two_processors
from tests.judgements.shapes import shaped
from tests.judgements.world import World

KAFKA, SHARED = Pipeline.from_document(foreign_kafka()), Pipeline.from_document(shared("prometheus"))
TWO = Pipeline.from_document(two_processors())
UNREACHABLE = ServiceUnreachable("kafka does not answer: no broker at kafka.example.com:9093")


def red(world: World) -> dict[str, CheckResult]:
    found = run_checks(world.snapshot(), cases(world.pipeline, run="daily"))
    return {str(case): result for case, result in found.items()}


def away(why: PipelineError = UNREACHABLE) -> World:
    """The managed Kafka does not answer whoever looks; the pipeline works."""
    world = shaped(KAFKA)
    for source in [name for name in world.answers if name.startswith("kafka_")]:
        world.fail(source, why)
    return world


@pytest.mark.parametrize("pipeline", [KAFKA, SHARED, TWO], ids=["foreign", "shared", "two"])
def test_the_healthy_one_is_green_and_triage_finds_nothing(pipeline: Pipeline) -> None:
    world = shaped(pipeline)
    assert red(world) == {}
    diagnosis = diagnose(world.snapshot())
    assert (diagnosis.findings, diagnosis.unanswered) == ((), ())


def test_what_a_foreign_kafka_has_not_is_not_judged_and_its_protocol_is() -> None:
    ids = {str(case.id) for case in cases(KAFKA, run="daily") if case.component == "kafka" or "kafka" in str(case.id)}
    assert ids == {
        *("test_kafka_topic[conveyor-speed]", "test_settings_lead_to[kafka]"),
        *("test_network_allows[processor-kafka]", "test_network_allows[producer-kafka]"),
    }
    judged = {str(case.id) for case in cases(KAFKA, run="daily")}
    assert {"test_topic_grows", "test_consumer_group_stable", "test_key_metric[consumer-lag]"} <= judged
    assert elsewhere(KAFKA) == [f"judged by its answers alone: kafka (outside the cluster, {ADDRESS}; {CONTACT})"]


def test_a_topic_that_a_foreign_kafka_lacks_is_told_with_its_address_and_whom_to_call() -> None:
    world = shaped(KAFKA)
    world.answers["kafka_topics"] = {}
    [case] = named(["test_kafka_topic[conveyor-speed]"], cases(KAFKA))
    with pytest.raises(AssertionError) as failed:
        case.judge(world.snapshot())
    lines = str(failed.value).splitlines()
    assert lines[0] == "Kafka has no topic conveyor-speed; expected one with at least 1 partition"
    assert lines[2] == (f"next: kafka-topics.sh --bootstrap-server {ADDRESS} --command-config client.properties --list")
    assert lines[4] == f"escalate to: L3 - Platform Team and {CONTACT}"
    [finding] = diagnose(world.snapshot()).findings
    assert (finding.cause.id, finding.component) == ("topic-missing", "kafka")


def test_a_foreign_kafka_that_cannot_be_seen_is_inconclusive_and_no_finding_while_readings_flow() -> None:
    world = away()
    found = red(world)
    assert {one.outcome for one in found.values()} == {"inconclusive"}
    assert {one.why for one in found.values()} == {UNREACHABLE.message}, "one reason, so that it is said once"
    assert {"test_kafka_topic[conveyor-speed]", "test_consumer_group_stable"} <= found.keys()
    diagnosis = diagnose(world.snapshot())
    assert diagnosis.findings == ()
    assert diagnosis.exit_code == 2


def test_a_foreign_kafka_that_does_not_answer_is_named_with_whom_to_call_where_readings_stop() -> None:
    world = away()
    world.answers["influxdb_newest"]["time"] = world.now - 900
    first = diagnose(world.snapshot()).findings[0]
    assert (first.cause.id, first.component) == ("broker-unresponsive", "kafka")
    assert f"{ADDRESS}, outside the cluster, does not answer; call {CONTACT}" in first.summary
    assert (first.contact, first.to_dict()["contact"]) == (CONTACT, CONTACT)
    assert call(begin(first, world.now), 0).startswith(f"L3 - Platform Team and {CONTACT}")
    assert met_by(first) == []
    assert first.next == ("nc -vz kafka.example.com 9093",)
    assert "producer" in first.affects


def test_a_foreign_kafka_that_refuses_the_login_is_not_said_to_be_silent() -> None:
    world = away(UnexpectedAnswer("kafka does not let the account log in by PLAIN: socket disconnected"))
    world.answers["influxdb_newest"]["time"] = world.now - 900
    first = diagnose(world.snapshot()).findings[0]
    assert f"{ADDRESS}, outside the cluster, cannot be asked; call {CONTACT}" in first.summary
    assert "kafka does not let the account log in by PLAIN" in first.evidence[0]


def test_pods_that_cannot_reach_a_foreign_kafka_which_answers_us_are_named() -> None:
    world = shaped(KAFKA)
    pod = world.pods("producer")[0]["metadata"]["name"]
    line = f"{world.ago(5)} 12:00:00 - ERROR - Error sending message: timed out to kafka.example.com"
    world.answers["logs/producer"] = [{"pod": pod, "container": "producer", "lines": [line]}]
    world.answers["prometheus/producer-rate"][0]["value"][1] = "0"
    causes = [one.cause.id for one in diagnose(world.snapshot()).findings]
    assert "connection-fails" in causes


@pytest.mark.parametrize("client", ["producer", "processor"])
def test_egress_to_a_foreign_kafka_is_judged(client: str) -> None:
    world = shaped(KAFKA)
    policy = world.item("networkpolicies", client)
    for rule in policy["spec"]["egress"]:
        rule["ports"] = [port for port in rule["ports"] if port["port"] != 9093] or [{"protocol": "TCP", "port": 1}]
    found = red(world)
    assert found[f"test_network_allows[{client}-kafka]"].why.startswith(
        f"no NetworkPolicy allows {client} to kafka:9093 (egress of {client})"
    )


def test_a_shared_prometheus_is_asked_and_not_judged_itself() -> None:
    judged = {str(case.id) for case in cases(SHARED, run="daily")}
    assert not [one for one in judged if one.endswith(("[prometheus]", "[prometheus-service]"))]
    assert "test_key_metric[producer-rate]" in judged
    assert elsewhere(SHARED) == ["judged by its answers alone: prometheus (namespace monitoring)"]
    world = shaped(SHARED)
    world.fail("prometheus/", ServiceUnreachable("prometheus-service does not answer"))
    assert red(world)["test_key_metric[producer-rate]"].outcome == "inconclusive"


def test_what_lets_a_shared_prometheus_in_is_judged() -> None:
    world = shaped(SHARED)
    [rule] = world.item("networkpolicies", "producer")["spec"]["ingress"]
    rule["from"] = [{"podSelector": {"matchLabels": {"app": "prometheus"}}}]
    why = red(world)["test_network_allows[prometheus-producer]"].why
    assert why.startswith("no NetworkPolicy allows prometheus to producer:8000 (ingress of producer)")


def test_a_shared_prometheus_that_does_not_scrape_is_named_with_commands_for_its_namespace() -> None:
    world = shaped(SHARED)
    world.answers["prometheus_targets"] = []
    assert "test_pods_scraped[producer]" in red(world)
    [finding] = diagnose(world.snapshot()).findings
    assert (finding.cause.id, finding.component) == ("scrape-failing", "prometheus")
    assert finding.next[0].startswith("kubectl --context kind-conveyor logs -n monitoring -l app=prometheus")


@pytest.mark.parametrize("part_of", ["processor", ""])
def test_of_two_processors_the_one_that_crashes_is_named(part_of: str) -> None:
    world = shaped(Pipeline.from_document(two_processors(part_of=part_of)))
    world.answers.setdefault("logs/archiver", [])
    crash_looping(world, world.pods("archiver")[0], "cannot start")
    first = diagnose(world.snapshot()).findings[0]
    assert first.component == (part_of or "archiver")
    assert "archiver" in f"{first.subject} {first.summary}"
    assert f"test_pods_ready[{part_of or 'archiver'}]" in red(world)


def of_kafka(**changed: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["components"]["kafka"].update(changed)


def login(**changed: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["components"]["kafka"]["security"].update(changed)


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (of_kafka(address="kafka.example.com"), "components.kafka.address: 'kafka.example.com' is no address as"),
        (of_kafka(address="a:9092,b:no"), "components.kafka.address: 'b:no' is no address as kafka.example.com:9092"),
        (of_kafka(address="a:90920"), "'a:90920' is no address"),
        (of_kafka(address=""), "components.kafka.security: only of a broker outside the cluster, which has an address"),
        (lambda d: d["components"]["influxdb"].update(contact="me"), "components.influxdb.contact: only of a broker"),
        (of_kafka(contact=""), "components.kafka.contact: missing; it says whom to call"),
        (of_kafka(workload="kafka", kind="StatefulSet"), "it is outside the cluster and has no workload"),
        (of_kafka(service={"name": "kafka", "port": 9092}), "it is outside the cluster and has no service"),
        (of_kafka(selector={"app": "kafka"}), "it is outside the cluster and has no selector"),
        (login(protocol="SASL-SSL"), "components.kafka.security.protocol: 'SASL-SSL' is none of PLAINTEXT, SSL"),
        (login(mechanism="SCRAM"), "components.kafka.security.mechanism: 'SCRAM' is none of PLAIN, SCRAM-SHA-256"),
        (lambda d: d["components"]["kafka"]["security"].pop("password"), "SASL_SSL wants a username and a password"),
        (
            login(protocol="SSL"),
            "components.kafka.security: SSL takes no username, password or mechanism; SASL_SSL and SASL_PLAINTEXT do",
        ),
        (login(protocol="SASL_PLAINTEXT", ca={"secret": "x", "key": "y"}), "shows no certificate, so ca means nothing"),
        (login(user="me"), "unknown key 'user' in pipeline.components.kafka.security; did you mean 'username'?"),
    ],
)
def test_what_is_half_outside_is_refused_with_one_line(mistake: Callable[[dict[str, Any]], None], said: str) -> None:
    document = foreign_kafka()
    mistake(document)
    with pytest.raises(PreconditionNotMet) as refused:
        Pipeline.from_document(document)
    assert said in refused.value.message
    assert "\n" not in refused.value.message


def test_a_workload_in_another_namespace_is_refused() -> None:
    document = PLAIN.document()
    document["components"]["prometheus"]["namespace"] = "monitoring"
    with pytest.raises(PreconditionNotMet, match="what runs in the namespace monitoring is judged there: leave out"):
        Pipeline.from_document(document)


def test_a_description_of_such_roles_survives_a_file() -> None:
    for pipeline in (KAFKA, SHARED, TWO):
        assert Pipeline.from_document(pipeline.document()).document() == pipeline.document()


def test_a_kafka_without_a_look_of_its_own_is_never_green() -> None:
    world = away()
    for source in [name for name in world.failures if name.startswith("kafka_")]:
        world.failures.pop(source)
    with pytest.raises(NoData):
        named(["test_kafka_topic[conveyor-speed]"], cases(KAFKA))[0].judge(world.snapshot())
