"""The recorded faults of the matrix, to be judged again: a change that breaks a diagnosis is seen with no cluster.

They are judged in tests/reporting/run/test_causes.py, where each recording is read and diagnosed once for all tests.
"""

from __future__ import annotations

from dataclasses import replace

from chaos.matrix import recordings
from chaos.scenarios import MATRIX
from pipeline_services.checklist.checks import cases
from pipeline_services.experiment.scenario import Scenario
from pipeline_services.experiment.score import Verdict, judge
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.model import Diagnosis

RECORDED = recordings.recorded()
LARGEST = 112 << 10


def known_then(scenario: Scenario, pipeline: Pipeline) -> Scenario:
    """The row without the checks that have no case on the pipeline as it was described when the row was recorded."""
    known = {str(case.id) for case in cases(pipeline, run="daily")}
    return replace(scenario, must_fail=tuple(check for check in scenario.must_fail if str(check) in known))


def verdict_of(row: str, snapshot: Snapshot, diagnosis: Diagnosis) -> Verdict:
    """What the row expects, held against what triage says of its recording."""
    return judge(known_then(MATRIX[row].filled(snapshot.pipeline), snapshot.pipeline), diagnosis)


def test_every_recording_is_of_a_row_and_most_rows_are_recorded() -> None:
    assert set(RECORDED) <= set(MATRIX)
    assert len(RECORDED) > len(MATRIX) / 2


def test_recordings_are_small() -> None:
    assert {row: path.stat().st_size for row, path in RECORDED.items() if path.stat().st_size > LARGEST} == {}
