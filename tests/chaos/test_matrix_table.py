"""The matrix's rows: over all components, expecting only what there is, each with faults that can be told apart."""

from __future__ import annotations

import pytest

from chaos.catalogue import ALL
from chaos.matrix import rows
from chaos.matrix.rows import Row
from chaos.matrix.table import ROWS, SAMPLE
from pipeline_services.checklist.checks import cases
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage.causes import CAUSES
from pipeline_services.triage.walk.escalations import CONDITIONS, Condition

CASES = {str(case.id) for case in cases(Pipeline.load(), run="daily")}


def test_there_are_enough_rows_over_all_components() -> None:
    assert len(ROWS) >= 45
    assert {component for row in ROWS.values() for component in row.components} == set(Pipeline.load().reported)


def test_some_rows_are_several_faults_at_once() -> None:
    pairs = [row for row in ROWS.values() if len(row.expected) > 1]
    assert len(pairs) >= 4
    assert all(len(row.components) == len(row.expected) for row in pairs)


def test_the_sample_is_small_and_over_all_components() -> None:
    assert len(SAMPLE) <= 14
    assert {component for row in SAMPLE for component in ROWS[row].components} == set(Pipeline.load().reported)


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_a_row_expects_checks_that_there_are(row: Row) -> None:
    assert set(map(str, row.red)) <= CASES
    assert row.also <= set(CAUSES)
    assert row.affected <= set(Pipeline.load().reported) - row.components
    assert row.innocent, "a row that lets everybody be blamed judges nothing"


def test_an_expected_finding_has_the_level_of_its_cause() -> None:
    assert rows.finding("network", "policy-blocks").level == "L3"
    with pytest.raises(ValueError, match="no component"):
        rows.finding("nobody", "policy-blocks")
    with pytest.raises(ValueError, match="no such causes: typo"):
        rows.finding("network", "typo")
    with pytest.raises(ValueError, match="none is named"):
        rows.finding("network")
    with pytest.raises(ValueError, match="have the levels L2, L3"):
        rows.finding("network", "policy-blocks", "scaled-to-zero")


def test_two_rows_of_one_id_are_refused() -> None:
    row = next(iter(ROWS.values()))
    with pytest.raises(ValueError, match="same id"):
        rows.by_id(row, row)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: f"{one.scenario}: {one.when}")
def test_every_condition_of_escalation_is_met_by_a_fault(condition: Condition) -> None:
    cases = [case.diagnosis for case in ALL.values() if case.diagnosis is not None]
    named = [*cases, *(expected for row in ROWS.values() for expected in row.expected)]
    met = [one for one in named if one.causes & condition.causes]
    assert [one for one in met if not condition.components or one.component in condition.components]
