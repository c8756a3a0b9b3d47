"""Small pictures for the report's page: lines over time as SVG, without a library that takes a second to load. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import cycle
from typing import Final

from pipeline_services.model.text import utc

WIDTH: Final = 640
HEIGHT: Final = 150
_MARGIN: Final = 24
_COLOURS: Final = ("#1a5fb4", "#26a269", "#c64600", "#813d9c", "#986a44", "#5e5c64")
_LEVEL: Final = "#a51d2d"


def line_picture(points: Sequence[Sequence[float]], unit: str, level: float) -> str:
    """Points of (epoch seconds, value) as a line; the level is dotted where the scale reaches to it."""
    return lines_picture({"": points}, unit, level)


def lines_picture(series: Mapping[str, Sequence[Sequence[float]]], unit: str, level: float | None = None) -> str:
    """Lines of points of (epoch seconds, value), each with its name below; none of them may be without points."""
    values = [value for points in series.values() for _, value in points]
    times = [at for points in series.values() for at, _ in points]
    low, high = min(values), max(values)
    near = level is not None and (low <= level <= high or abs(level - high) <= high - low)
    shown = [level] if near and level is not None else []
    low, high = min([low, *shown]), max([high, *shown])
    place = _Scale(min(times), max(times), low, high)
    drawn = [_line(points, place, colour) for points, colour in zip(series.values(), cycle(_COLOURS))]
    dotted = "".join(
        f'<line x1="{_MARGIN}" x2="{WIDTH - _MARGIN}" y1="{place.y(one):.1f}" y2="{place.y(one):.1f}" '
        f'stroke="{_LEVEL}" stroke-dasharray="2 3"/>'
        for one in shown
    )
    words = [
        _text(4, 14, f"{high:.3g} {unit}"),
        _text(4, HEIGHT - 18, f"{low:.3g}"),
        _text(4, HEIGHT - 4, utc(min(times))),
        _text(WIDTH - 4, HEIGHT - 4, utc(max(times)), "end"),
    ]
    named = [(name, colour) for name, colour in zip(series, cycle(_COLOURS)) if name]
    words += [
        _text(_MARGIN, HEIGHT + 14 * (row + 1), f"{name}: {series[name][-1][1]:.3g}", colour=colour)
        for row, (name, colour) in enumerate(named)
    ]
    height = HEIGHT + 14 * len(named) + (6 if named else 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
        f'<rect width="100%" height="100%" fill="white"/>{dotted}{"".join(drawn)}{"".join(words)}</svg>'
    )


def _line(points: Sequence[Sequence[float]], place: _Scale, colour: str) -> str:
    dots = " ".join(f"{place.x(at):.1f},{place.y(value):.1f}" for at, value in points)
    return f'<polyline points="{dots}" fill="none" stroke="{colour}" stroke-width="1.4"/>'


class _Scale:
    """Where a moment and a value stand in the picture; a line that never changes runs along the middle."""

    def __init__(self, start: float, end: float, low: float, high: float) -> None:
        self._start, self._span = start, (end - start) or 1.0
        self._low, self._height = (low, high - low) if high > low else (low - 0.5, 1.0)

    def x(self, at: float) -> float:
        """Pixels from the left."""
        return _MARGIN + (at - self._start) / self._span * (WIDTH - 2 * _MARGIN)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return HEIGHT - 34 - (value - self._low) / self._height * (HEIGHT - 54)


def _text(x: float, y: float, words: str, anchor: str = "start", colour: str = "black") -> str:
    where = f'x="{x}" y="{y}" font-size="11" font-family="sans-serif" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {where}>{escape(words)}</text>"
