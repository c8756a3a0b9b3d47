"""Is Grafana healthy, do its data sources answer, and does every panel show fresh data (section 2)?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pipeline_services.judgements.comparison import Difference, differences
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import RECONNECT_S, back_since, require_back, require_ready
from pipeline_services.judgements.readings import newest_stored_age
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.metrics.advice import Advice, advice_about
from pipeline_services.model.text import without_request
from pipeline_services.snapshot.snapshot import Snapshot

FRESH: Final = 120.0
"""Seconds that a panel's newest point may be old: a step of the graph, a scrape and a one-minute rate."""
SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "Producer rate": (roles.PRODUCER,),
    "Processor rate": (roles.PROCESSOR,),
    "InfluxDB writes": (roles.PRODUCER, roles.PROCESSOR),
    "Consumer lag": (roles.PROCESSOR,),
    "End-to-end latency": (roles.PRODUCER, roles.PROCESSOR),
}
"""Whose figures a panel shows: it has none while one of these has no ready pod."""
NEEDS_FLOW: Final = frozenset({"InfluxDB writes", "End-to-end latency"})
"""Panels that have no value while no reading is stored."""
_OPENED_WITH: Final = ("time", "timezone", "refresh")
"""What of the dashboard itself decides what is seen when it is opened."""
_ADVICE: Final[Advice] = advice_about(roles.GRAFANA).but(
    next_command="kubectl logs -n {namespace} -l {selector:grafana} --tail=50"
)


def is_healthy(snapshot: Snapshot) -> None:
    """Grafana and its database are healthy."""
    require_ready(snapshot, roles.GRAFANA)
    health = snapshot.data("grafana_health")
    if health.get("database") != "ok":
        raise Deviation(snapshot, f"Grafana's database is {health.get('database')!r}", "'ok'", _ADVICE)


def datasource_answers(snapshot: Snapshot, component: str) -> None:
    """Grafana reaches the data source; a source that does not run is not Grafana's fault."""
    require_ready(snapshot, roles.GRAFANA, component)
    uid = snapshot.pipeline.dashboard.datasources[component]
    answer = snapshot.data(f"grafana_datasources/{uid}")
    if answer["status"] != 200:
        require_back(snapshot, component, RECONNECT_S)
        observed = f"Grafana's data source {uid} answers {answer['status']}: {without_request(answer['message'])[:200]}"
        raise Deviation(snapshot, observed, "200", _ADVICE)


def dashboard_is_complete(snapshot: Snapshot) -> None:
    """The dashboard is there under its name, with all its panels, each as the manifests have it."""
    require_ready(snapshot, roles.GRAFANA)
    board = snapshot.data("grafana_dashboard")
    board = board.get("dashboard", board)
    wanted = snapshot.pipeline.dashboard
    if board.get("title") != wanted.title:
        raise Deviation(snapshot, f"the dashboard is called {board.get('title')!r}", f"{wanted.title!r}", _ADVICE)
    missing = sorted(set(wanted.panels.values()) - {panel.get("title") for panel in board.get("panels", ())})
    if missing:
        raise Deviation(snapshot, f"the dashboard lacks {', '.join(missing)}", "all its panels", _ADVICE)
    declared, queries = _declared_board(snapshot), _queries(board)
    for panel, asked in _queries(declared).items():
        if queries.get(panel, asked) != asked:
            observed = f"panel {wanted.panels.get(panel, panel)!r} asks for {queries[panel]}"
            advice = _ADVICE.but(impact="operators see other figures than the panel's title says")
            raise Deviation(snapshot, observed[:300], f"{asked}, as declared"[:300], advice)
    for one in _shown_otherwise(declared, board):
        advice = _ADVICE.but(impact="operators see another time, scale or source than they take it for")
        raise Deviation(snapshot, f"the dashboard is set otherwise: {one}", "what is declared", advice)


def _shown_otherwise(declared: Mapping[str, Any], board: Mapping[str, Any]) -> Iterator[Difference]:
    """Where the dashboard does not say what the manifests do; Grafana adds fields of its own."""
    live = {panel.get("id"): panel for panel in board.get("panels", ())}
    pairs = [(declared.get(key), board.get(key), key) for key in _OPENED_WITH]
    pairs += [(one, live.get(one["id"]), f"panel {one.get('title')!r}") for one in declared.get("panels", ())]
    for wanted, there, where in pairs:
        found = differences(wanted, there, where) if wanted is not None and there is not None else ()
        yield from (one for one in found if one.declared is not None)


def _queries(board: Mapping[str, Any]) -> dict[int, str]:
    """What each panel asks for, by its id."""
    panels = [panel for panel in board.get("panels", ()) if panel.get("targets")]
    return {
        int(panel["id"]): "; ".join(
            str(one.get("expr") or one.get("query") or "") for one in panel["targets"] if not one.get("hide")
        )
        for panel in panels
    }


def _declared_board(snapshot: Snapshot) -> dict[str, Any]:
    """The dashboard as the manifests have it; nothing where they do not have it, or nobody asked for them."""
    maps = [item for item in snapshot.answers.get("declared", ()) if item["kind"] == "ConfigMap"]
    files = [text for item in maps for name, text in (item.get("data") or {}).items() if name.endswith(".json")]
    boards = [json.loads(text) for text in files if f'"{snapshot.pipeline.dashboard.uid}"' in text]
    return dict(boards[0]) if boards else {}


def panel_is_fresh(snapshot: Snapshot, title: str) -> None:
    """The panel's query works and returns a point of the last two minutes.

    Raises:
        PreconditionNotMet: what the panel shows, or where it gets it from, does not run.
    """
    require_ready(snapshot, roles.GRAFANA, *SHOWN.get(title, ()))
    panel = snapshot.data(f"grafana_panels/{_panel_id(snapshot, title)}")
    sources = [
        source for source, uid in snapshot.pipeline.dashboard.datasources.items() if uid == panel.get("datasource")
    ]
    require_ready(snapshot, *sources)
    problem = _problem(panel, snapshot.taken_at)
    for source in sources if panel.get("error") else ():
        require_back(snapshot, source, RECONNECT_S)
    if problem and not panel.get("error"):
        _require_settled(snapshot, [*sources, *SHOWN.get(title, ())])
    if problem and title in NEEDS_FLOW and not panel.get("error") and newest_stored_age(snapshot) > FRESH / 2:
        raise PreconditionNotMet(f"no reading is being stored, so {title!r} has nothing to show")
    if problem:
        raise Deviation(snapshot, f"panel {title!r} {problem}", f"a point of the last {FRESH:g} s", _ADVICE)


def _require_settled(snapshot: Snapshot, components: Iterable[str]) -> None:
    """What has just become ready has nothing to draw yet."""
    for component in components:
        if back_since(snapshot, component) > snapshot.taken_at - FRESH:
            raise NoData(f"{component} has just become ready and has nothing to show yet; try again in {FRESH:g} s")


def _panel_id(snapshot: Snapshot, title: str) -> int:
    return next(number for number, known in snapshot.pipeline.dashboard.panels.items() if known == title)


def _problem(panel: Mapping[str, Any], now: float) -> str:
    if panel.get("error"):
        return f"fails: {without_request(panel['error'])[:200]}"
    if not panel.get("points") or panel.get("newest") is None:
        return "is empty"
    old = now - panel["newest"]
    return f"ends {old:.0f} s ago" if old > FRESH else ""
