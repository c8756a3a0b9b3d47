"""The pictures can be drawn of whatever was measured, and are the same for the same rounds."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from pipeline_services.release.decision import Pairs, judge
from pipeline_services.release.gates import METRICS
from pipeline_services.release.picture import metric_svg, rollout_svg
from tests.release.made import evidence, pairs

CPU = METRICS[0]


@pytest.mark.parametrize(
    "rounds",
    [pairs(1.02)[CPU.id], pairs(1.4)[CPU.id], [], [(1.0, 1.1)], [(math.nan, 1.0)] * 8],
    ids=["not worse", "regression", "none", "one", "nan"],
)
def test_a_metric_is_drawn_whatever_was_measured(rounds: Pairs) -> None:
    (judged,) = judge([CPU], {CPU.id: rounds})
    picture = metric_svg(judged)
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert judged.decision.value in picture.decode()


def test_the_same_rounds_give_the_same_bytes() -> None:
    (judged,) = judge([CPU], pairs(1.02))
    assert metric_svg(judged) == metric_svg(judged)


def test_the_roll_out_is_drawn_with_its_moments() -> None:
    picture = rollout_svg(evidence().rolled).decode()
    assert "12 s  the baseline is rolled out" in picture
    assert ElementTree.fromstring(rollout_svg([])).tag.endswith("svg")
