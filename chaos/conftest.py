"""What scenarios start from: a pipeline on which faults are allowed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline_services.model.errors import PipelineError

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline
    from pipeline_services.experiment.result import Result
    from pipeline_services.experiment.scenario import Scenario

Play = Callable[["Scenario"], "Result"]
PIPELINE = pytest.StashKey["SteadyPipeline"]()
LOAD = "chaos/test_resources.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Load comes last: the pods that the autoscalers add stay for minutes."""
    items.sort(key=lambda item: item.nodeid.startswith(LOAD))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Open the pipeline before the first scenario. What is refused is refused once, in one line, nothing touched."""
    chaos = any(item.get_closest_marker(marker) for item in session.items for marker in ("chaos", "matrix"))
    if not chaos or session.config.getoption("collectonly"):
        return (yield)
    from chaos import staging  # noqa: PLC0415 - a run that breaks nothing need not load it

    try:
        with staging.opened(session.config) as pipeline:
            session.config.stash[PIPELINE] = pipeline
            if session.config.getoption("dry_run"):
                staging.rehearse(pipeline, session.items)
                session.items.clear()
            else:
                pipeline.require_steady()
            return (yield)
    except PipelineError as error:
        raise pytest.UsageError(str(error)) from error


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
