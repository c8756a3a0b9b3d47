"""The score of hand-made diagnoses: right in every respect, and wrong in each way that there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Scenario, finding
from pipeline_services.experiment.score import Score, Verdict, judge, table, timed
from pipeline_services.faults.model import Fault
from pipeline_services.triage.model import Diagnosis, Finding
from pipeline_services.triage.subjects import CAUSES

KAFKA_DOWN = Scenario(
    "kafka-scaled-to-zero",
    lambda _pipeline: Fault("", []),
    (finding("kafka", "scaled-to-zero"),),
    (checks.PODS_READY.of("kafka"),),
    may_blame=frozenset({"network"}),
)
PAIR = Scenario(
    "pair", lambda _pipeline: Fault("", []), (*KAFKA_DOWN.findings, finding("grafana", "datasource-broken"))
)


def said(component: str, cause: str, *, healing: bool = False) -> Finding:
    return Finding(CAUSES[cause], component, f"{component} {cause}", self_healing=healing)


def diagnosis(*findings: Finding, red: tuple[str, ...] = ("test_pods_ready[kafka]",)) -> Diagnosis:
    return Diagnosis(0.0, "kind", "ns", findings, dict.fromkeys(red, "why"))


RIGHT = said("kafka", "scaled-to-zero")


def test_what_is_right_in_every_respect_is_as_expected_and_timed() -> None:
    verdict = timed(judge(KAFKA_DOWN, diagnosis(RIGHT)), 3.21)
    assert verdict.as_expected
    assert verdict.wrong == []
    assert verdict.seconds == 3.2
    assert verdict.said == ("kafka: scaled-to-zero (L2)",)


def test_what_is_wrong_has_no_time() -> None:
    assert judge(KAFKA_DOWN, diagnosis()).seconds is None


@pytest.mark.parametrize(
    ("findings", "wrong"),
    [
        ((), ["not detected"]),
        ((said("producer", "crash-loop"),), ["not detected", "false alarm: producer: crash-loop (L2)"]),
        ((said("network", "connection-fails"),), ["wrong component", "wrong cause", "wrong level"]),
        ((said("kafka", "unknown"),), ["wrong cause"]),
        ((said("kafka", "broker-unresponsive"),), ["wrong cause", "wrong level"]),
        ((RIGHT, said("kafka", "not-ready")), ["wrong cause"]),
        ((RIGHT, said("producer", "not-ready")), ["false alarm: producer: not-ready (L2)"]),
        ((RIGHT, said("processor", "pod-replaced", healing=True)), []),
        ((RIGHT, said("kafka", "pod-replaced", healing=True)), []),
        ((RIGHT, said("network", "connection-fails")), []),
    ],
)
def test_each_way_to_be_wrong_is_told(findings: tuple[Finding, ...], wrong: list[str]) -> None:
    verdict = judge(KAFKA_DOWN, diagnosis(*findings))
    assert verdict.wrong == wrong
    assert verdict.as_expected == (not wrong)


def test_unknown_of_an_innocent_component_is_a_detection_and_a_false_alarm() -> None:
    verdict = judge(KAFKA_DOWN, diagnosis(said("influxdb", "unknown")))
    assert verdict.detected
    assert verdict.alarms == ("influxdb: unknown (L2)",)


@pytest.mark.parametrize(
    ("red", "seen"),
    [(("test_pods_ready[kafka]",), True), (("test_pods_ready[producer]", "test_pods_ready"), False), ((), False)],
)
def test_a_check_that_stays_green_is_missed(red: tuple[str, ...], seen: bool) -> None:
    verdict = judge(KAFKA_DOWN, diagnosis(RIGHT, red=red))
    assert verdict.seen == seen
    assert verdict.wrong == ([] if seen else ["test_pods_ready[kafka] is not red"])


def test_of_faults_at_once_each_has_to_be_named() -> None:
    one = judge(PAIR, diagnosis(RIGHT))
    assert one.wrong == ["wrong component", "wrong cause", "wrong level"]
    assert judge(PAIR, diagnosis(RIGHT, said("grafana", "datasource-broken"))).as_expected


def test_further_causes_of_the_right_component_may_be_let_pass() -> None:
    row = Scenario("x", KAFKA_DOWN.fault, KAFKA_DOWN.findings, further_causes=frozenset({"not-ready"}))
    assert judge(row, diagnosis(RIGHT, said("kafka", "not-ready"))).as_expected


def verdicts(wrong: int, of: int, *findings: Finding) -> tuple[Verdict, ...]:
    bad = judge(KAFKA_DOWN, diagnosis(*findings))
    good = timed(judge(KAFKA_DOWN, diagnosis(RIGHT)), 5.0)
    return (*([bad] * wrong), *([good] * (of - wrong)))


def test_all_right_misses_nothing() -> None:
    score = Score(verdicts(0, 20))
    assert score.missed == []
    assert score.figures()["right cause %"] == 100.0
    assert score.figures()["seconds to detect, median"] == 5.0


def test_one_wrong_cause_in_twenty_is_enough_and_two_are_not() -> None:
    unsure = said("kafka", "unknown")
    assert Score(verdicts(1, 20, unsure)).missed == []
    (line,) = Score(verdicts(2, 20, unsure)).missed
    assert line.startswith("right cause: 90.0%, the goal is 95%; not: kafka-scaled-to-zero")


def test_one_undetected_fault_in_a_hundred_is_one_too_many() -> None:
    assert [line.partition(":")[0] for line in Score(verdicts(1, 100)).missed] == ["detected"]


def test_one_check_that_stays_green_in_a_hundred_is_one_too_many() -> None:
    blind = judge(KAFKA_DOWN, diagnosis(RIGHT, red=()))
    lines = Score((blind, *verdicts(0, 99))).missed
    assert [line.partition(":")[0] for line in lines] == ["checks red as expected"]


def test_one_false_alarm_in_a_hundred_is_one_too_many() -> None:
    score = Score(verdicts(1, 100, RIGHT, said("producer", "not-ready")))
    assert score.missed == ["false alarms: 1, the goal is 0; kafka-scaled-to-zero: producer: not-ready (L2)"]


def test_one_useless_command_in_a_hundred_is_one_too_many() -> None:
    right = judge(KAFKA_DOWN, diagnosis(RIGHT))
    useless = replace(right, useless=("kubectl get nothing: not found",))
    assert right.as_expected
    assert not useless.as_expected
    assert useless.wrong == ["useless: kubectl get nothing: not found"]
    (line,) = Score((useless, *verdicts(0, 99))).missed
    assert line == "useless commands: the goal is none; kafka-scaled-to-zero: kubectl get nothing: not found"


def test_nothing_played_is_no_success() -> None:
    assert Score(()).missed == ["no row was played"]


def test_the_table_shows_every_row_and_what_is_missed() -> None:
    lines = table(Score(verdicts(1, 2)))
    assert lines[1].split()[:4] == ["kafka-scaled-to-zero", "NO", "ok", "NO"]
    assert lines[1].endswith("nothing")
    assert lines[2].split() == ["kafka-scaled-to-zero", *["ok"] * 5, "-", "5", "kafka:", "scaled-to-zero", "(L2)"]
    assert any(line.startswith("MISSED  detected: 50.0%") for line in lines)


def test_what_has_to_be_told_first_is_wrong_behind_noise() -> None:
    scenario, noise = replace(KAFKA_DOWN, told_first=True), said("grafana", "pod-replaced", healing=True)
    assert judge(scenario, diagnosis(RIGHT, noise)).as_expected
    assert judge(scenario, diagnosis(noise, RIGHT)).wrong == ["wrong cause"]
    assert judge(scenario, diagnosis()).wrong == ["not detected"]
    assert judge(KAFKA_DOWN, diagnosis(noise, RIGHT)).as_expected
