"""A saved snapshot as text, held against what a snapshot is. Whatever it is not is said in one line."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from gzip import BadGzipFile, decompress
from pathlib import Path
from typing import Any, Final, NoReturn

from pipeline_services.model.errors import PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.k8s.objects import is_object
from pipeline_services.model.text import duration, utc

FORMAT: Final = 3
"""The newest; those before it can be read, too."""
_NAME_ANOTHER: Final = "name a file that a run wrote, such as reports/snapshot.json"
WITHOUT_DESCRIPTION: Final = 1
"""The format of files that do not say what pipeline they show: it was always the suite's own."""
LARGE_BYTES: Final = 16 << 20
"""A text of this size takes seconds to read; what the suite writes is far smaller."""
GZIP: Final = b"\x1f\x8b"
_LATEST: Final = 4_102_444_800.0
"""The year 2100, in epoch seconds: what lies behind is no time of a snapshot."""
_FITS_S: Final = 3600.0
"""By so much the time of a snapshot and that of what it holds may differ; no clock is wrong by more unnoticed."""
_OBJECTS: Final = frozenset(
    (
        *("pods", "deployments", "statefulsets", "daemonsets", "hpas", "pvcs", "services", "endpointslices"),
        *("configmaps", "networkpolicies", "events", "nodes", "pod_metrics", "node_metrics", "replicasets"),
        "controllerrevisions",
        *("system_pods", "system_deployments", "system_daemonsets", "system_leases", "node_leases"),
    )
)
"""The sources that are lists of Kubernetes objects."""
_ROWS: Final = (
    *("kafka_lag", "logs/", "prometheus/", "prometheus_targets", "loki/all", "loki/errors", "changes", "quotas"),
    "secrets",
)
"""The sources, by the start of their names, that are lists of other records; all others are one record."""
_FIELDS: Final[Mapping[str, type]] = {"context": str, "namespace": str, "answers": dict, "failures": dict}
_WORDS: Final[Mapping[type, str]] = {str: "text", dict: "a table", list: "a list"}


def announcement(path: Path) -> str:
    """What to say before a file is read that takes its time; nothing where it does not, or cannot be read."""
    try:
        size = path.stat().st_size
    except OSError:
        return ""  # reading it says why
    return f"Reading {path} ({size / (1 << 20):.0f} MiB) ..." if size > LARGE_BYTES else ""


def text_of(path: Path) -> str:
    """The text of a file, unpacked where it is packed with gzip.

    Raises:
        PreconditionNotMet: there is no such file, or it may not be read.
        UnexpectedAnswer: the file is no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PreconditionNotMet(
            f"cannot read the snapshot {path}: {error.strerror}", next_step=_NAME_ANOTHER
        ) from error
    try:
        return (decompress(data) if data.startswith(GZIP) else data).decode()
    except (EOFError, BadGzipFile, zlib.error) as error:
        raise UnexpectedAnswer(
            f"{path} is not a snapshot: it is packed with gzip, and cut off or damaged", next_step=_NAME_ANOTHER
        ) from error
    except UnicodeDecodeError as error:
        raise UnexpectedAnswer(f"{path} is not a snapshot: it is not UTF-8 text", next_step=_NAME_ANOTHER) from error


def document_of(text: str) -> dict[str, Any]:
    """The text as the document that ``Snapshot.to_json`` writes; errors as of ``checked``."""
    return checked(_parsed(text))


def checked(document: Any) -> dict[str, Any]:
    """The document, each part of the type that ``Snapshot.to_json`` gives it.

    Raises:
        UnexpectedAnswer: it is none, or of another format.
    """
    if not isinstance(document, dict) or not {"format", "answers"} <= set(document):
        raise _no_snapshot("it has no format and no answers")
    _require_format(document["format"])
    for name, kind in _FIELDS.items():
        _require(isinstance(document.get(name), kind), f"its {name} is not {_WORDS[kind]}")
    _require_time(document.get("taken_at"))
    _require(bool(document["answers"] or document["failures"]), "it is empty: nothing was asked")
    for source, answer in document["answers"].items():
        require_shape(source, answer)
    for source, failure in document["failures"].items():
        _require(_is_failure(failure), f"its failure of {source} is no record of one")
    _require_fitting_time(document["taken_at"], document["answers"])
    return document


def _parsed(text: str) -> Any:
    _require(bool(text.strip()), "it is empty")
    try:
        return json.loads(text, parse_constant=no_number)
    except json.JSONDecodeError as error:
        raise _no_snapshot(f"it is not JSON, or cut off (line {error.lineno}, column {error.colno})") from error
    except RecursionError as error:
        raise _no_snapshot("it is nested too deeply") from error


def no_number(word: str) -> NoReturn:
    """What JSON knows no word for, and Python writes; raises UnexpectedAnswer."""
    raise _no_snapshot(f"it has {word} for a number")


def _require_format(found: object) -> None:
    if isinstance(found, int) and found > FORMAT:
        raise UnexpectedAnswer(
            f"the snapshot has format {found}, of a newer suite; this one reads up to {FORMAT}",
            next_step="git pull, or judge it where it was taken",
        )
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise UnexpectedAnswer(f"the snapshot has format {found!r}, known are 1 to {FORMAT}")


def _require_time(taken_at: object) -> None:
    number = isinstance(taken_at, int | float) and not isinstance(taken_at, bool) and math.isfinite(taken_at)
    _require(number and 0 <= float(str(taken_at)) < _LATEST, "its taken_at is no time in seconds since 1970")


def require_shape(source: str, answer: object) -> None:
    """Raises UnexpectedAnswer where the answer of that source is of another type than it always is."""
    if source in _OBJECTS or source.startswith(_ROWS):
        rows = answer if isinstance(answer, list) else [answer]
        good = isinstance(answer, list) and all(isinstance(row, dict) for row in rows)
        _require(good, f"its answer of {source} is not a list of records")
        good = source not in _OBJECTS or all(map(is_object, rows))
        _require(good, f"its answer of {source} is not a list of Kubernetes objects")
    else:
        _require(isinstance(answer, dict | list), f"its answer of {source} is not a record")


def _is_failure(failure: object) -> bool:
    texts = isinstance(failure, dict) and all(isinstance(value, str) for value in failure.values())
    return texts and {"kind", "message"} <= set(failure) <= {"kind", "message", "next_step", "verb", "resource"}  # type: ignore[call-overload]


def _require_fitting_time(taken_at: float, answers: Mapping[str, Any]) -> None:
    held = max(_moments(answers), default=taken_at)
    if abs(held - taken_at) > _FITS_S:
        raise _no_snapshot(
            f"it says that it was taken at {utc(taken_at)}, and what it holds is {duration(abs(held - taken_at))} "
            f"{'older' if held < taken_at else 'newer'}"
        )


def _moments(answers: Mapping[str, Any]) -> Iterator[float]:
    """Epoch seconds of what must be about as old as the snapshot: the samples of Prometheus, and usage figures."""
    samples = [row.get("value") for source, rows in answers.items() if source.startswith("prometheus/") for row in rows]
    yield from (float(one[0]) for one in samples if isinstance(one, list) and one and isinstance(one[0], int | float))
    usage = [row.get("timestamp") for row in answers.get("pod_metrics", ())]
    yield from (at.timestamp() for at in map(_read_time, usage) if at)


def _read_time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _require(good: bool, why: str) -> None:
    if not good:
        raise _no_snapshot(why)


def _no_snapshot(why: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(f"this is not a snapshot: {why}", next_step=_NAME_ANOTHER)
