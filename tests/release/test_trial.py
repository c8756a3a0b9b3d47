"""Each fact: that it holds, that it does not, and that it is unknown where it could not be seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline_services.audit.ledger import Discrepancy, LedgerVerdict
from pipeline_services.audit.records import Records
from pipeline_services.release.facts import NOT_MEASURED, PROCESSOR, PRODUCER, STATEMENTS, Fact
from pipeline_services.release.trial import Trial, errors, facts, producer_rules, rules

COUNTERS = ("failures_total", "dead_total")
SERIES = {"written_total": 4.0, "failures_total": 0.0, "dead_total": 0.0}
TYPES = {"value": "float", "sequence": "integer"}
INFO = '{"time": "t", "level": "INFO", "logger": "processor", "message": "began"}'
ERROR = '{"time": "t", "level": "ERROR", "logger": "processor", "message": "batch %d failed"}'
ONE = Discrepancy("p", "conveyor-00", 7)


def points(producer: str, *, without: int = -1, changed: int = -1, more: int = 0) -> Records:
    numbers = [number for number in range(4 + more) if number != without]
    return Records(((producer, "conveyor-00"), number, 900 + number + 5 * (number == changed)) for number in numbers)


def good(producer: str = "old") -> Trial:
    ledger = LedgerVerdict(attempted=4, acknowledged=4, stored=4)
    return Trial(3.0, 0, "", 1.5, ledger, points(producer), TYPES, [INFO], SERIES, rate=20.0)


def judged(baseline: Trial, candidate: Trial) -> dict[str, Fact]:
    return {one.id: one for one in facts((*rules(COUNTERS), *producer_rules()), baseline, candidate)}


def test_a_good_candidate_holds_all_facts() -> None:
    found = judged(good(), good("new"))
    assert {one.holds for one in found.values()} == {True}, found
    assert list(found) == [rule.id for rule in (*rules(COUNTERS), *producer_rules())]


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("ready", {"ready_s": None, "failed": "its probe has not passed"}, "its probe has not passed"),
    ("ready", {"ready_s": 61.0}, "61.0 s"),
    ("restarts", {"restarts": 1, "ended": "OOMKilled"}, "1 restart: OOMKilled"),
    ("lost", {"ledger": LedgerVerdict(acknowledged=4, lost=[ONE])}, "1 of 4 readings, for one p/conveyor-00#7"),
    ("unexpected", {"ledger": LedgerVerdict(acknowledged=4, unexpected=[ONE])}, "1 of 4"),
    ("corrupt", {"ledger": LedgerVerdict(acknowledged=4, corrupt=[ONE])}, "1 of 4"),
    ("stored-points", {"stored": points("new", without=2)}, "1 are missing, 0"),
    ("stored-points", {"stored": points("new", changed=2)}, "1 are missing, 1"),
    ("stored-points", {"stored": points("new", more=1)}, "0 are missing, 1"),
    ("field-types", {"types": {**TYPES, "value": "string"}}, "value is string, the baseline's float"),
    ("field-types", {"types": {"value": "float"}}, "sequence is missing"),
    ("error-counters", {"series": {**SERIES, "dead_total": 2.0}}, "dead_total is 2"),
    ("log-errors", {"log": [INFO, ERROR % 8]}, "1 new: processor: batch 8 failed"),
    ("stops", {"stopped_s": 20.4}, "20.4 s"),
    ("producer-ready", {"ready_s": 61.0}, "61.0 s"),
    ("producer-restarts", {"restarts": 2}, "2 restarts"),
    ("producer-numbers", {"ledger": LedgerVerdict(acknowledged=4, lost=[ONE])}, "1 of 4"),
    ("producer-rate", {"rate": 17.0}, "17.0 a second, the baseline's 20.0"),
    ("producer-rate", {"rate": 23.0}, "23.0 a second"),
    ("producer-log-errors", {"log": [ERROR % 8]}, "1 new"),
    ("producer-stops", {"stopped_s": 20.4}, "20.4 s"),
]


@pytest.mark.parametrize(("name", "change", "seen"), BAD)
def test_a_bad_candidate_is_told(name: str, change: dict[str, Any], seen: str) -> None:
    found = judged(good(), replace(good("new"), **change))
    assert found[name].holds is False
    assert seen in found[name].seen


UNKNOWN: list[tuple[str, dict[str, Any], str]] = [
    ("ready", {"ready_s": None}, "not looked at"),
    ("restarts", {"restarts": None}, "not looked at"),
    ("lost", {"ledger": None}, "not read"),
    ("stored-points", {"stored": None}, "not read"),
    ("field-types", {"types": {}}, "not known"),
    ("series", {"series": {"written_total": 4.0}}, "gone: dead_total, failures_total"),
    ("series", {"series": None}, "not read"),
    ("error-counters", {"series": {"dead_total": 0.0}}, "failures_total, which is not zero"),
    ("error-counters", {"series": None}, "not read"),
    ("log-errors", {"log": []}, "not read"),
    ("stops", {"stopped_s": None}, "not stopped"),
    ("producer-rate", {"rate": None}, "not measured"),
    ("producer-series", {"series": {}}, "gone: dead_total"),
]


@pytest.mark.parametrize(("name", "change", "seen"), UNKNOWN)
def test_what_could_not_be_seen_is_unknown(name: str, change: dict[str, Any], seen: str) -> None:
    found = judged(good(), replace(good("new"), **change))
    assert found[name].holds is None
    assert seen in found[name].seen


def untold(trial: Trial) -> dict[str, Fact]:
    """The processor's facts about a candidate that did not come to its end, those that hold left out."""
    return {one.id: one for one in facts(rules(COUNTERS), good(), trial) if not one.holds}


def test_why_a_candidate_did_not_come_to_its_end_is_told_once() -> None:
    probe = "phase Running, its readiness probe has not passed"
    found = untold(Trial(restarts=0, log=[INFO], stopped_s=1.0, failed=probe))
    assert str(found.pop("ready")) == f"the pod is not ready within 60 s: {probe}"
    assert list(found) == [
        *("lost", "unexpected", "corrupt", "stored-points", "field-types", "series", "error-counters")
    ]
    assert not any(one.measured for one in found.values())
    assert str(found["lost"]) == f"No reading lost: {NOT_MEASURED}"
    assert found["lost"].line == f"-        No reading lost: {NOT_MEASURED}"


def test_the_first_that_is_unknown_tells_why_where_no_other_does() -> None:
    stuck = "not all readings were committed within 150 s"
    found = untold(Trial(3.0, 0, log=[ERROR % 1], stopped_s=1.0, failed=stuck))
    assert found["log-errors"].holds is False
    assert [name for name, one in found.items() if one.seen == stuck] == ["lost"]
    assert (found["lost"].measured, found["unexpected"].measured) == (True, False)


def test_a_container_that_ended_tells_why() -> None:
    ended = "its container ended by itself: Error, exit code 1"
    found = untold(Trial(3.0, 1, "Error, exit code 1", log=[INFO], stopped_s=1.0, failed=ended))
    assert found["restarts"].line == f"FAILED   a container was started again: 1 restart: {ended}"
    assert not found["lost"].measured


def test_what_is_seen_is_measured_whatever_it_says() -> None:
    """A candidate that fails with the words of what was never reached, or of another fact, is told as any other."""
    found = untold(Trial(3.0, 0, log=[INFO], stopped_s=1.0, failed=NOT_MEASURED))
    assert found["lost"].measured
    assert (
        found["lost"].line
        == f"unknown  not known whether no acknowledged reading is missing in the store: {NOT_MEASURED}"
    )
    assert not found["unexpected"].measured
    late = untold(Trial(90.0, 0, log=[INFO], stopped_s=1.0, failed="ready after 90.0 s"))
    assert (late["ready"].holds, late["lost"].measured, late["unexpected"].measured) == (False, True, False)


def test_each_rule_has_its_words_in_the_order_of_the_table() -> None:
    assert [rule.id for rule in rules(COUNTERS)] == [one.id for one in PROCESSOR]
    assert [rule.id for rule in producer_rules()] == [one.id for one in PRODUCER]
    assert all(len(one.title) <= 30 for one in STATEMENTS.values())
    assert all(one.what != one.otherwise for one in STATEMENTS.values())


def test_what_the_baseline_does_too_is_unknown() -> None:
    slow = replace(good(), stopped_s=20.0)
    fact = judged(slow, replace(good("new"), stopped_s=20.0))["stops"]
    assert fact.holds is None
    assert "the baseline cannot be held against it: gone after 20.0 s" in fact.seen


def test_an_error_that_the_baseline_has_too_is_not_new() -> None:
    assert judged(replace(good(), log=[ERROR % 3]), replace(good("new"), log=[ERROR % 4]))["log-errors"].holds


def test_two_empty_stores_are_not_equal() -> None:
    assert judged(replace(good(), stored=Records()), replace(good(), stored=Records()))["stored-points"].holds is None


def test_errors_of_a_log() -> None:
    stack = ["2026-11-27T10:00:00.123Z Traceback (most recent call last):", "[1, 2]"]
    assert [text for _, text in errors([INFO, "", ERROR % 12, *stack])] == [
        "processor: batch 12 failed",
        "Traceback (most recent call last):",
        "[1, 2]",
    ]
    assert errors([ERROR % 12])[0][0] == "processor: batch # failed"
