"""An operator's shell on the suite's own cluster, and what is typed into it."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline_services.experiment.steps import Type, Typed, flaw
from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.paths import REPOSITORY, Cache, cache_root
from pipeline_services.platform.build.progress import Durations, Progress
from pipeline_services.platform.cluster import lifecycle
from pipeline_services.reporting.runbook.typed import OperatorShell

if TYPE_CHECKING:
    from pipeline_services.experiment.observers.remedy import TypeOne
    from pipeline_services.experiment.pipeline import SteadyPipeline

READ_TIMEOUT_S: Final = 30.0
"""For a command that reads: those that ask a hung broker give up by themselves before."""
MEND_TIMEOUT_S: Final = 300.0
"""For a command that changes the cluster: ``make up`` waits for a rollout."""
_AT_ONCE: Final = 4


def operator_shell(pipeline: SteadyPipeline) -> OperatorShell:
    """What an operator types in, at the checkout's root.

    Raises:
        PreconditionNotMet: the pipeline is not on the suite's own cluster.
    """
    if not pipeline.authorized.own:
        raise PreconditionNotMet("refused: the runbook's commands are tried on the suite's own cluster only")
    kubectl = lifecycle.kubectl(own_cluster.CLUSTER, Progress(Durations(Cache(cache_root()).durations)))
    return OperatorShell(Path(pipeline.authorized.target.kubeconfig), kubectl, REPOSITORY)


def typing(pipeline: SteadyPipeline) -> Type:
    """Types commands that read, some at once; types nothing where the cluster is not the suite's own."""
    return partial(_typed, operator_shell(pipeline)) if pipeline.authorized.own else lambda _commands: ()


def _typed(shell: OperatorShell, commands: Iterable[str]) -> tuple[Typed, ...]:
    def one(command: str) -> Typed:
        answer = shell.type(command, within=READ_TIMEOUT_S)
        return Typed(command, flaw(answer.code, answer.output))

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="typed") as pool:
        return tuple(pool.map(one, commands))


def mending(pipeline: SteadyPipeline, folder: Path) -> TypeOne:
    """Types one command of a remedy: what it keeps in a file goes into the folder; make is typed where the Makefile is.

    Raises:
        PreconditionNotMet: the pipeline is not on the suite's own cluster.
    """
    shell = operator_shell(pipeline)

    def type_one(command: str) -> Typed:
        where = shell if command.startswith("make ") else replace(shell, folder=folder)
        answer = where.type(command, within=MEND_TIMEOUT_S)
        silent = answer.code == 0 and not answer.output.strip()
        return Typed(command, "" if silent else flaw(answer.code, answer.output))

    return type_one
