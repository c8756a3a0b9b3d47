"""Section 3, scenario 5: load scales the pipeline up, calm scales it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

pytestmark = [pytest.mark.chaos, pytest.mark.runbook("high-resource-usage")]
MAX_REPLICAS = 5
MIN_CALM_S = 280.0
"""Seconds of calm: five minutes, less the autoscaler's own round and what it had asked for just before the calm."""


@pytest.mark.component("hpa")
def test_load_scales_up(steady_pipeline: SteadyPipeline) -> None:
    """Under real load each autoscaler asks for more pods, they become ready, at most five, and no reading is lost."""
    from chaos.scaling import under_load  # noqa: PLC0415

    growths, report = under_load(steady_pipeline)
    assert report.holds, f"under load:\n{report}"
    for growth in growths:
        assert growth.most <= MAX_REPLICAS, f"{growth.app} had {growth.most} pods, at most {MAX_REPLICAS} are allowed"
        assert growth.ready_after is not None, f"{growth.app} did not get another ready pod: {growth}"


@pytest.mark.slow
@pytest.mark.component("hpa")
def test_calm_scales_down(steady_pipeline: SteadyPipeline) -> None:
    """Five minutes after the load has gone, the pods that it brought go one by one."""
    from chaos.scaling import after_calm  # noqa: PLC0415

    for one in after_calm(steady_pipeline):
        assert one.most <= MAX_REPLICAS, f"{one.app} had {one.most} pods, at most {MAX_REPLICAS} are allowed"
        assert one.first_after is not None, f"{one.app} kept its pods: {one}"
        assert one.first_after >= MIN_CALM_S, f"{one.app} lost a pod after {one.first_after:.0f} s: {one}"
        assert one.done_after is not None, f"{one.app} did not get back to one pod: {one}"
