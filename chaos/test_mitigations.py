"""The runbook's commands for a failure, typed in that failure exactly as they stand there, resolve it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pytest

from chaos.mitigations import Mitigation, mitigations
from pipeline_services.faults.injection import gone, injected, landed
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.reporting.runbook import commands, runbook

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.reporting.runbook.typed import OperatorShell

pytestmark = [pytest.mark.chaos, pytest.mark.mitigation, pytest.mark.component("config")]
SHOWS_TIMEOUT_S: Final = 30.0
COMMAND_TIMEOUT_S: Final = 180.0
RECOVERY_TIMEOUT_S: Final = 150.0
READ_TIMEOUT_S: Final = 8.0
"""Seconds that a reading command is given to show that something is wrong; one that hangs shows it, too."""
TEXT: Final = runbook.RUNBOOK.read_text(encoding="utf-8")
CHANGES: Final = commands.changes(TEXT)


@pytest.fixture
def shell(pipeline: SteadyPipeline) -> OperatorShell:
    """What an operator types in, at the checkout's root."""
    from chaos.shell import operator_shell  # noqa: PLC0415 - a run that only lists cases need not load it

    return operator_shell(pipeline)


def _marks(one: Mitigation) -> list[pytest.MarkDecorator]:
    return [pytest.mark.runbook(one.section), *([pytest.mark.slow] if one.slow else [])]


@pytest.mark.parametrize("one", [pytest.param(one, id=one.id, marks=_marks(one)) for one in mitigations(CHANGES)])
def test_the_runbook_mends_it(steady_pipeline: SteadyPipeline, shell: OperatorShell, one: Mitigation) -> None:
    """The failure shows in the section's own commands; what it says to type is accepted; its checks are green again."""
    pipeline, typed = steady_pipeline, CHANGES[one.section, one.block]
    values = one.values(pipeline)
    fault = one.fault(pipeline)
    with ExitStack() as in_force:
        in_force.enter_context(injected(pipeline.api, pipeline.journal, fault))
        landed(pipeline.api, fault)
        if one.shown:
            pipeline.say(f"  {fault.summary}: {_shown(shell, one.section)}")
        for command in typed:
            _accepted(shell, command.filled(values))
        if one.makes_pods:
            _grown(pipeline, one.makes_pods)
            for command in typed:
                _accepted(shell, command.undo)
        else:
            _recovered(pipeline, one.section)
    gone(fault)


def _accepted(shell: OperatorShell, text: str) -> None:
    answer = shell.type(text, within=COMMAND_TIMEOUT_S)
    assert answer.code == 0, f"{text}: {answer.code}\n{answer.output[-2000:]}"


def _shown(shell: OperatorShell, section: str) -> str:
    """The first of the section's reading commands that shows something else than in steady state."""
    read = [one for one in commands.commands(TEXT) if one.section == section and one.reads and one.told]
    read = [one for one in read if not (one.gaps or one.open_ended or one.fails)]

    def deviating() -> str:
        with ThreadPoolExecutor(len(read), thread_name_prefix="diagnosis") as pool:
            answers = list(pool.map(lambda one: (one, shell.type(one.text, within=READ_TIMEOUT_S)), read))
        for one, answer in answers:
            wrong = ["it does not end"] if answer.code is None else one.flaws(answer.code, answer.output)
            if wrong:
                return f"{one.text}: {wrong[0]}"
        return ""

    return wait_until(deviating, within=SHOWS_TIMEOUT_S, what=f"a command of #{section} to show the failure", every=1.0)


def _recovered(pipeline: SteadyPipeline, section: str) -> None:
    """Every check that the section names under *Recovered when* is green."""
    from pipeline_services.checklist import checks  # noqa: PLC0415
    from pipeline_services.checklist.run import run_checks  # noqa: PLC0415
    from pipeline_services.model.settings import Settings  # noqa: PLC0415
    from pipeline_services.snapshot.collector import collect  # noqa: PLC0415

    named = commands.recovery_checks(TEXT, section) or [checks.PODS_READY.id, checks.ROLLOUT_COMPLETE.id]
    wanted = checks.named(named, checks.cases(pipeline.description, run="daily"))
    assert wanted, f"#{section} names no check"

    last: dict[str, str] = {}

    def green() -> bool:
        last.clear()
        last.update(
            {
                one.id: one.why
                for one in run_checks(collect(pipeline.cluster, Settings(), pipeline.description), wanted).values()
            }
        )
        return not last

    try:
        wait_until(
            green, within=RECOVERY_TIMEOUT_S, what=f"the checks of #{section}", every=1.0, retry_on=(PipelineError,)
        )
    except WaitExpired:
        pytest.fail(f"not recovered as #{section} says: {last}")


def _grown(pipeline: SteadyPipeline, pods: int) -> None:
    """Producer and processor have so many pods that are ready."""

    def grown() -> bool:
        return all(sum(pod.ready for pod in pipeline.pods_of(app)) >= pods for app in pipeline.description.scaled)

    wait_until(grown, within=RECOVERY_TIMEOUT_S, what=f"{pods} ready pods each", every=0.5, retry_on=(PipelineError,))
