"""The detection matrix: is each fault seen, and named for what it is?"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import allure
import pytest

from chaos.remedies import REMEDIED
from chaos.scenarios import MATRIX
from pipeline_services.experiment.scenario import Scenario
from pipeline_services.model.atomic import write_json
from pipeline_services.triage.subjects import CAUSES

if TYPE_CHECKING:
    from chaos.matrix.playing import Player

pytestmark = pytest.mark.matrix


def _marks(scenario: Scenario) -> list[pytest.MarkDecorator]:
    first = scenario.findings[0]
    anchor = CAUSES[min(first.causes)].runbook
    marks = [pytest.mark.component(first.component), pytest.mark.runbook(anchor)]
    marks += [pytest.mark.sample] if scenario.sample else []
    return [*marks, *([pytest.mark.remedy] if scenario.id in REMEDIED else [])]


@pytest.mark.parametrize("row", [pytest.param(row.id, marks=_marks(row)) for row in MATRIX.values()])
def test_fault_is_seen(player: Player, row: str) -> None:
    """The telling checks fail, triage finds something, and no component is blamed that has nothing to do with it.

    Whether component, cause and level are right counts in the score over all rows. With ``--remedies`` what the cause
    says to type is typed while the fault lasts, and nothing that lasts is said of the component afterwards.
    """
    result = player.play(MATRIX[row])
    verdict = result.verdict
    allure.attach(json.dumps(result.to_dict(), indent=1), "what was said", allure.attachment_type.JSON)
    wrong = [] if verdict.detected else ["triage finds nothing of it"]
    wrong += [f"{check} stayed green" for check in verdict.missing]
    wrong += [f"blamed for nothing: {alarm}" for alarm in verdict.alarms]
    unmended = player.unmended.get(row)
    wrong += [f"its remedy does not help: {unmended}"] if unmended else []
    if wrong:
        raise AssertionError(f"{result.summary}: {'; '.join(wrong)}")


@pytest.mark.sample
@pytest.mark.remedy
@pytest.mark.component("config")
@pytest.mark.runbook("troubleshooting-workflow")
def test_score(player: Player, pytestconfig: pytest.Config) -> None:
    """Over all rows that were played: all detected, nearly all named rightly, no false alarm."""
    from pipeline_services.experiment.score import Score, table  # noqa: PLC0415

    score = Score(tuple(result.verdict for result in player.results))
    lines = table(score)
    for line in lines:
        player.pipeline.say(line)
    allure.attach("\n".join(lines), "score", allure.attachment_type.TEXT)
    write_json(player.folder / "score.json", score.to_dict())
    remember(pytestconfig.getoption("allure_report_dir", default=None), score.figures())
    if score.missed:
        raise AssertionError("; ".join(score.missed))


@pytest.mark.sample
@pytest.mark.remedy
@pytest.mark.component("config")
@pytest.mark.runbook("troubleshooting-workflow")
def test_all_is_as_before(player: Player) -> None:
    """Once every fault is undone, nothing is other than before the first one."""
    left = player.left()
    if left:
        raise AssertionError(f"left behind: {'; '.join(left)}")


def remember(folder: str | None, figures: Mapping[str, float]) -> None:
    """The score's figures for the report's history."""
    from pipeline_services.reporting.allure.results import Figure, figures_json  # noqa: PLC0415

    if folder is not None and Path(folder).is_dir():
        now = time.time()
        entries = [Figure(f"matrix {name}", value, now, now) for name, value in figures.items()]
        (Path(folder) / "matrix-perf.json").write_text(figures_json(entries), encoding="utf-8")
