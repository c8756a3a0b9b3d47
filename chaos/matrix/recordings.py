"""Snapshots of the matrix: whole beside the report as they were judged, and small in tests/ to be judged again.

``python -m chaos.matrix.recordings`` (``make matrix-record``) records what the last run kept.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from chaos.scenarios import MATRIX
from pipeline_services.experiment.score import judge
from pipeline_services.faults.model import EXPIRY, MARK, RESTARTED
from pipeline_services.model.arguments import Parser
from pipeline_services.model.k8s.events import last_seen
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.diagnosis import diagnose

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = ROOT / "tests" / "snapshots" / "matrix"
PLAYED: Final = ROOT / "reports" / "matrix" / "snapshots"
SUFFIX: Final = ".json.gz"
LOG_LINES: Final = {True: 60, False: 25}
"""Lines of each container: of the data path's, and of what watches it."""
LOKI_LINES: Final = 2
LOKI_TEXT: Final = 160
EVENT_AGE_S: Final = 1_200.0
"""Older events are not recorded; they are judged for half of that."""
_LINES: Final = ("lines", "previous")
_MARKS: Final = (MARK, EXPIRY, RESTARTED)


def unmarked(snapshot: Snapshot) -> Snapshot:
    """The snapshot without what the fault library writes on the objects that it changes: no rule is to rest on it."""
    return replace(snapshot, answers=_without(snapshot.answers))


def _without(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _without(value) for key, value in node.items() if key not in _MARKS}
    if isinstance(node, list):
        return [_without(item) for item in node if not (isinstance(item, str) and any(mark in item for mark in _MARKS))]
    return node


def trimmed(snapshot: Snapshot) -> Snapshot:
    """The snapshot with fewer old lines, and without what nobody judges."""
    since = snapshot.taken_at - EVENT_AGE_S
    answers = {
        source: _trimmed(source, answer, since, snapshot.pipeline) for source, answer in snapshot.answers.items()
    }
    return replace(snapshot, answers=answers)


def _trimmed(source: str, answer: Any, since: float, pipeline: Pipeline) -> Any:
    if source.startswith("logs/"):
        keep = LOG_LINES[source.removeprefix("logs/") in pipeline.data_path]
        return [{key: value[-keep:] if key in _LINES else value for key, value in tail.items()} for tail in answer]
    if source in ("loki/all", "loki/errors"):  # their times are judged, and what they say is judged in the logs
        return [{**stream, "values": _cut(stream["values"])} for stream in answer]
    if source == "events":
        return [_event(event) for event in answer if (last_seen(event) or since) >= since]
    return answer


def _cut(values: list[list[str]]) -> list[list[str]]:
    return [[at, text[:LOKI_TEXT]] for at, text in values[:LOKI_LINES]]


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: event["metadata"][key] for key in ("name", "creationTimestamp") if key in event["metadata"]}
    return {**event, "metadata": metadata}


def write(snapshot: Snapshot, path: Path) -> None:
    """Write a snapshot, compressed; the same one always gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(snapshot.to_json().encode(), 9, mtime=0))


def read(path: Path) -> Snapshot:
    """Read what ``write`` wrote."""
    return Snapshot.from_json(gzip.decompress(path.read_bytes()).decode())


def recorded(folder: Path = KEPT) -> dict[str, Path]:
    """The recordings by the id of their row."""
    return {path.name.removesuffix(SUFFIX): path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def take_over(rows: Iterable[str], played: Path, kept: Path) -> list[str]:
    """Record the rows whose snapshot is judged as expected; returns a line for each that is not.

    Args:
        played: the folder of the last run's snapshots.
        kept: where recordings belong.
    """
    wrong = []
    for row in rows:
        source = played / f"{row}{SUFFIX}"
        if not source.is_file():
            wrong.append(f"{row}: not played")
            continue
        snapshot = trimmed(read(source))
        verdict = judge(MATRIX[row].filled(snapshot.pipeline), diagnose(snapshot))
        if verdict.as_expected:
            write(snapshot, kept / source.name)
        else:
            wrong.append(f"{row}: {', '.join(verdict.wrong)}; said {'; '.join(verdict.said) or 'nothing'}")
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Take over what was played; 1 where a row is not judged as expected, and is left as it was."""
    parser = Parser(prog="python -m chaos.matrix.recordings", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="only these; without any all that were played")
    rows = parser.parse_args(arguments).rows or [row for row in recorded(PLAYED) if row in MATRIX]
    wrong = take_over(rows, PLAYED, KEPT)
    for line in wrong:
        sys.stderr.write(f"left as it was: {line}\n")
    sizes = {row: path.stat().st_size for row, path in recorded().items()}
    largest = max(sizes.values(), default=0) >> 10
    sys.stdout.write(json.dumps({"recorded": len(sizes), "of": len(MATRIX), "largest KiB": largest}) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
