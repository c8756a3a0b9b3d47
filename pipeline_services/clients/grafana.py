"""Grafana: health, data sources, the dashboard, and its panels' own queries run as the page would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pipeline_services.clients.http import READ_TIMEOUT, HttpApi

POINTS: Final = 100
MILLI: Final = 1000
MIN_INTERVAL: Final = 5_000
MOST_SERIES: Final = 12
"""Lines that can be told apart in a picture."""


@dataclass(frozen=True, slots=True)
class PanelData:
    """What a panel's queries gave.

    Attributes:
        newest: epoch seconds of the newest point; None without one.
        points: how many points have a value.
        series: what a page would draw: by name ``[epoch seconds, value]``; of many the ``MOST_SERIES`` highest.
        error: what the data source said was wrong, or None.
    """

    title: str
    datasource: str
    newest: float | None
    points: int
    error: str | None
    series: dict[str, list[list[float]]] = field(default_factory=dict)


class GrafanaApi:
    """Asks Grafana over ``http``, without credentials."""

    def __init__(self, http: HttpApi) -> None:
        self._http = http

    def health(self) -> dict[str, Any]:
        """What ``/api/health`` says: ``database`` is ``ok`` when it is well."""
        return dict(self._http.ask_json("/api/health"))

    def datasource_health(self, uid: str, *, timeout: float = READ_TIMEOUT) -> tuple[int, str]:
        """Status and message of a data source's own health call, which may take ``timeout`` seconds."""
        answer = self._http.ask(f"/api/datasources/uid/{uid}/health", timeout=timeout)
        try:
            return answer.status, str(answer.json().get("message", ""))
        except AttributeError:
            return answer.status, answer.text[:200]

    def datasource_query(
        self, uid: str, kind: str, model: Mapping[str, Any], *, start: float, end: float
    ) -> str | None:
        """Run one query of a data source and say what is wrong with the answer, or None."""
        panel = {"title": uid, "datasource": {"uid": uid, "type": kind}, "targets": [{"refId": "A", **model}]}
        return self.panel(panel, start=start, end=end).error

    def dashboard(self, uid: str) -> dict[str, Any]:
        """The dashboard's JSON. Raises UnexpectedAnswer where there is no such dashboard."""
        return dict(self._http.ask_json(f"/api/dashboards/uid/{uid}")["dashboard"])

    def panel(self, panel: Mapping[str, Any], *, start: float, end: float) -> PanelData:
        """Run a panel's targets for the time between two moments (epoch seconds)."""
        queries = [
            _query(panel, target, end - start) for target in panel.get("targets") or () if not target.get("hide")
        ]
        body = {"queries": queries, "from": str(int(start * MILLI)), "to": str(int(end * MILLI))}
        answer = self._http.ask("/api/ds/query", body=body)
        document = answer.json()
        results = document.get("results") or {}
        frames = [frame for result in results.values() for frame in result.get("frames") or ()]
        times = [time for frame in frames for time in _times(frame)]
        errors = [str(result["error"]) for result in results.values() if result.get("error")]
        if answer.status != 200 and not errors:
            errors = [f"{answer.status}: {document.get('message', '')}"]
        if not queries:
            errors = ["the panel has no query"]
        newest = max(times) / MILLI if times else None
        sources = sorted({str(query["datasource"].get("uid", "")) for query in queries})
        error = "; ".join(errors)[:500] or None
        series = _highest({name: points for frame in frames for name, points in _series(frame) if points})
        return PanelData(str(panel.get("title", "")), ", ".join(sources), newest, len(times), error, series)


def panels(dashboard: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """A dashboard's panels that show data, by id; those in rows included."""
    found: dict[int, dict[str, Any]] = {}
    for panel in dashboard.get("panels") or ():
        if panel.get("type") == "row":
            found |= panels(panel)
        elif panel.get("type") != "text":
            found[int(panel["id"])] = dict(panel)
    return found


def _query(panel: Mapping[str, Any], target: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    source = target.get("datasource") or panel.get("datasource") or {}
    if isinstance(source, str):
        source = {"uid": source}
    interval = max(MIN_INTERVAL, int(seconds * MILLI / POINTS))
    return {**target, "datasource": dict(source), "maxDataPoints": POINTS, "intervalMs": interval}


def _times(frame: Mapping[str, Any]) -> list[float]:
    """The times (ms) at which a data frame has a value in any column; a frame without a time column counts as none."""
    kinds = [field.get("type") for field in frame.get("schema", {}).get("fields") or ()]
    columns = frame.get("data", {}).get("values") or []
    if "time" not in kinds or not columns:
        return []
    moments = columns[kinds.index("time")]
    others = [column for kind, column in zip(kinds, columns, strict=False) if kind != "time"]
    return [at for row, at in enumerate(moments) if any(column[row] is not None for column in others)]


def _series(frame: Mapping[str, Any]) -> Iterator[tuple[str, list[list[float]]]]:
    """Each column of numbers beside the time column, named as the page names it, without what has no value."""
    fields = frame.get("schema", {}).get("fields") or []
    columns = frame.get("data", {}).get("values") or []
    kinds = [one.get("type") for one in fields]
    if "time" not in kinds or len(columns) != len(fields):
        return
    moments = columns[kinds.index("time")]
    for one, column in zip(fields, columns, strict=True):
        if one.get("type") == "number":
            pairs = zip(moments, column, strict=False)
            yield _name(one), [[at / MILLI, float(value)] for at, value in pairs if isinstance(value, int | float)]


def _name(described: Mapping[str, Any]) -> str:
    config, labels = described.get("config") or {}, described.get("labels") or {}
    given = config.get("displayNameFromDS") or ", ".join(map(str, labels.values()))
    return str(given or described.get("name", ""))


def _highest(series: Mapping[str, list[list[float]]]) -> dict[str, list[list[float]]]:
    names = sorted(series, key=lambda name: series[name][-1][1], reverse=True)[:MOST_SERIES]
    return {name: series[name] for name in names}
