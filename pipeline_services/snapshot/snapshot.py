"""What was seen of the pipeline at one moment: every source's answer, or why it gave none.

A snapshot is plain JSON, so it can be written to a file beside a report and judged again anywhere, without a cluster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from pipeline_services.model import errors
from pipeline_services.model.errors import AccessDenied, NoData, PipelineError, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.pipeline import Pipeline

FORMAT: Final = 2
WITHOUT_DESCRIPTION: Final = 1
"""The format of files that do not say what pipeline they show: it was always the suite's own."""
_Derived = TypeVar("_Derived")
_KINDS: Final[Mapping[str, type[PipelineError]]] = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, PipelineError) and kind is not AccessDenied
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a source could not be read: a ``PipelineError`` in a form that survives a file.

    ``kind`` is the name of a class in errors.py; ``verb`` and ``resource`` are given for ``AccessDenied`` only.
    """

    kind: str
    message: str
    next_step: str = ""
    verb: str = ""
    resource: str = ""

    @classmethod
    def of(cls, error: PipelineError) -> Failure:
        """The record of ``error``; a class that errors.py does not have is recorded as its nearest parent there."""
        if isinstance(error, AccessDenied):
            return cls("AccessDenied", error.message, error.next_step, error.verb, error.resource)
        kind = next(parent.__name__ for parent in type(error).__mro__ if parent.__name__ in _KINDS)
        return cls(kind, error.message, error.next_step)

    def error(self) -> PipelineError:
        """The exception that was recorded, of the class it had."""
        if self.kind == "AccessDenied":
            return AccessDenied(self.verb, self.resource)
        return _KINDS.get(self.kind, PipelineError)(self.message, next_step=self.next_step)

    def to_dict(self) -> dict[str, str]:
        fields = {"kind": self.kind, "message": self.message, "next_step": self.next_step}
        return fields | ({"verb": self.verb, "resource": self.resource} if self.kind == "AccessDenied" else {})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The answers of all sources at one moment.

    Attributes:
        taken_at: seconds since the epoch, UTC, when the collection started.
        answers: source name to JSON-able data.
        failures: source name to the reason why it could not be read.
        pipeline: the description of what was looked at; a file of it is judged by this, whatever is described today.
    """

    taken_at: float
    context: str
    namespace: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)
    pipeline: Pipeline = field(default_factory=Pipeline.load, compare=False, repr=False)
    _derived: dict[object, object] = field(default_factory=dict, init=False, compare=False, repr=False)

    def derive(self, build: Callable[[Snapshot], _Derived]) -> _Derived:
        """What ``build`` makes of the snapshot. It is built once: the answers of a snapshot do not change."""
        if build not in self._derived:
            self._derived[build] = build(self)
        return cast("_Derived", self._derived[build])

    def data(self, source: str) -> Any:
        """What ``source`` answered.

        Raises:
            PipelineError: the recorded one, when the source could not be read.
            NoData: when the source was not collected at all.
        """
        if source in self.failures:
            raise self.failures[source].error()
        if source not in self.answers:
            raise NoData(f"the snapshot has no {source}: it was not collected")
        return self.answers[source]

    def asked(self, source: str) -> bool:
        """Whether whoever took the snapshot asked for the source at all; an older suite did not know each of them."""
        return source in self.answers or source in self.failures

    def to_json(self) -> str:
        """The snapshot as one JSON text; the same snapshot always gives the same text."""
        head = {
            "format": FORMAT,
            "taken_at": self.taken_at,
            "context": self.context,
            "namespace": self.namespace,
            "pipeline": self.pipeline.document(),
        }
        body = {
            "answers": self.answers,
            "failures": {source: failure.to_dict() for source, failure in self.failures.items()},
        }
        # The order of components has a meaning, that of answers is chance.
        return f"{_text(head, sort=False)[:-1]},{_text(body, sort=True)[1:]}\n"

    @classmethod
    def from_json(cls, text: str, pipeline: Pipeline | None = None) -> Snapshot:
        """Read what ``to_json`` wrote.

        Args:
            pipeline: describes what it shows, whatever the text says. By default it is the description in the text, or
                the suite's own for a text of the format that has none.

        Raises:
            UnexpectedAnswer: the text is not a snapshot of a format known here.
        """
        try:
            document = json.loads(text)
            if document["format"] not in (FORMAT, WITHOUT_DESCRIPTION):
                raise UnexpectedAnswer(f"the snapshot has format {document['format']!r}, known is {FORMAT}")
            return cls(
                taken_at=float(document["taken_at"]),
                context=str(document["context"]),
                namespace=str(document["namespace"]),
                answers=dict(document["answers"]),
                failures={source: Failure(**failure) for source, failure in document["failures"].items()},
                pipeline=pipeline or _described(document),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnexpectedAnswer(f"this is not a snapshot: {type(error).__name__}: {error}") from error

    def save(self, path: Path) -> None:
        """Write the snapshot to ``path``, readable by its owner only."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def load(cls, path: Path, pipeline: Pipeline | None = None) -> Snapshot:
        """Read a saved snapshot; ``pipeline`` as in ``from_json``.

        Raises:
            PreconditionNotMet: there is no such file, or it may not be read.
            UnexpectedAnswer: the file is not a snapshot.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise PreconditionNotMet(f"cannot read the snapshot {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UnexpectedAnswer(f"{path} is not a snapshot: it is not UTF-8 text") from error
        try:
            return cls.from_json(text, pipeline)
        except UnexpectedAnswer as error:
            raise UnexpectedAnswer(f"{path}: {error.message}") from error


def _text(value: Mapping[str, Any], *, sort: bool) -> str:
    return json.dumps(value, sort_keys=sort, ensure_ascii=False, separators=(",", ":"))


def _described(document: Mapping[str, Any]) -> Pipeline:
    if document["format"] == WITHOUT_DESCRIPTION:
        return Pipeline.load()
    try:
        return Pipeline.from_document(document["pipeline"])
    except PreconditionNotMet as error:
        raise UnexpectedAnswer(f"its description of the pipeline: {error.message}") from error
