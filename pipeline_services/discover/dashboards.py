"""Grafana's dashboards and data sources, as its ConfigMaps provide them, else as Grafana itself says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from pipeline_services.discover.namespace import Namespace, Workload
from pipeline_services.model import roles
from pipeline_services.model.yaml_text import LOADER

_TYPES: Final[Mapping[str, str]] = {"prometheus": roles.PROMETHEUS, "loki": roles.LOKI, "influxdb": roles.INFLUXDB}
"""Types of data sources, and the component behind each."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel of a dashboard: its queries, the component that answers them, and what it was found by."""

    board: str
    by: str
    id: int
    title: str
    source: str
    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard and what it was found by."""

    title: str
    uid: str
    panels: tuple[Panel, ...]
    by: str


@dataclass(frozen=True, slots=True)
class DataSource:
    """A data source and what it was found by. ``uid`` is empty where Grafana makes one up."""

    component: str
    uid: str
    name: str
    by: str


def dashboards_of(namespace: Namespace, grafana: Workload | None) -> list[Dashboard]:
    """The dashboards, those with the most panels first."""
    read = [(one.value, one.by) for one in (grafana.files if grafana else ()) if one.name.endswith(".json")]
    found = [board for text, by in read if (board := _dashboard(_json(text), by))]
    shown = namespace.snapshot.data_or("grafana_dashboard", None)
    if not found and shown:
        found = [board for board in [_dashboard(shown, "Grafana's answer")] if board]
    return sorted(found, key=lambda one: (-len(one.panels), one.title))


def panels_of(namespace: Namespace, grafana: Workload | None) -> list[Panel]:
    return [panel for board in dashboards_of(namespace, grafana) for panel in board.panels]


def data_sources_of(grafana: Workload) -> Iterator[DataSource]:
    """The data sources that Grafana is provided with; of two with one component behind them, the first."""
    seen: set[str] = set()
    for file in grafana.files:
        for one in _provided(file.value) if file.name.endswith((".yaml", ".yml")) else ():
            component = _TYPES.get(str(one.get("type") or ""), "")
            if component and component not in seen:
                seen.add(component)
                yield DataSource(component, str(one.get("uid") or ""), str(one.get("name") or ""), file.by)


def _provided(text: str) -> list[Mapping[str, Any]]:
    try:
        document = yaml.load(text, LOADER)
    except yaml.YAMLError:
        return []  # a file of another kind: what cannot be read provides no data source
    sources = document.get("datasources") if isinstance(document, Mapping) else None
    return [one for one in sources if isinstance(one, Mapping)] if isinstance(sources, list) else []


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None  # a file of another kind


def _dashboard(document: Any, by: str) -> Dashboard | None:
    if not isinstance(document, Mapping) or not isinstance(document.get("panels"), list):
        return None
    title = str(document.get("title") or "")
    panels = [_panel(one, title, by) for one in _flat(document["panels"]) if one.get("type") != "row"]
    return Dashboard(title, str(document.get("uid") or ""), tuple(panels), by)


def _flat(panels: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The panels, with those that a collapsed row holds."""
    for panel in panels:
        yield panel
        yield from panel.get("panels") or ()


def _panel(panel: Mapping[str, Any], board: str, by: str) -> Panel:
    targets = panel.get("targets") or ()
    queries = [str(value) for one in targets for key in ("expr", "query", "rawSql") if (value := one.get(key))]
    measured = [str(one["measurement"]) for one in targets if one.get("measurement")]
    source = panel.get("datasource")
    kind = source.get("type") if isinstance(source, Mapping) else source
    return Panel(
        board,
        by,
        int(panel.get("id") or 0),
        str(panel.get("title") or ""),
        _TYPES.get(str(kind or "").lower(), ""),
        (*queries, *(f"FROM {name}" for name in measured)),
    )
