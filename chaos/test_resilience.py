"""Section 7: producer, processor and Kafka, one after the other; and the soak, random faults from all scenarios."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos.conftest import Play
from chaos.scenarios import RECOVERY, RESILIENCE
from pipeline_services.experiment.expectations import expect_nothing_left, expect_nothing_lost, expect_recovered

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.experiment.result import Result

pytestmark = [pytest.mark.chaos, pytest.mark.runbook("self-healing")]


@pytest.mark.component("kafka")
def test_resilience(play: Play) -> None:
    """Each recovers within 30 to 60 seconds, the flow resumes, and no data is lost."""
    for result in [play(replace(RECOVERY[case], id=f"resilience-{case}")) for case in RESILIENCE]:
        _expect_recovery(result)


@pytest.mark.slow
@pytest.mark.component("kafka")
def test_soak(steady_pipeline: SteadyPipeline, play: Play, pytestconfig: pytest.Config) -> None:
    """Random faults, one at a time, for as long as ``--soak`` says; the same ``--seed`` chooses the same faults.

    Each is judged for itself, and one ledger runs over the whole of it.
    """
    from pipeline_services.audit.audit import Audit  # noqa: PLC0415

    minutes, seed = pytestconfig.getoption("soak"), pytestconfig.getoption("seed")
    choice, until = random.Random(seed), time.monotonic() + minutes * 60
    quick = sorted(one.id for one in RECOVERY.values() if not one.plan.slow)
    played = 0
    with Audit.running(steady_pipeline.probes) as whole:
        while time.monotonic() < until or not played:
            played += 1
            scenario = RECOVERY[choice.choice(quick)]
            _expect_recovery(play(replace(scenario, id=f"soak-{played:03d}-{scenario.id}")))
        report = whole.reconcile()
    steady_pipeline.say(f"  soak of {minutes:g} min, seed {seed}: {played} faults; {report}")
    assert report.holds, f"over the whole soak: {report}"


def _expect_recovery(result: Result) -> None:
    expect_nothing_lost(result)
    expect_recovered(result)
    expect_nothing_left(result)
