"""Section 3, scenario 6: what may connect connects, and what may not does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from pipeline_services.measure.connectivity import FLOWS
from pipeline_services.model import names, roles

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

pytestmark = [pytest.mark.chaos, pytest.mark.component("network"), pytest.mark.runbook("network-policy-issues")]


@pytest.fixture(scope="module")
def matrix(pipeline: SteadyPipeline) -> Mapping[str, bool]:
    """Every flow tried once, from within the pods' own networks."""
    pipeline.require_steady()
    return pipeline.connectivity().matrix(list(FLOWS.values()))


@pytest.mark.parametrize("flow", FLOWS)
def test_connectivity_is_as_documented(matrix: Mapping[str, bool], flow: str) -> None:
    """A flow that the pipeline needs connects; any other is denied."""
    wanted = "connect" if FLOWS[flow].allowed else "be denied"
    assert matrix[flow] == FLOWS[flow].allowed, f"{flow} should {wanted}; RUNBOOK.md#network-policy-issues"


@pytest.mark.parametrize("name", [names.KAFKA_SERVICE, names.INFLUXDB_SERVICE])
@pytest.mark.parametrize("app", [roles.PRODUCER, roles.PROCESSOR])
def test_name_resolves_in_pod(steady_pipeline: SteadyPipeline, app: str, name: str) -> None:
    """A pod finds a service by its name."""
    assert steady_pipeline.connectivity().resolves(app, name), f"{app} does not find {name}"
