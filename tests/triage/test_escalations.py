"""Section 3's conditions of escalation, held to the causes, to the runbook and to the spec's levels."""

from __future__ import annotations

import pytest

from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.reporting.runbook import runbook
from pipeline_services.triage.subjects import CAUSES
from pipeline_services.triage.walk import escalations
from pipeline_services.triage.walk.escalations import CONDITIONS, Condition
from tests.triage.made import FULL, REPLACED, SCALED

SECTIONS = runbook.sections(runbook.RUNBOOK.read_text())
SCENARIOS = (
    *("producer-pod-failure", "processor-pod-failure", "kafka-statefulset-failure"),
    *("influxdb-statefulset-failure", "high-resource-usage", "network-policy-issues"),
)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_of_section_3_says_when_it_goes_further(scenario: str) -> None:
    assert [condition for condition in CONDITIONS if condition.scenario == scenario]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.when[:40])
def test_a_condition_names_causes_that_there_are_and_their_level(condition: Condition) -> None:
    assert condition.scenario in SECTIONS
    assert condition.causes <= set(CAUSES)
    levels = {CAUSES[cause].escalation for cause in condition.causes}
    assert levels == {condition.level}


def test_every_level_has_its_duties() -> None:
    assert set(escalations.DUTIES) == set(Escalation)


def test_a_finding_meets_the_conditions_of_its_cause() -> None:
    assert [condition.look_at for condition in escalations.met_by(FULL)] == [
        "what fills it, the retention, the node's disk"
    ]
    assert escalations.met_by(REPLACED) == []
    assert escalations.met_by(SCALED) == []
