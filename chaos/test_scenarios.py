"""Section 3: a component fails, the checks detect it, it recovers within its limit, and nothing is lost."""

from __future__ import annotations

import pytest

from chaos.conftest import Play
from chaos.scenarios import RECOVERY
from pipeline_services.experiment.expectations import expect_all
from pipeline_services.experiment.scenario import Scenario

pytestmark = pytest.mark.chaos


def _marks(scenario: Scenario) -> list[pytest.MarkDecorator]:
    plan = scenario.plan
    marks = [pytest.mark.component(plan.reported_as or plan.component), pytest.mark.runbook(plan.section)]
    return [*marks, *([pytest.mark.slow] if plan.slow else [])]


@pytest.mark.parametrize("case", [pytest.param(one.id, marks=_marks(one)) for one in RECOVERY.values()])
def test_recovers_and_nothing_is_lost(play: Play, case: str) -> None:
    """The checks detect the fault; the component recovers within its limit; no acknowledged reading is missing."""
    expect_all(play(RECOVERY[case]))
