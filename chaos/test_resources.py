"""Section 3, scenario 5: load scales the pipeline up, calm scales it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import allure
import pytest

if TYPE_CHECKING:
    from chaos.scaling import Growth
    from pipeline_services.experiment.pipeline import SteadyPipeline

pytestmark = [pytest.mark.chaos, pytest.mark.runbook("high-resource-usage")]
MIN_CALM_S = 280.0
"""Five minutes of calm, less the autoscaler's sync period and what it had requested just before the calm."""


@pytest.mark.component("hpa")
def test_load_scales_up(steady_pipeline: SteadyPipeline) -> None:
    """Under real load each autoscaler asks for more pods, they become ready, at most five, and no reading is lost."""
    from chaos.scaling import under_load  # noqa: PLC0415

    growths, report = under_load(steady_pipeline)
    assert report.holds, f"under load:\n{report}"
    _expect_grown(steady_pipeline, growths)


@pytest.mark.slow
@pytest.mark.component("hpa")
def test_load_scales_up_and_down(steady_pipeline: SteadyPipeline) -> None:
    """Load brings pods, five minutes of calm after it take them back one by one, and no reading is lost in either."""
    from chaos.scaling import up_and_down  # noqa: PLC0415
    from chaos.scaling_picture import svg  # noqa: PLC0415

    test = up_and_down(steady_pipeline)
    targets = {
        app: steady_pipeline.description.autoscaler(app).cpu_percent for app in steady_pipeline.description.scaled
    }
    allure.attach(svg(test, targets), "replicas and CPU over time", allure.attachment_type.SVG)
    allure.attach(str(test), "time to scale, and the ledger", allure.attachment_type.TEXT)
    assert test.report.holds, f"under load and in the calm after it:\n{test.report}"
    _expect_grown(steady_pipeline, test.growths)
    for one in test.shrinkings:
        _expect_at_most(steady_pipeline, one.app, one.most)
        assert one.first_after is not None, f"{one.app} kept its pods: {one}"
        assert one.first_after >= MIN_CALM_S, f"{one.app} lost a pod after {one.first_after:.0f} s: {one}"
        assert one.done_after is not None, f"{one.app} did not get back to one pod: {one}"


def _expect_grown(pipeline: SteadyPipeline, growths: list[Growth]) -> None:
    for growth in growths:
        _expect_at_most(pipeline, growth.app, growth.most)
        assert growth.ready_after is not None, f"{growth.app} did not get another ready pod: {growth}"


def _expect_at_most(pipeline: SteadyPipeline, app: str, pods: int) -> None:
    most = pipeline.description.autoscaler(app).max_replicas
    assert pods <= most, f"{app} had {pods} pods, at most {most} are allowed"
