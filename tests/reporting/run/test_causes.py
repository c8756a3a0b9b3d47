"""The cause comes first, on a small terminal too: tried on every recording of a real fault."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from math import ceil

import pytest

from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.run import causes, terminal
from pipeline_services.reporting.run.explained import unexplained
from pipeline_services.reporting.run.outcome import CaseResult, Outcome
from pipeline_services.reporting.run.triaged import Triaged
from pipeline_services.reporting.runbook import runbook
from pipeline_services.triage.model import Finding
from tests.each import each
from tests.judgements.test_matrix_replay import RECORDED, verdict_of
from tests.reporting.recorded import FAULTS, OPTIONS, judged, snapshot_of
from tests.reporting.samples import deviation, result, texts
from tests.triage.made import AWAY, FULL, REPLACED, SCALED, UNKNOWN, diagnosis, unsaved

WIDTH = 80
QUOTED = re.compile(r" +-c '[^']*'( \\)?")
"""The words of a shell's own command, within which no line can be broken."""
LINES = 15
BELOW = 4
"""Rows under the causes: the report, the verdict, an empty one, and pytest's count."""
ORDER = ("since", "why", "look", "next", "undo", "then")
COMMANDS = 4
"""Rows that commands may take: they are never shortened, so that a cause with more of them has a longer block."""


def lines(results: list[CaseResult], triage: Triaged, *, width: int = WIDTH, verbose: bool = False) -> list[str]:
    return terminal.lines(terminal.View(results, Pipeline.load(), width, OPTIONS, verbose=verbose), triage)


def rows(shown: list[str]) -> int:
    return sum(max(1, ceil(len(line) / WIDTH)) for line in shown)


def findings(name: str) -> list[Finding]:
    found = judged(name)[1].diagnosis
    return list(found.findings) if found else []


CALM = {"matrix/dns-down"}
"""The recordings in which no check of the daily run is red. This one's description names no part of the cluster yet."""
SEVERAL = {
    f"matrix/{row}"
    for row in (
        *("certificate-expires-tomorrow", "config-rate-zero", "grafana-scaled-to-zero", "influxdb-bucket-renamed"),
        *("pair-dns-down-and-log-shipper-nowhere", "pair-kafka-scaled-to-zero-and-grafana-source-wrong"),
        *("pair-node-cordoned-and-loki-scaled-to-zero", "pair-processor-cut-off-and-metrics-unknown"),
        *("pair-prometheus-scaled-to-zero-and-producer-image-wrong", "pair-token-revoked-and-autoscaler-missing"),
        *("policy-processor-cut-off", "processor-starved-of-cpu", "network-plugin-not-on-the-node"),
    )
}
"""The recordings with more than one lasting cause, or with a red check that no cause explains."""
RED = [name for name in FAULTS if name not in CALM]
ONE_FAULT = [name for name in RED if name not in SEVERAL]


@pytest.mark.parametrize("calm", sorted(CALM))
def test_the_others_are_green(calm: str) -> None:
    results, triage = judged(calm)
    assert all(one.outcome is Outcome.PASSED for one in results)
    assert_linked(results, triage)
    assert_named(calm.removeprefix("matrix/"), calm)


def assert_named(row: str, name: str) -> None:
    found = judged(name)[1].diagnosis
    assert found
    verdict = verdict_of(row, snapshot_of(name), found)
    assert verdict.as_expected, f"{', '.join(verdict.wrong)}; said: {'; '.join(verdict.said) or 'nothing'}"


def assert_linked(results: list[CaseResult], triage: Triaged) -> None:
    said = triage.banner(results, runbook.load())
    assert said.count("<h1>") == len(triage.causes())
    assert said.count("<h1>") == said.count("runbook.html#") or not said


@lru_cache(maxsize=2)
def said_of(name: str) -> list[str]:
    """What the terminal shows of a recording."""
    return lines(*judged(name))


def a_recorded_fault_is_named_for_what_it_is(name: str) -> None:
    """Those of the matrix; of the others, tests/judgements/test_replay.py knows what must be red."""
    row = name.removeprefix("matrix/")
    if row in RECORDED:
        assert_named(row, name)


def the_page_names_each_cause_and_links_the_runbook(name: str) -> None:
    assert_linked(*judged(name))


def the_first_line_names_the_cause(name: str) -> None:
    first = said_of(name)[0]
    assert first.startswith(("CAUSE", "LIKELY CAUSE"))
    shortened = f"{findings(name)[0].subject} is not as declared: "
    assert causes.title(findings(name)[0])[:40].strip() in first or shortened in first


def what_has_to_be_done_and_whom_to_call_stand_above_all_else(name: str) -> None:
    labels = [line.split()[0] for line in said_of(name) if line.strip()]
    first = labels[: labels.index("call")]
    assert [label for label in ORDER if label in first] == [label for label in dict.fromkeys(first) if label in ORDER]
    healing = all(one.self_healing for one in findings(name))
    assert ("look" if not findings(name)[0].mends else "else" if healing else "next") in first
    assert "FAILED" not in first


def what_triage_says_to_last_a_check_sees_too(name: str) -> None:
    wrong = [one for one in judged(name)[0] if one.outcome is not Outcome.PASSED]
    for finding in (one for one in findings(name) if not one.self_healing):
        assert any(one.cause is finding or one.component in finding.affects for one in wrong), finding.summary


def every_check_is_told_of_once(name: str) -> None:
    results, _ = judged(name)
    told = [one for cause in findings(name) for one in results if one.cause is cause]
    wrong = [one for one in results if one.outcome is not Outcome.PASSED]
    assert len(told) + len(unexplained(results)) == len(wrong) > 0
    text = texts(said_of(name))
    assert all(one.id.rpartition("::")[2] in text for one in unexplained(results) if one.outcome is Outcome.FAILED)


def one_fault_fits_a_small_screen(name: str) -> None:
    """And those that are said to be of several are."""
    faults = sum(not one.self_healing for one in findings(name))
    assert (faults <= 1 and not unexplained(judged(name)[0])) == (name in ONE_FAULT)
    said = said_of(name)
    also = next((place for place, line in enumerate(said) if line.startswith("also")), len(said))
    told = [*said[:also], *said[also + 2 :]]
    labels = [line[2:8].strip() for line in told]
    first = next(place for place, label in enumerate(labels) if label in ("first", "look", "next", "else"))
    typed = rows(told[first : labels.index("call")])
    assert rows(told) + BELOW <= LINES + max(0, typed - COMMANDS) or name not in ONE_FAULT


def no_line_but_a_word_of_a_command_is_wider_than_the_terminal(name: str) -> None:
    too_wide = [line for line in said_of(name) if len(line) > WIDTH and len(line.split()) > 2]
    assert not [line for line in too_wide if not line.startswith("  next: ") and not QUOTED.fullmatch(line)]


def no_undo_needs_a_file_that_no_step_saves(name: str) -> None:
    assert not [finding.undo for finding in findings(name) if unsaved(finding)]


def the_check_calls_whom_the_cause_calls(name: str) -> None:
    for one in judged(name)[0]:
        if one.cause is not None:
            assert one.finding.escalation == one.cause.cause.escalation.name
            if one.outcome is Outcome.FAILED:
                assert one.finding.message.endswith(f"escalate to: {one.cause.cause.escalation.value}")


OF_EACH_RECORDING = {
    one.__name__: one
    for one in (
        a_recorded_fault_is_named_for_what_it_is,
        the_page_names_each_cause_and_links_the_runbook,
        the_first_line_names_the_cause,
        what_has_to_be_done_and_whom_to_call_stand_above_all_else,
        what_triage_says_to_last_a_check_sees_too,
        every_check_is_told_of_once,
        one_fault_fits_a_small_screen,
        no_line_but_a_word_of_a_command_is_wider_than_the_terminal,
        no_undo_needs_a_file_that_no_step_saves,
        the_check_calls_whom_the_cause_calls,
    )
}


@pytest.mark.parametrize("name", RED)
def test_a_recorded_fault_is_told_as_it_should_be(name: str) -> None:
    """In one test, so that the recording is judged once."""
    each(OF_EACH_RECORDING, lambda is_told: is_told(name))


def test_what_no_cause_explains_and_is_inconclusive_takes_few_rows() -> None:
    unknown = [result(f"seen[{number}]", "loki", ServiceUnreachable(f"reason {number}")) for number in range(9)]
    said = shown(SCALED, results=[case("producer"), *unknown])
    assert said[-4:] == [
        "NOT explained, 9 checks (-v shows all): loki 9",
        "INCONCLUSIVE 1 check of loki: reason 0",
        "INCONCLUSIVE 1 check of loki: reason 1",
        "INCONCLUSIVE 7 checks for other reasons",
    ]


def test_a_title_that_names_the_component_in_another_case_does_not_repeat_it() -> None:
    found = replace(SCALED, component="grafana", summary="Grafana's data source loki answers 500")
    assert causes.title(found) == "Grafana's data source loki answers 500"


def test_what_kubectl_needs_is_said_once_where_it_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    hint = '  first eval "$(make -s env)" # once per terminal: puts kubectl on PATH'
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert shown(SCALED, results=[case("producer")]).count(hint) == 1
    assert shown(SCALED, FULL, results=[case("producer")]).count(hint) == 1
    monkeypatch.setenv("KUBECONFIG", "here")
    assert hint not in shown(SCALED, results=[case("producer")])


def test_several_that_heal_beside_a_cause_are_told_together() -> None:
    said = shown(SCALED, REPLACED, replace(REPLACED, summary="kafka-1 goes"), results=[case("producer")])
    assert said[-1] == "also, heals by itself within 2 min: kafka-0 is being replaced; kafka-1 goes"


def test_most_recordings_are_of_one_fault() -> None:
    assert len(ONE_FAULT) > 0.8 * len(RED) > 60


def case(component: str, name: str = "pods_ready[producer]") -> CaseResult:
    return result(name, component, deviation(component=component))


def shown(*found: Finding, results: list[CaseResult], verbose: bool = False) -> list[str]:
    triage = Triaged(diagnosis(*found, unanswered=() if found else (AWAY,)))
    for one in results:
        one.add(triage.attribute(one, one.finding))
    return lines(results, triage, verbose=verbose)


def test_a_cause_says_all_that_is_asked_at_night() -> None:
    said = shown(SCALED, results=[case("producer")])
    assert said[0] == "CAUSE: producer is scaled to 0"
    text = " ".join(texts(said).replace("\\", "").split())
    assert "next kubectl --context kind-conveyor scale deployment/producer -n conveyor-pipeline --replicas=1" in text
    assert "undo kubectl --context kind-conveyor scale deployment/producer -n conveyor-pipeline --replicas=0" in text
    assert "  call  L2 - DevOps Engineer if red 3 min later; RUNBOOK.md#pod-status" in said
    assert "explains 1 check: producer 1" in said


def test_what_no_cause_explains_is_told_with_what_to_type() -> None:
    said = shown(SCALED, results=[case("producer"), result("lag", "loki", deviation(component="loki"))])
    assert "NOT explained, 1 check (-v shows all): loki 1" in said
    assert "FAILED  loki  checks/test_made.py::test_lag" in said
    assert "FAILED  producer" not in texts(said)


def test_with_v_nothing_is_left_out() -> None:
    said = texts(shown(SCALED, results=[case("producer")], verbose=True))
    assert "nothing was deployed since" in said
    assert "FAILED  producer  checks/test_made.py::test_pods_ready[producer]" in said


def test_what_heals_is_told_after_what_lasts() -> None:
    said = shown(SCALED, REPLACED, results=[case("producer")])
    assert said[0].startswith("CAUSE: producer")
    assert said[-1] == "also, heals by itself within 2 min: kafka-0 is being replaced"


def test_what_heals_alone_says_how_to_follow_it_with_the_options_of_the_run() -> None:
    options = replace(OPTIONS, context="plant-7", namespace="line 3")
    view = terminal.View([case("kafka")], Pipeline.load(), 120, options)
    said = texts(terminal.lines(view, Triaged(diagnosis(REPLACED))))
    assert "wait  2 min, it heals by itself; follow it: make triage ARGS=" in said
    assert "--context plant-7 --namespace " in said
    assert "--watch" in said


def test_a_file_cannot_be_followed() -> None:
    view = terminal.View([case("kafka")], Pipeline.load(), 120, replace(OPTIONS, snapshot=OPTIONS.reports))
    assert "follow it" not in texts(terminal.lines(view, Triaged(diagnosis(REPLACED))))


def test_two_causes_are_numbered() -> None:
    said = shown(FULL, SCALED, results=[case("producer")])
    assert [line.partition(":")[0] for line in said if line.startswith("CAUSE")] == ["CAUSE 1 of 2", "CAUSE 2 of 2"]


@pytest.mark.parametrize("found", [(), (UNKNOWN,)], ids=["none", "no rule"])
def test_without_a_cause_that_is_said_first(found: tuple[Finding, ...]) -> None:
    said = shown(*found, results=[case("loki", "lag"), result("ok", "kafka")])
    assert said[0] == "NO CAUSE FOUND for what follows; look back half an hour: make triage"
    assert "FAILED  loki  checks/test_made.py::test_lag" in said


def test_a_narrow_terminal_is_kept_to() -> None:
    assert max(map(len, lines(*judged("matrix/kafka-scaled-to-zero"), width=66))) <= 66


def test_a_run_that_was_not_triaged_is_as_ever() -> None:
    view = terminal.View([case("producer"), result("ok", "kafka")], Pipeline.load(), WIDTH, OPTIONS)
    assert terminal.lines(view, None)[0].startswith("component ")
