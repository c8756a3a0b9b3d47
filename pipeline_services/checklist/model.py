"""What a check is: a row of the table, and the cases that it has on a pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeline_services.model.commands import fill
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings
from pipeline_services.snapshot.snapshot import Snapshot

Run = Literal["daily", "weekly", "monthly", "practice"]
Parameters = tuple[str, ...]
ParametersOf = Callable[[Pipeline], Mapping[Parameters, str]]
Needs = Callable[..., Iterable[str]]
"""Of the pipeline and a case's parameters."""


def _nothing(*_: object) -> Iterable[str]:
    return ()


def _parameters(_: Pipeline, __: Settings, *parameters: str) -> tuple[object, ...]:
    return parameters


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """A row of the table of checks.

    Attributes:
        id: the name of its test in checks/; reports and history know its cases by it.
        judge: decides on a snapshot and the arguments of a case; raises what the check finds.
        parameters: works out its cases: the parameters of each, and the component that the case names.
        needs: works out of a case's parameters which other components have to be there for an answer.
        arguments: works out of pipeline, settings and a case's parameters what ``judge`` takes beside the snapshot.
        settles: what it finds after a start or a repair may go away within minutes, when windows are full.
        run: the run that it belongs to, which is the marker of its test.
    """

    id: str
    judge: Callable[..., Any]
    parameters: ParametersOf
    needs: Needs = _nothing
    arguments: Callable[..., tuple[object, ...]] = _parameters
    settles: bool = False
    run: Run = "daily"

    def __str__(self) -> str:
        return self.id

    def of(self, *parameters: str) -> CaseId:
        """The id of its case with these parameters, whether there is one or not.

        A parameter may be a placeholder for a name of the pipeline (``{service:kafka}``), which ``filled`` replaces.
        """
        return CaseId(self, parameters)

    def filled(self, _pipeline: Pipeline) -> Check:
        """Itself; as ``CaseId.filled``."""
        return self

    def cases(self, pipeline: Pipeline, settings: Settings) -> Iterator[Case]:
        """All its cases on a pipeline, judged by the levels of these settings.

        None of them names or needs a component that the pipeline does not have.

        Raises:
            PreconditionNotMet: the settings' levels contradict each other, or are for a metric that there is not.
        """
        for parameters, component in self.parameters(pipeline).items():
            needs = frozenset(self.needs(pipeline, *parameters))
            if {component, *needs} <= pipeline.components.keys():
                yield Case(self.of(*parameters), component, needs, self.arguments(pipeline, settings, *parameters))


@dataclass(frozen=True, slots=True)
class CaseId:
    """A check and the parameters of one of its cases. As text it is pytest's: ``test_pods_ready[kafka]``."""

    check: Check
    parameters: Parameters

    @property
    def label(self) -> str:
        """The parameters as the id has them in its brackets; empty where the check has a single case."""
        return "-".join(filter(None, self.parameters)).lower().replace(" ", "-").replace("_", "-")

    def filled(self, pipeline: Pipeline) -> CaseId:
        """The id with the pipeline's own names in place of placeholders.

        Raises:
            PreconditionNotMet, ValueError: as ``commands.fill``.
        """
        return CaseId(self.check, tuple(fill(parameter, pipeline) for parameter in self.parameters))

    def __str__(self) -> str:
        return f"{self.check.id}[{self.label}]" if self.parameters else self.check.id


@dataclass(frozen=True, slots=True)
class Case:
    """A check of one component, or of one of its parts.

    Attributes:
        component: the one that is named where the case fails.
        needs: the other components that have to be there for an answer.
        arguments: what the judgement takes beside the snapshot.
    """

    id: CaseId
    component: str
    needs: frozenset[str]
    arguments: tuple[object, ...]

    @property
    def check(self) -> Check:
        """The row that it belongs to."""
        return self.id.check

    def judge(self, snapshot: Snapshot) -> None:
        """Decide.

        Raises:
            AssertionError: the pipeline is not as it should be.
            PipelineError: that cannot be known.
        """
        self.check.judge(snapshot, *self.arguments)
