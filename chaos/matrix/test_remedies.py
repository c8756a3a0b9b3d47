"""What a cause tells an operator to type, typed while its fault lasts, mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from chaos.remedies import REMEDIES
from chaos.scenarios import MATRIX
from pipeline_services.triage.subjects import CAUSES

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.matrix.playing import Player
    from pipeline_services.experiment.steps import Typed
    from pipeline_services.reporting.runbook.typed import OperatorShell

pytestmark = [pytest.mark.chaos, pytest.mark.mitigation]
COMMAND_TIMEOUT_S: Final = 300.0


@pytest.fixture
def shell(player: Player) -> OperatorShell:
    """What an operator types in, at the checkout's root."""
    from chaos.shell import operator_shell  # noqa: PLC0415 - a run that only lists cases need not load it

    return operator_shell(player.pipeline)


def _marks(cause: str) -> list[pytest.MarkDecorator]:
    component = MATRIX[REMEDIES[cause]].findings[0].component
    return [pytest.mark.component(component), pytest.mark.runbook(CAUSES[cause].runbook)]


@pytest.mark.parametrize("cause", [pytest.param(cause, marks=_marks(cause)) for cause in REMEDIES])
def test_what_a_cause_says_mends_it(player: Player, shell: OperatorShell, cause: str, tmp_path: Path) -> None:
    """Its commands are accepted in their order, and nothing that lasts is said of the component any more."""
    from pipeline_services.experiment.steps import Typed, flaw  # noqa: PLC0415

    def type_one(command: str) -> Typed:
        """What is kept in a file is kept in the test's folder; make is typed where the Makefile is."""
        where = shell if command.startswith("make ") else replace(shell, folder=tmp_path)
        answer = where.type(command, within=COMMAND_TIMEOUT_S)
        silent = answer.code == 0 and not answer.output.strip()
        return Typed(command, "" if silent else flaw(answer.code, answer.output))

    typed = player.mend(MATRIX[REMEDIES[cause]], cause, type_one)
    assert typed, f"{REMEDIES[cause]} was not named rightly, so nothing was typed"
