"""Every block of the runbook that changes the cluster is tried."""

from __future__ import annotations

import pytest

from chaos.mitigations import MITIGATIONS, Mitigation
from pipeline_services.checklist.checks import cases
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.runbook import commands, runbook

TEXT = runbook.RUNBOOK.read_text()
CHANGES = commands.changes(TEXT)
TRIED = [(one.section, one.block) for one in MITIGATIONS]


def test_every_block_is_tried_once() -> None:
    assert sorted(TRIED) == sorted(CHANGES)


@pytest.mark.parametrize("one", MITIGATIONS, ids=lambda one: one.id)
def test_what_has_gaps_has_something_to_fill_them_with(one: Mitigation) -> None:
    gaps = set().union(*(command.gaps for command in CHANGES[one.section, one.block]))
    default = Mitigation(one.section, one.block, one.fault).values
    assert bool(gaps) == (one.values is not default)


@pytest.mark.parametrize("one", [one for one in MITIGATIONS if one.makes_pods], ids=lambda one: one.id)
def test_what_is_taken_back_has_a_command_for_it(one: Mitigation) -> None:
    assert all(command.undo.startswith("kubectl ") for command in CHANGES[one.section, one.block])


@pytest.mark.parametrize("section", sorted({one.section for one in MITIGATIONS} - {"cheat-sheet"}))
def test_recovery_is_said_in_checks(section: str) -> None:
    named = commands.recovery_checks(TEXT, section)
    daily = cases(Pipeline.load(), run="daily")
    assert named
    assert set(named) <= {known for case in daily for known in (str(case.id), case.check.id)}
