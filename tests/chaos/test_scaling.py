"""The load test: what is read of an autoscaler, how pods come and go, and the picture of it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from chaos import scaling
from chaos.scaling import Growth, LoadTest, Sample, Shrinking, sample_of
from chaos.scaling_picture import svg

METRIC = {"resource": {"current": {"averageUtilization": 180}}}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"desiredReplicas": 3, "currentReplicas": 2, "currentMetrics": [METRIC]}, (3, 2, 180)),
        ({"desiredReplicas": 1}, (1, 0, 0)),
        ({}, (0, 0, 0)),
    ],
    ids=["loaded", "new", "knows nothing yet"],
)
def test_what_an_autoscaler_says(status: dict[str, Any], expected: tuple[int, int, int]) -> None:
    sample = sample_of(5.0, "producer", {"metadata": {"name": "producer-hpa"}, "status": status})
    assert (sample.wanted, sample.pods, sample.cpu) == expected


def test_how_pods_go_again() -> None:
    one = Shrinking("producer", 3)
    for wanted, after in ((4, 10), (4, 200), (3, 310), (1, 430), (2, 500)):
        one = scaling._shrunk(one, wanted, after)
    assert one == Shrinking("producer", 4, first_after=310, done_after=430)


def test_the_picture_has_a_line_for_each_app_and_says_what_was_aimed_at() -> None:
    samples = [
        Sample(1_000.0 + at, app, 1 + at % 3, 1, 10 * at) for at in range(9) for app in ("producer", "processor")
    ]
    growths, shrinkings, report = [Growth("producer", 1)], [Shrinking("producer", 3)], "ledger"
    test = LoadTest(growths, shrinkings, samples, 1_000, 1_004, report)  # type: ignore[arg-type]
    picture = svg(test, {"producer": 70, "processor": 70})
    words = {element.text for element in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")}
    assert {"producer", "processor", "load", "target 70 %"} <= words
    assert picture == svg(test, {"producer": 70, "processor": 70})
    assert "Growth(app='producer', before=1" in str(test)
