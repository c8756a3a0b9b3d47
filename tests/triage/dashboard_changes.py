"""What somebody changed of the dashboard inside Grafana, just as its API would show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.judgements.world import World
from tests.triage.differences import Change

Board = dict[str, Any]


def board(change: Callable[[Board], None]) -> Change:
    """A change to the dashboard."""

    def changed(world: World) -> None:
        change(world.answers["grafana_dashboard"])

    return changed


def panel(**fields: Any) -> Callable[[Board], None]:
    """Fields of the dashboard's first panel."""

    def changed(found: Board) -> None:
        found["panels"][0].update(fields)

    return changed
