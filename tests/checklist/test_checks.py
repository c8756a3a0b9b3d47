"""Triage asks what the daily run asks: the same cases, of the same components, with the same answers."""

from __future__ import annotations

import pytest

from pipeline_services.checklist.checks import asked, questions
from tests.judgements.daily_cases import daily_cases
from tests.judgements.test_faults_of_acceptance import outcomes_of
from tests.judgements.test_replay import RECORDED, recorded


def test_every_daily_case_is_asked() -> None:
    assert {(one.id, one.component) for one in questions()} == {(case.id, case.component) for case in daily_cases()}


def test_an_absent_component_is_not_asked() -> None:
    assert not [one for one in questions(absent=frozenset({"loki"})) if one.component == "loki"]


@pytest.mark.parametrize("name", RECORDED)
def test_a_recording_is_answered_as_the_daily_run_answers_it(name: str) -> None:
    snapshot = recorded(name)
    answers = asked(snapshot, questions()).values()
    red, inconclusive = outcomes_of(snapshot)
    assert sorted(one.id for one in answers if one.outcome == "failed") == sorted(red)
    assert sorted(one.id for one in answers if one.outcome == "inconclusive") == sorted(inconclusive)
