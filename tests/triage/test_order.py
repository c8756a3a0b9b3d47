"""Which finding explains another, which is told first, and which says why a check has no answer: made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.triage.diagnosis import NO_SERIES, explains, leaves_open, upstream_first
from pipeline_services.triage.model import Finding
from pipeline_services.triage.subjects import CAUSES
from tests.triage.made import PIPELINE


def found(cause: str, component: str, affects: str = "", **more: Any) -> Finding:
    return Finding(CAUSES[cause], component, cause, affects=frozenset({component, *affects.split()}), **more)


CRASHED = found("process-crashed", "processor", since=200)
IDLE = found("producer-idle", "producer")

EXPLAINED = {
    "a pod's by the workload's": (
        found("image-unavailable", "producer", subject="deployment/producer"),
        found("image-unavailable", "producer", subject="pod/producer-1"),
    ),
    "a crash by what began with it": (found("scaled-to-zero", "kafka", "processor", since=200), CRASHED),
    "a symptom by a cause upstream": (found("topic-missing", "kafka", "processor"), found("writes-fail", "processor")),
    "a symptom by a cause downstream": (found("poison-messages", "processor", "producer"), IDLE),
    "a symptom by one upstream": (found("broker-unresponsive", "kafka", "producer"), IDLE),
    "a symptom by a cause of its own": (found("out-of-memory", "producer"), found("crash-loop", "producer")),
    "what passes by a symptom": (found("store-unresponsive", "influxdb", "processor"), found("settling", "processor")),
    "what passes by the same upstream": (
        found("pod-replaced", "kafka", "processor"),
        found("rebalancing", "processor"),
    ),
    "what is left over by what passes": (found("rebalancing", "processor"), found("unknown", "processor")),
    "a client's end by the network": (found("policy-blocks", "network", "producer"), found("crash-loop", "producer")),
    "a client's end by its server": (
        found("scaled-to-zero", "influxdb", "processor"),
        found("crash-loop", "processor"),
    ),
    "a server's end by its node": (found("node-pressure", "node", "influxdb"), found("crash-loop", "influxdb")),
}
NOT_EXPLAINED = {
    "a workload's by its pod's": (
        found("image-unavailable", "producer", subject="pod/producer-1"),
        found("image-unavailable", "producer", subject="deployment/producer"),
    ),
    "a pod's by another pod's": (
        found("image-unavailable", "producer", subject="pod/producer-2"),
        found("image-unavailable", "producer", subject="pod/producer-1"),
    ),
    "a pod's by another workload's": (
        found("image-unavailable", "processor", subject="deployment/processor"),
        found("image-unavailable", "producer", subject="pod/producer-1"),
    ),
    "a crash by what came later": (found("scaled-to-zero", "kafka", "processor", since=201), CRASHED),
    "a crash by what began at some time": (found("scaled-to-zero", "kafka", "processor"), CRASHED),
    "a crash at some time": (
        found("scaled-to-zero", "kafka", "processor", since=1),
        found("process-crashed", "processor"),
    ),
    "a crash by what heals by itself": (
        found("pod-replaced", "kafka", "processor", since=1, self_healing=True),
        CRASHED,
    ),
    "a crash by what does not touch it": (found("scaled-to-zero", "kafka", "producer", since=1), CRASHED),
    "a crash by what is downstream": (found("datasource-broken", "grafana", "processor", since=1), CRASHED),
    "a crash by what it never connects to": (
        found("scaled-to-zero", "influxdb", "producer", since=1),
        found("process-crashed", "producer", since=200),
    ),
    "a server's end by the network": (found("policy-blocks", "network", "influxdb"), found("crash-loop", "influxdb")),
    "an end by who is connected": (found("scaled-to-zero", "kafka", "influxdb"), found("crash-loop", "influxdb")),
    "a symptom by what does not touch it": (found("topic-missing", "kafka"), IDLE),
    "a cause by a cause": (
        found("topic-missing", "kafka", "influxdb", since=1),
        found("bucket-missing", "influxdb", since=200),
    ),
    "a symptom by one downstream": (found("writes-fail", "processor", "producer"), IDLE),
    "what passes by a symptom downstream": (found("writes-fail", "processor", "kafka"), found("pod-replaced", "kafka")),
    "what passes by the same downstream": (found("rebalancing", "processor", "kafka"), found("pod-replaced", "kafka")),
    "a symptom by another of its own": (found("restarted-often", "producer"), IDLE),
    "a symptom by what passes": (found("rebalancing", "processor"), found("writes-fail", "processor")),
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_only_the_cause_of_two_is_told(name: str) -> None:
    cause, symptom = EXPLAINED[name]
    assert explains(cause, symptom, PIPELINE)
    assert upstream_first([symptom, cause], PIPELINE) == [cause]


@pytest.mark.parametrize("name", NOT_EXPLAINED)
def test_what_the_other_does_not_explain_stays(name: str) -> None:
    cause, other = NOT_EXPLAINED[name]
    assert not explains(cause, other, PIPELINE)


FIRST_TO_LAST = (
    found("node-cordoned", "node", blocks=True),
    found("crash-loop", "processor"),
    found("setting-wrong", "config", "kafka"),
    found("topic-missing", "kafka"),
    found("bucket-missing", "influxdb", since=1),
    found("bucket-set-otherwise", "influxdb", since=2),
    found("store-worked-on", "influxdb"),
    found("port-closed", "network", "kafka"),
    found("datasource-broken", "grafana"),
    found("volume-unbound", "storage", "kafka", self_healing=True),
)
HEALING = (
    found("pod-replaced", "kafka", self_healing=True),
    found("process-hung", "processor", self_healing=True),
    found("settling", "influxdb", self_healing=True),
)


def test_what_somebody_has_to_act_on_is_told_first() -> None:
    assert upstream_first(reversed(FIRST_TO_LAST), PIPELINE) == [*FIRST_TO_LAST]


def test_of_what_heals_an_outage_is_told_before_what_is_over() -> None:
    assert upstream_first(reversed(HEALING), PIPELINE) == [*HEALING]


@pytest.mark.parametrize("down", ["crash-loop", "process-hung", "broker-unresponsive", "store-unresponsive"])
def test_what_does_not_work_at_all_is_told_before_what_is_set_up_wrongly(down: str) -> None:
    wrong = found("setting-wrong", "config", "kafka")
    assert upstream_first([wrong, found(down, "processor")], PIPELINE)[0].cause.id == down


def test_what_two_rules_find_is_told_once() -> None:
    assert upstream_first([IDLE, IDLE, found("producer-idle", "producer")], PIPELINE) == [IDLE]


@pytest.mark.parametrize(
    ("finding", "component", "why", "told"),
    [
        (found("topic-missing", "kafka", "processor"), "processor", "nothing to judge by", True),
        (found("topic-missing", "kafka", "processor"), "hpa", "processor has no ready pod", True),
        (found("topic-missing", "kafka", "processor"), "influxdb", "nothing to judge by", False),
        (found("scrape-failing", "prometheus"), "kafka", f"{NO_SERIES} kafka_up", True),
        (found("series-dropped", "prometheus"), "kafka", f"{NO_SERIES} kafka_up", True),
        (found("scaled-to-zero", "prometheus"), "kafka", f"{NO_SERIES} kafka_up", True),
        (found("scaled-to-zero", "grafana"), "kafka", f"{NO_SERIES} kafka_up", False),
        (found("scrape-failing", "prometheus"), "kafka", "no answer within 5 s", False),
        (found("usage-unknown", "node"), "kafka", "the metrics API is away", True),
        (found("usage-unknown", "node"), "kafka", "no answer within 5 s", False),
        (found("reference-missing", "config"), "kafka", "there is no secret influxdb-tls", True),
    ],
)
def test_what_says_why_a_check_has_no_answer(finding: Finding, component: str, why: str, told: bool) -> None:
    assert leaves_open(finding, component, why) is told
