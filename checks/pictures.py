"""What a reader of the report wants to see beside a reading: how it went in the last hour. Nothing is judged by it."""

from __future__ import annotations

from typing import Any, Final

import allure

from pipeline_services.judgements.readings import Metrics
from pipeline_services.model.pictures import lines_picture
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.snapshot.sources.metric_trends import HISTORY

_TITLE: Final = "the last hour"
_Points = list[list[float]]


def attach_history(snapshot: Snapshot, metrics: Metrics, metric_id: str, subject: str) -> None:
    """The metric's line, with its level; nothing where Prometheus has no history of it, or was not asked."""
    points = _points(_record(snapshot, f"{HISTORY}/{metric_id}").get(subject))
    if points:
        metric = metrics[metric_id]
        allure.attach(lines_picture({"": points}, metric.unit, metric.fail), _TITLE, allure.attachment_type.SVG)


def attach_panel(snapshot: Snapshot, panel: str) -> None:
    """The lines of a panel of the dashboard, by its title; nothing where it shows none, or was not asked for them."""
    number = next((key for key, title in snapshot.pipeline.dashboard.panels.items() if title == panel), None)
    series = _record(snapshot, f"grafana_panels/{number}").get("series")
    lines = {name: points for name, found in series.items() if (points := _points(found))} if series else {}
    if lines:
        allure.attach(lines_picture(lines, ""), f"{panel}, {_TITLE}", allure.attachment_type.SVG)


def _record(snapshot: Snapshot, source: str) -> dict[str, Any]:
    found = snapshot.answers.get(source)
    return found if isinstance(found, dict) else {}


def _points(found: object) -> _Points:
    """What can be drawn of a series; whatever else a saved file has there is left out."""
    points = found if isinstance(found, list) else []
    return [point for point in points if isinstance(point, list) and len(point) == 2 and all(map(_is_number, point))]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
