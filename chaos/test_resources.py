"""Section 3, scenario 5: load scales the pipeline, calm takes it back; too little memory or CPU is seen as such."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.catalogue import RESOURCES
from chaos.conftest import Play
from pipeline_services import names

if TYPE_CHECKING:
    from pipeline_services.steady_pipeline import SteadyPipeline

pytestmark = [pytest.mark.chaos, pytest.mark.runbook("high-resource-usage")]
MOST_REPLICAS = 5


@pytest.mark.component("hpa")
@pytest.mark.parametrize("case", RESOURCES)
def test_resource_fault_is_seen_and_nothing_is_lost(play: Play, case: str) -> None:
    """Killed for memory, starved of CPU or scaled by hand: seen as such, undone, and no reading is missing."""
    story = play(RESOURCES[case])
    story.assert_nothing_lost()
    story.assert_recovered()
    story.assert_seen()
    story.assert_nothing_left()
    story.assert_diagnosed()


@pytest.mark.component("hpa")
def test_load_scales_up(steady_pipeline: SteadyPipeline) -> None:
    """Under real load each autoscaler asks for more pods, they become ready, and there are never more than five."""
    from chaos.scaling import under_load  # noqa: PLC0415

    for growth in under_load(steady_pipeline):
        assert growth.most <= MOST_REPLICAS, f"{growth.app} had {growth.most} pods, at most {MOST_REPLICAS} are allowed"
        assert growth.ready_after is not None, f"{growth.app} did not get another ready pod: {growth}"


@pytest.mark.slow
@pytest.mark.component("hpa")
def test_calm_scales_down(steady_pipeline: SteadyPipeline) -> None:
    """Five minutes after the load has gone, the pods that it brought go one by one."""
    from chaos.scaling import after_calm  # noqa: PLC0415

    left = after_calm(steady_pipeline)
    assert left == {names.PRODUCER: 1, names.PROCESSOR: 1}, f"pods left after the calm: {left}"
