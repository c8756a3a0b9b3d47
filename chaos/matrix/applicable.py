"""Which rows of the matrix a pipeline can be put to: those that need what it has not are named, with what that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from chaos.fault_builders.common import require_no_others
from chaos.scenarios import MATRIX
from pipeline_services.checklist.checks import cases
from pipeline_services.faults.admin import OUT_OF_REACH
from pipeline_services.faults.journal import Command
from pipeline_services.model.errors import NotApplicable

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.experiment.scenario import Scenario


def lacking(scenario: Scenario, pipeline: SteadyPipeline) -> str:
    """What the pipeline has not that the scenario needs; empty where it has all. Nothing is touched.

    Raises:
        PipelineError: the pipeline has it, and the fault cannot be made now.
    """
    described = pipeline.description
    try:
        require_no_others(described, sorted(scenario.components))
        filled = scenario.filled(described)
        strangers = sorted(scenario.components - described.components.keys())
        known = {str(case.id) for case in cases(described, run="daily")}
        unjudged = [str(check) for check in filled.must_fail if str(check) not in known]
        if strangers or unjudged:
            return f"{described.name} has no {', '.join(strangers) or f'check {unjudged[0]}'}"
        for build in filter(None, (scenario.arranged, scenario.fault)):
            fault = build(pipeline)
            steps = (*fault.inject, *fault.follow_up, *fault.undo)
            if not pipeline.authorized.own and any(isinstance(step, Command) for step in steps):
                return OUT_OF_REACH
    except NotApplicable as error:
        return error.message
    return ""


def sorted_out(rows: Iterable[str], pipeline: SteadyPipeline) -> Mapping[str, str]:
    """The rows that the pipeline cannot be put to, each with what it lacks."""
    found = {row: lacking(MATRIX[row], pipeline) for row in rows}
    return {row: why for row, why in found.items() if why}


def left_out_lines(lacks: Mapping[str, str], of: int) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for row, why in lacks.items():
        by_reason.setdefault(why, []).append(row)
    head = f"{len(lacks)} of {of} rows are not applicable here:"
    return [head, *(f"  {why}: {', '.join(rows)}" for why, rows in by_reason.items())] if lacks else []
