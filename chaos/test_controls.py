"""Negative controls: a fault that does not land, a loss made on purpose and a late recovery are all reported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos.conftest import Play
from chaos.fault_builders import processes
from chaos.scenarios import RECOVERY
from pipeline_services.audit.ledger import Where
from pipeline_services.experiment.expectations import expect_recovered
from pipeline_services.faults import FaultDidNotLand

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

pytestmark = [pytest.mark.chaos, pytest.mark.component("processor"), pytest.mark.runbook("self-healing")]


def test_fault_that_misses_is_told(play: Play) -> None:
    """A cut that cuts nothing ends the scenario as inconclusive."""
    cut = RECOVERY["processor-cut-from-influxdb"]
    with pytest.raises(FaultDidNotLand, match="the fault did not land"):
        play(replace(cut, id="control-fault-misses", fault=processes.without_effect(cut.fault)))


def test_late_recovery_is_told_with_both_times(play: Play) -> None:
    """The same recovery, held against a limit that it cannot keep."""
    killed = RECOVERY["processor-process-killed"]
    plan = replace(killed.plan, limit_s=0.2)
    result = play(replace(killed, id="control-recovery-too-late", recovery=plan))
    with pytest.raises(AssertionError, match=r"back after \d+\.\d s, the limit is 0\.2 s"):
        expect_recovered(result)


def test_dropped_record_is_named(steady_pipeline: SteadyPipeline) -> None:
    """A reading that counts as acknowledged and is not in the topic: exactly it is lost, in the broker."""
    from pipeline_services.audit.controls import audited_with_a_drop  # noqa: PLC0415

    expected, report = audited_with_a_drop(steady_pipeline.probes)
    assert [(one.device_id, one.sequence, one.where) for one in report.audit.lost] == [(*expected, Where.BROKER)]
    assert report.own.holds


def test_deleted_point_is_named(steady_pipeline: SteadyPipeline) -> None:
    """A point deleted from the store: exactly it is lost, behind the commit."""
    from pipeline_services.audit.controls import audited_with_a_deletion  # noqa: PLC0415

    expected, report = audited_with_a_deletion(steady_pipeline.probes)
    found = [(one.device_id, one.sequence, one.where) for one in report.audit.lost]
    assert found == [(*expected, Where.PROCESSOR_OR_STORE)]
    assert report.own.holds
