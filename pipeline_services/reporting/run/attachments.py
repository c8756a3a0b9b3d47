"""What a case was judged on, small enough to be attached to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.run.outcome import CaseResult, Outcome
from pipeline_services.snapshot.snapshot import Snapshot

MAX_BYTES: Final = 256 * 1024
PASSED_BYTES: Final = 16 * 1024
LOG_LINES: Final = 60


@dataclass(frozen=True, slots=True)
class ReadLog(Snapshot):
    """A snapshot that notes which sources a judgement reads, so that its case can show them."""

    reads: list[str] = field(default_factory=list, compare=False)

    @classmethod
    def over(cls, snapshot: Snapshot) -> ReadLog:
        """The same snapshot, with the notes."""
        seen = (snapshot.taken_at, snapshot.context, snapshot.namespace, snapshot.answers, snapshot.failures)
        return cls(*seen, snapshot.pipeline, snapshot.format)

    def data(self, source: str) -> Any:
        self.reads.append(source)
        return Snapshot.data(self, source)

    def take_reads(self) -> tuple[str, ...]:
        """What was read since the last time, each source once."""
        taken = tuple(dict.fromkeys(self.reads))
        self.reads.clear()
        return taken


@dataclass(frozen=True, slots=True)
class Attachment:
    """A named text; ``is_json`` says how to show it."""

    name: str
    text: str
    is_json: bool


class CaseAttachments:
    """What the cases of a run have read of its snapshot, as texts; each is put together once, however many share it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._texts: dict[tuple[str, str], tuple[str, bool]] = {}

    def of(self, result: CaseResult) -> Iterator[Attachment]:
        """The sources that the case read, cut down to its component; a case that is not green has its log tail too.

        Together they stay below 256 KiB for a case; what was cut says so.
        """
        left = PASSED_BYTES if result.outcome is Outcome.PASSED else MAX_BYTES
        for source in _sources(self._snapshot, result):
            text, is_json = self._text(source, result.component)
            kept = _cut(text, left)
            left -= len(kept.encode())
            yield Attachment(source, kept, is_json and kept is text)
            if left <= 0:
                return

    def _text(self, source: str, component: str) -> tuple[str, bool]:
        """The source as a text, and whether that is JSON."""
        if (source, component) not in self._texts:
            self._texts[source, component] = _shown(self._snapshot, source, component)
        return self._texts[source, component]


def _shown(snapshot: Snapshot, source: str, component: str) -> tuple[str, bool]:
    if source in snapshot.failures:
        failure = snapshot.failures[source]
        return f"{failure.kind}: {failure.message}\n", False
    if source.startswith("logs/"):
        return _log_text(snapshot.answers[source]), False
    data = snapshot.answers[source]
    if source.startswith("grafana_panels/"):  # the lines are a picture beside it
        data = {key: value for key, value in data.items() if key != "series"}
    return _json(_about(data, snapshot.pipeline, component)), True


def _sources(snapshot: Snapshot, result: CaseResult) -> Sequence[str]:
    sources = dict.fromkeys(result.sources)
    if result.outcome is not Outcome.PASSED and result.component in snapshot.pipeline.data_path:
        sources |= dict.fromkeys(("events", f"logs/{result.component}"))
    return [source for source in sources if source in snapshot.answers or source in snapshot.failures]


def _about(data: Any, pipeline: Pipeline, component: str) -> Any:
    """Of a list of Kubernetes objects those that name the component, or all when none does."""
    if not isinstance(data, list) or not all(isinstance(item, dict) and "metadata" in item for item in data):
        return data
    return [item for item in data if _is_of(item, pipeline, component)] or data


def _is_of(item: dict[str, Any], pipeline: Pipeline, component: str) -> bool:
    """By the labels of its pods, or by a name that holds the component's or its workload's."""
    parts = pipeline.parts_of(component)
    names = (item["metadata"].get("name"), (item.get("involvedObject") or {}).get("name"))
    known = (component, *(part.workload for part in parts))
    return any(part.owns(item) for part in parts) or any(one in str(name) for one in known for name in names)


def _log_text(pods: list[dict[str, Any]]) -> str:
    tails = (
        f"== {pod.get('pod')} / {pod.get('container')}, the last {LOG_LINES} lines\n"
        + "\n".join(pod.get("lines", [])[-LOG_LINES:])
        for pod in pods
    )
    return "\n\n".join(tails) + "\n"


def _json(data: Any) -> str:
    """A line for each item of a list; the page lays it out, which costs less there than here."""
    if isinstance(data, list) and data:
        return "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in data) + "\n]\n"
    return json.dumps(data, ensure_ascii=False) + "\n"


def _cut(text: str, limit: int) -> str:
    raw = text.encode()
    if len(raw) <= limit:
        return text
    note = f"\n... cut: {len(raw)} bytes in all; the whole is in snapshot.json\n"
    return raw[: max(0, limit - len(note))].decode(errors="ignore") + note
