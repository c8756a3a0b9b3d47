"""Section 3, scenario 6: what may connect connects, and what may not does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from pipeline_services.model import roles
from pipeline_services.model.flows import attempts
from pipeline_services.reporting.run.plugin import source_of

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

pytestmark = [pytest.mark.chaos, pytest.mark.component("network"), pytest.mark.runbook("network-policy-issues")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The cases follow from the profile."""
    pipeline = source_of(metafunc.config).pipeline
    if "flow" in metafunc.fixturenames:
        metafunc.parametrize("flow", attempts(pipeline))
    if "name" in metafunc.fixturenames:
        services = [pipeline.service(component).name for component in (roles.KAFKA, roles.INFLUXDB)]
        apps = (roles.PRODUCER, roles.PROCESSOR)
        metafunc.parametrize(("app", "name"), [(app, name) for name in services for app in apps])


@pytest.fixture(scope="module")
def matrix(pipeline: SteadyPipeline) -> Mapping[str, bool]:
    """Every connection tried once, from within the pods' own networks."""
    pipeline.require_steady()
    connectivity = pipeline.connectivity()
    return connectivity.matrix(list(connectivity.attempts.values()))


def test_connectivity_is_as_documented(pipeline: SteadyPipeline, matrix: Mapping[str, bool], flow: str) -> None:
    """A flow that the pipeline needs connects; any other is denied."""
    allowed = attempts(pipeline.description)[flow].allowed
    wanted = "connect" if allowed else "be denied"
    assert matrix[flow] == allowed, f"{flow} should {wanted}; RUNBOOK.md#network-policy-issues"


def test_name_resolves_in_pod(steady_pipeline: SteadyPipeline, app: str, name: str) -> None:
    """A pod finds a service by its name."""
    assert steady_pipeline.connectivity().resolves(app, name), f"{app} does not find {name}"
