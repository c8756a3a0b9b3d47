"""Section 7: producer, processor and Kafka, one after the other; and the soak, random faults from all scenarios."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos.catalogue import EVERY, RESILIENCE
from chaos.conftest import Play

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

pytestmark = [pytest.mark.chaos, pytest.mark.runbook("self-healing")]


@pytest.mark.component("kafka")
def test_resilience(play: Play) -> None:
    """Each comes back within 30 to 60 seconds, the flow resumes, and no data is lost."""
    stories = [play(replace(EVERY[case], id=f"resilience-{case}")) for case in RESILIENCE]
    for story in stories:
        story.assert_nothing_lost()
        story.assert_recovered()
        story.assert_nothing_left()


@pytest.mark.slow
@pytest.mark.component("kafka")
def test_soak(steady_pipeline: SteadyPipeline, play: Play, pytestconfig: pytest.Config) -> None:
    """Random faults, one at a time, for as long as ``--soak`` says; the same ``--seed`` chooses the same faults.

    Each is judged for itself, and one ledger runs over the whole of it.
    """
    from pipeline_services.audit.audit import Audit  # noqa: PLC0415

    minutes, seed = pytestconfig.getoption("soak"), pytestconfig.getoption("seed")
    choice, until = random.Random(seed), time.monotonic() + minutes * 60
    played = 0
    with Audit(steady_pipeline.probes) as whole:
        while time.monotonic() < until or not played:
            played += 1
            case = EVERY[choice.choice(sorted(EVERY))]
            story = play(replace(case, id=f"soak-{played:03d}-{case.id}"))
            story.assert_nothing_lost()
            story.assert_recovered()
            story.assert_nothing_left()
        reckoning = whole.reckon()
    steady_pipeline.say(f"  soak of {minutes:g} min, seed {seed}: {played} faults; {reckoning}")
    assert reckoning.holds, f"over the whole soak: {reckoning}"
