"""Small pictures for the report's page: lines over time as SVG, without a library that takes a second to load. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from pipeline_services.model.text import utc

WIDTH: Final = 640
HEIGHT: Final = 150
_MARGIN: Final = 24
_LINE: Final = "#1a5fb4"
_LEVEL: Final = "#a51d2d"


def line_picture(points: Sequence[Sequence[float]], unit: str, level: float) -> str:
    """Points of (epoch seconds, value) as a line; the level is dotted where the scale reaches to it."""
    values = [value for _, value in points]
    low, high = min(values), max(values)
    shown = [level] if low <= level <= high or abs(level - high) <= high - low else []
    low, high = min([low, *shown]), max([high, *shown])
    place = _Scale(points[0][0], points[-1][0], low, high)
    dots = " ".join(f"{place.x(at):.1f},{place.y(value):.1f}" for at, value in points)
    dotted = "".join(
        f'<line x1="{_MARGIN}" x2="{WIDTH - _MARGIN}" y1="{place.y(one):.1f}" y2="{place.y(one):.1f}" '
        f'stroke="{_LEVEL}" stroke-dasharray="2 3"/>'
        for one in shown
    )
    words = (
        _text(4, 14, f"{high:.3g} {unit}"),
        _text(4, HEIGHT - 18, f"{low:.3g}"),
        _text(4, HEIGHT - 4, utc(points[0][0])),
        _text(WIDTH - 4, HEIGHT - 4, utc(points[-1][0]), "end"),
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<rect width="100%" height="100%" fill="white"/>{dotted}'
        f'<polyline points="{dots}" fill="none" stroke="{_LINE}" stroke-width="1.4"/>{"".join(words)}</svg>'
    )


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


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="11" font-family="sans-serif" text-anchor="{anchor}">{escape(words)}</text>'
    )
