"""The verdict: a go stands on everything, a no-go on anything, and nothing is no go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline_services.release.decision import Noise, judge
from pipeline_services.release.facts import STATEMENTS, Fact
from pipeline_services.release.gates import METRICS
from pipeline_services.release.verdict import Conclusion, Verdict, conclude
from tests.release.made import FACTS, evidence, pairs

NEEDED = [metric.id for metric in METRICS]
LOST = Fact("lost", False, "1 of 100")
UNSEEN = Fact("lost", None, "the store was not read")
READY = Fact("ready", True, "3 s")


def concluded(**changes: Any) -> Conclusion:
    return conclude(evidence(**changes), FACTS, NEEDED)


def test_all_is_well() -> None:
    found = concluded()
    assert found.verdict is Verdict.GO
    assert found.reasons[0] == "2 facts hold, 3 metrics are not worse"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"facts": [READY, LOST]}, "acknowledged readings are missing in the store: 1 of 100"),
        ({"facts": [LOST], "metrics": []}, "acknowledged readings are missing in the store"),
        ({"facts": [LOST], "ended": "Kafka does not answer"}, "acknowledged readings are missing in the store"),
        ({"metrics": judge(METRICS, pairs(1.4))}, "CPU time per stored reading: +40.0 %"),
    ],
)
def test_one_bad_finding_stops_it(changes: dict[str, Any], reason: str) -> None:
    found = concluded(**changes)
    assert found.verdict is Verdict.NO_GO
    assert found.reasons[0].startswith(reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"facts": [READY, UNSEEN]},
            "not known whether no acknowledged reading is missing in the store: the store was not read",
        ),
        ({"facts": [READY]}, "not measured: the run ended before: lost"),
        ({"facts": []}, "not measured: the run ended before: ready, lost"),
        ({"metrics": []}, "not measured: the run ended before: cpu-per-reading, peak-memory, drain-time"),
        (
            {"metrics": judge(METRICS, {})},
            "not measured: the run ended before: cpu-per-reading, peak-memory, drain-time",
        ),
        ({"metrics": judge(METRICS[:1], pairs())}, "not measured: the run ended before: peak-memory, drain-time"),
        ({"noise": [Noise(METRICS[1], "too noisy", 0.06)]}, "peak memory: too noisy"),
        ({"ended": "Kafka does not answer"}, "Kafka does not answer"),
    ],
)
def test_what_is_not_known_is_no_go_and_no_stop(changes: dict[str, Any], reason: str) -> None:
    found = concluded(**changes)
    assert found.verdict is Verdict.NOT_ENOUGH_DATA
    assert found.reasons[0].startswith(reason)


def test_noise_of_a_metric_is_told_once_and_stops_no_stop() -> None:
    noise = [Noise(METRICS[1], "too noisy", 0.06)]
    found = concluded(noise=noise, metrics=judge(METRICS, pairs(), noise))
    assert found.reasons == ("peak memory: too noisy",)
    assert found.document()["noise"] == ["peak memory: too noisy"]
    slow = {**pairs(), METRICS[0].id: pairs(1.15)[METRICS[0].id]}
    assert concluded(noise=noise, metrics=judge(METRICS, slow, noise)).verdict is Verdict.NO_GO


def test_noise_of_what_is_held_loosely_lets_go() -> None:
    noise = [Noise(METRICS[2], "too noisy", 0.3)]
    assert concluded(noise=noise, metrics=judge(METRICS, pairs(), noise)).verdict is Verdict.GO


@pytest.mark.parametrize("changes", [{"facts": [], "metrics": []}, {"facts": []}, {"metrics": []}], ids=str)
def test_nothing_asked_for_and_nothing_seen_is_no_go(changes: dict[str, Any]) -> None:
    found = conclude(evidence(**changes), [], [])
    assert (found.verdict, found.reasons) == (Verdict.NOT_ENOUGH_DATA, ("nothing was looked at",))


def test_of_much_that_was_not_measured_the_numbers_are_told() -> None:
    found = conclude(evidence(facts=[], metrics=[]), [*STATEMENTS][:5], NEEDED)
    assert found.reasons == ("not measured: the run ended before: 5 facts, 3 metrics",)


def test_exit_codes() -> None:
    assert [verdict.exit_code for verdict in (Verdict.GO, Verdict.NO_GO, Verdict.NOT_ENOUGH_DATA)] == [0, 1, 2]


def test_document_for_programs() -> None:
    document = json.loads(json.dumps(concluded(facts=[READY, LOST]).document(), allow_nan=False))
    assert document["verdict"] == "no-go"
    assert document["reasons"] == ["acknowledged readings are missing in the store: 1 of 100"]
    first = document["metrics"][0]
    assert (first["id"], first["decision"], first["margin_percent"]) == ("cpu-per-reading", "not worse", 5.0)
    assert first["estimate_percent"] == 0.0
    assert len(first["pairs"]) == 8


def test_document_of_what_was_not_measured_holds_no_number() -> None:
    document = concluded(metrics=judge(METRICS, {METRICS[0].id: [(float("nan"), 1.0)]})).document()
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text)["metrics"][0]["pairs"] == [[None, 1.0]]
    assert json.loads(text)["metrics"][0]["high_percent"] is None


def test_the_first_line_says_why() -> None:
    assert (
        str(concluded(facts=[READY, LOST])).splitlines()[0]
        == "NO-GO: acknowledged readings are missing in the store: 1 of 100"
    )


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({}, "GO: good"),
        ({"facts": [READY, LOST]}, "NO-GO: good: acknowledged readings are missing in the store"),
        ({"metrics": judge(METRICS, pairs(1.4))}, "NO-GO: good: CPU time per stored reading: +40.0 % (margin 5 %)"),
        ({"ended": "Kafka does not answer"}, "NOT ENOUGH DATA: good: Kafka does not answer"),
        (
            {"noise": [Noise(METRICS[1], "leaves 9 % open", 0.06)]},
            "NOT ENOUGH DATA: good: peak memory: the machine is too noisy to tell",
        ),
    ],
)
def test_the_headline_names_the_candidate(changes: dict[str, Any], headline: str) -> None:
    assert concluded(**changes).headline == headline


def test_what_was_not_measured_is_one_reason_however_much_it_is() -> None:
    facts = [READY, Fact.not_measured(UNSEEN.id)]
    found = concluded(facts=facts, metrics=judge(METRICS, {}), ended="Kafka does not answer")
    assert found.reasons == (
        "Kafka does not answer",
        "not measured: the run ended before: lost, cpu-per-reading, peak-memory, drain-time",
    )
    assert found.not_measured == "not measured: the run ended before; first reason: Kafka does not answer"
