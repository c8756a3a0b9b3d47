"""Every recorded fault of the matrix is judged again: a change that breaks a diagnosis is seen with no cluster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chaos.matrix import recordings
from chaos.scenarios import MATRIX
from pipeline_services.checklist.checks import cases
from pipeline_services.experiment.scenario import Scenario
from pipeline_services.experiment.score import judge
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.test_replay import known_since

RECORDED = recordings.recorded()
LARGEST = 100 << 10


def known_then(scenario: Scenario, pipeline: Pipeline) -> Scenario:
    """The row without the checks that have no case on the pipeline as it was described when the row was recorded."""
    known = {str(case.id) for case in cases(pipeline, run="daily")}
    return replace(scenario, must_fail=tuple(check for check in scenario.must_fail if str(check) in known))


@pytest.mark.parametrize("row", RECORDED)
def test_a_recorded_fault_is_named_for_what_it_is(row: str) -> None:
    snapshot = known_since(recordings.read(RECORDED[row]))
    verdict = judge(known_then(MATRIX[row].filled(snapshot.pipeline), snapshot.pipeline), diagnose(snapshot))
    assert verdict.as_expected, f"{', '.join(verdict.wrong)}; said: {'; '.join(verdict.said) or 'nothing'}"


def test_every_recording_is_of_a_row_and_most_rows_are_recorded() -> None:
    assert set(RECORDED) <= set(MATRIX)
    assert len(RECORDED) > len(MATRIX) / 2


def test_recordings_are_small() -> None:
    assert {row: path.stat().st_size for row, path in RECORDED.items() if path.stat().st_size > LARGEST} == {}
