"""Lines that sound like errors, over the time that a review looks back at, as far as Loki remembers: by their kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pipeline_services.clients.loki import NANO, LokiApi
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.text import one_line, shape_of

SOURCE: Final = "loki/loud"
LOUD: Final = "(?i)error|fatal|critical|panic|severe|traceback"
LINES: Final = 5000
"""What Loki gives at once."""
KINDS: Final = 200
TIMES: Final = 100
"""Kept of each kind; of what came more often the newest."""
LONGEST: Final = 300


def loud_lines(api: LokiApi, namespace: str, at: float, pipeline: Pipeline, *, seconds: float) -> dict[str, Any]:
    """``since``: from when on all loud lines are known (epoch seconds); ``kinds``: what they say, the newest first.

    A kind has its ``component``, a ``sample`` line, its ``times`` (epoch seconds, in order) and its ``count``.

    Raises:
        ServiceUnreachable: Loki does not answer.
        UnexpectedAnswer: it cannot answer the query.
    """
    everything = f'{{namespace="{namespace}"}}'
    oldest = [
        int(moment) / NANO
        for stream in api.lines(everything, start=at - seconds, end=at, limit=1, oldest_first=True)
        for moment, _ in stream["values"]
    ]
    streams = api.lines(f"{everything} |~ `{LOUD}`", start=at - seconds, end=at, limit=LINES)
    moments = [int(moment) / NANO for stream in streams for moment, _ in stream["values"]]
    since = min(moments) if len(moments) >= LINES else min(oldest, default=at)
    return {"since": since, "kinds": kinds_in(streams, pipeline)}


def kinds_in(streams: Iterable[Mapping[str, Any]], pipeline: Pipeline) -> list[dict[str, Any]]:
    """The lines of Loki's streams by component and by what they say but for numbers and names."""
    ids = {part.workload: part.id for part in pipeline.workloads.values()}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for stream in streams:
        app = stream["stream"].get(pipeline.series_label, "")
        for moment, line in stream["values"]:
            key = ids.get(app, app), shape_of(line)
            kind = found.setdefault(key, {"component": key[0], "sample": one_line(line, LONGEST), "times": []})
            kind["times"].append(round(int(moment) / NANO))
    newest = sorted(found.values(), key=lambda kind: max(kind["times"]), reverse=True)[:KINDS]
    return [{**kind, "count": len(kind["times"]), "times": sorted(kind["times"])[-TIMES:]} for kind in newest]
