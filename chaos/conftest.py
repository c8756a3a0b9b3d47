"""What scenarios start from: a pipeline on which faults are allowed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline_services.model.errors import PipelineError
from pipeline_services.reporting.run.selection import CHAOS, MATRIX, RELEASE, leave_out, run_markers

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.experiment.result import Result
    from pipeline_services.experiment.scenario import Scenario
    from pipeline_services.release.candidate import Candidate

Play = Callable[["Scenario"], "Result"]
PIPELINE = pytest.StashKey["SteadyPipeline"]()
LOAD = "chaos/test_resources.py"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Load comes last: the pods that the autoscalers add stay for minutes. A release has to be asked for."""
    items.sort(key=lambda item: item.nodeid.startswith(LOAD))
    if RELEASE in run_markers(config) or config.getoption("candidate"):
        return
    leave_out(config, items, [item for item in items if item.get_closest_marker(RELEASE)])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Open the pipeline before the first scenario. What is refused is refused once, in one line, nothing touched."""
    played = {
        marker for marker in (CHAOS, MATRIX, RELEASE) for item in session.items if item.get_closest_marker(marker)
    }
    if not played or session.config.getoption("collectonly"):
        return (yield)
    from chaos import staging  # noqa: PLC0415 - a run that breaks nothing need not load it

    try:
        candidate = _candidate(session.config) if RELEASE in played else None
        with staging.opened(session.config, sends=played != {MATRIX}) as pipeline:
            session.config.stash[PIPELINE] = pipeline
            staging.leave_out(pipeline, session)
            if session.config.getoption("dry_run"):
                _rehearse(pipeline, session, candidate)
                session.items.clear()
            else:
                pipeline.require_steady()
            return (yield)
    except PipelineError as error:
        raise pytest.UsageError(str(error)) from error


def _candidate(config: pytest.Config) -> Candidate:
    from chaos.validation import candidate_of  # noqa: PLC0415

    return candidate_of(config)


def _rehearse(pipeline: SteadyPipeline, session: pytest.Session, candidate: Candidate | None) -> None:
    from chaos import staging, validation  # noqa: PLC0415

    staging.rehearse(pipeline, [item for item in session.items if not item.get_closest_marker(RELEASE)])
    if candidate is not None:
        validation.rehearse(pipeline, candidate, measure_only=session.config.getoption("measure_only"))


@pytest.fixture(scope="session")
def pipeline(pytestconfig: pytest.Config) -> SteadyPipeline:
    """The pipeline on which faults are allowed; what a killed run left behind has been undone."""
    return pytestconfig.stash[PIPELINE]


@pytest.fixture
def steady_pipeline(pipeline: SteadyPipeline) -> SteadyPipeline:
    """The pipeline in steady state. Not steady within a minute: nothing is touched."""
    pipeline.require_steady()
    return pipeline


@pytest.fixture
def play(pipeline: SteadyPipeline, request: pytest.FixtureRequest) -> Play:
    """Plays a scenario from steady state to steady state; its evidence is attached whatever comes of it."""
    from chaos.staging import played  # noqa: PLC0415

    folder = request.config.getoption("allure_report_dir", default=None)
    return lambda scenario: played(pipeline, scenario, Path(folder) if folder else None, request.node)
