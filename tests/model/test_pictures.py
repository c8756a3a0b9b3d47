"""Pictures are well-formed SVG, whatever the values."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from pipeline_services.model.pictures import HEIGHT, WIDTH, line_picture, lines_picture

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("values", "level", "dotted"),
    [([1, 2, 3], 2.5, True), ([1, 2, 3], 4, True), ([1, 2, 3], 400, False), ([5, 5, 5], 9, False), ([7], 7, True)],
    ids=["crosses it", "comes near it", "far from it", "never changes", "a single point"],
)
def test_a_line_with_its_level(values: list[float], level: float, dotted: bool) -> None:
    picture = ET.fromstring(line_picture([[100.0 + at, value] for at, value in enumerate(values)], "s < & >", level))
    assert (picture.find(f"{SVG}line") is not None) is dotted
    line = picture.find(f"{SVG}polyline")
    assert line is not None
    places = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
    assert len(places) == len(values)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert [y for _, y in places] == sorted((y for _, y in places), reverse=True)


def test_several_lines_are_told_apart_by_colour_and_named_below() -> None:
    series = {"kafka-0": [[100.0, 1.0], [160.0, 3.0]], "<b>": [[130.0, 2.0]]}
    picture = ET.fromstring(lines_picture(series, "B"))
    lines = picture.findall(f"{SVG}polyline")
    assert len({line.attrib["stroke"] for line in lines}) == 2
    texts = [text.text for text in picture.findall(f"{SVG}text")]
    assert texts[-2:] == ["kafka-0: 3", "<b>: 2"]
    assert int(picture.attrib["height"]) > HEIGHT + 28
