"""The pictures beside the readings: drawn where there is a history, and never a reason for a case to fail."""

from __future__ import annotations

from typing import Any

import allure
import pytest

from checks import pictures
from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from tests.judgements.world import NOW, healthy

METRIC = KEY_METRICS["producer-rate"]
LINE = [[NOW - 60, 10.0], [NOW, 11.0]]


@pytest.fixture
def attached(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    monkeypatch.setattr(allure, "attach", lambda picture, name, _kind: found.append((name, picture)))
    return found


def test_a_metrics_last_hour_is_a_picture(attached: list[tuple[str, str]]) -> None:
    world = healthy()
    world.answers["metric_history/producer-rate"] = {"": LINE}
    pictures.attach_history(world.snapshot(), {METRIC.id: METRIC}, METRIC.id, "")
    (name, picture), *more = attached
    assert (name, more) == ("the last hour", [])
    assert "<polyline" in picture


def test_a_panels_lines_are_a_picture(attached: list[tuple[str, str]]) -> None:
    world = healthy()
    world.answers["grafana_panels/1"]["series"] = {"producer-x": LINE, "nothing": []}
    pictures.attach_panel(world.snapshot(), world.pipeline.dashboard.panels[1])
    ((name, picture),) = attached
    assert name == f"{world.pipeline.dashboard.panels[1]}, the last hour"
    assert "producer-x: 11" in picture
    assert "nothing" not in picture


@pytest.mark.parametrize("history", [None, [], {}, {"": []}, {"": [[1, "x"], [2], "y", [3, True]]}, {"": 7}])
def test_without_a_history_there_is_no_picture(attached: list[tuple[str, str]], history: Any) -> None:
    world = healthy()
    world.answers["metric_history/producer-rate"] = history
    world.answers["grafana_panels/1"] = history
    pictures.attach_history(world.snapshot(), {METRIC.id: METRIC}, METRIC.id, "")
    pictures.attach_panel(world.snapshot(), world.pipeline.dashboard.panels[1])
    pictures.attach_panel(world.snapshot(), "no such panel")
    assert attached == []
