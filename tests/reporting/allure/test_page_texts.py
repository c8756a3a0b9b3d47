"""The causes at the top of the page."""

from __future__ import annotations

from dataclasses import replace

from pipeline_services.reporting.allure.page_texts import banner
from pipeline_services.reporting.run.triaged import Triaged
from pipeline_services.reporting.runbook import runbook
from tests.reporting.samples import deviation, result
from tests.triage.made import REPLACED, SCALED, UNKNOWN, diagnosis

SECTIONS = runbook.load()


def test_it_says_all_that_is_asked_at_night() -> None:
    case = result("pods_ready[producer]", "producer", deviation(component="producer"))
    found = diagnosis(SCALED)
    case.add(Triaged(found).attribute(case, case.finding))
    said = banner(found, [case, result("lag", "loki", deviation(component="loki"))], SECTIONS)
    assert "<h1>Cause: producer is scaled to 0</h1>" in said
    assert "<dt>next</dt><dd><code>kubectl --context kind-conveyor scale deployment/producer" in said
    assert "<dt>undo</dt>" in said
    assert "<dt>since</dt><dd>4 min before this snapshot (07:37:40 UTC)</dd>" in said
    assert '<a href="runbook.html#pod-status" target="_blank">Pod status</a>' in said
    assert "<dt>explains</dt><dd>1 check (producer 1)</dd>" in said
    assert "<p>Not explained: 1 check (loki 1)</p>" in said


def test_what_heals_says_so() -> None:
    assert "<dt>heals</dt><dd>by itself within 2 min</dd>" in banner(diagnosis(REPLACED), [], SECTIONS)


def test_somebody_elses_text_is_no_markup() -> None:
    said = banner(diagnosis(replace(SCALED, summary="producer: <script>")), [], SECTIONS)
    assert "<script>" not in said


def test_without_a_cause_there_is_none() -> None:
    assert banner(diagnosis(UNKNOWN), [], SECTIONS) == banner(diagnosis(), [], SECTIONS) == ""
