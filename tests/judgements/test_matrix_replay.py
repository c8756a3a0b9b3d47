"""Every recorded fault of the matrix is judged again: a change that breaks a diagnosis is seen with no cluster."""

from __future__ import annotations

import pytest

from chaos.matrix import recordings
from chaos.scenarios import MATRIX
from pipeline_services.experiment.score import judge
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.test_replay import known_since

RECORDED = recordings.recorded()
LARGEST = 100 << 10


@pytest.mark.parametrize("row", RECORDED)
def test_a_recorded_fault_is_named_for_what_it_is(row: str) -> None:
    snapshot = known_since(recordings.read(RECORDED[row]))
    verdict = judge(MATRIX[row].filled(snapshot.pipeline), diagnose(snapshot))
    assert verdict.as_expected, f"{', '.join(verdict.wrong)}; said: {'; '.join(verdict.said) or 'nothing'}"


def test_every_recording_is_of_a_row_and_most_rows_are_recorded() -> None:
    assert set(RECORDED) <= set(MATRIX)
    assert len(RECORDED) > len(MATRIX) / 2


def test_recordings_are_small() -> None:
    assert {row: path.stat().st_size for row, path in RECORDED.items() if path.stat().st_size > LARGEST} == {}
