"""What was seen of the pipeline at one moment: every source's answer, or why it gave none.

A snapshot is plain JSON, so it can be written to a file beside a report and judged again anywhere, without a cluster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from pipeline_services.model import errors
from pipeline_services.model.errors import (
    AccessDenied,
    NoData,
    NotAsked,
    PipelineError,
    PreconditionNotMet,
    UnexpectedAnswer,
)
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.text import duration, plural, printable, utc
from pipeline_services.snapshot.bounds import bounded, is_bounded
from pipeline_services.snapshot.saved import FORMAT, LARGE_BYTES, WITHOUT_DESCRIPTION, checked, document_of, text_of
from pipeline_services.snapshot.streamed import large_document

ASKED_SINCE: Final[Mapping[str, int]] = dict.fromkeys(
    (
        *("prometheus/cpu-throttling", "prometheus/dead-letters", "kafka_settings", "kafka_quotas"),
        *("kafka_sizes", "kafka_brokers", "kafka_at_start"),
        *("namespaces", "declared", "influxdb_write", "influxdb_bucket", "influxdb_at_work"),
        *(
            "system_deployments",
            "system_daemonsets",
            "system_leases",
            "system_networkpolicies",
            "system_services",
            "node_leases",
            "dns_config",
        ),
        "declared_parts",
        *("poddisruptionbudgets", "quotas", "serviceaccounts", "roles", "rolebindings", "ingresses"),
        *("storageclasses", "persistentvolumes", "clusterroles", "clusterrolebindings"),
        *("validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicybindings"),
    ),
    3,
)
"""The sources that files of an older format may lack, and the first format that has them. A new source stands here with
a new format, or with one that no release has written yet."""
INSTALLATION: Final = "installation"
"""The source that says whose the snapshot is; no check judges it, so that a file may lack it, whatever its format."""
OLD_S: Final = 86_400.0
AHEAD_S: Final = 300.0
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
        pipeline: the profile of what was looked at; a file of it is judged by this, whatever is described today.
        format: of the file that it was read from.
    """

    taken_at: float
    context: str
    namespace: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)
    pipeline: Pipeline = field(default_factory=Pipeline.load, compare=False, repr=False)
    format: int = field(default=FORMAT, compare=False)
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
            NoData: when the source was not collected at all; NotAsked, when the suite that took it knew no such source.
        """
        if source in self.failures:
            raise self.failures[source].error()
        if source not in self.answers:
            if ASKED_SINCE.get(source, 0) > self.format:
                raise NotAsked(f"the snapshot has no {source}: it was taken by an older suite (format {self.format})")
            raise NoData(f"the snapshot has no {source}: it was not collected")
        return self.answers[source]

    def data_or(self, source: str, default: Any) -> Any:
        """What ``source`` answered, else ``default``: for those to whom what is missing is no fault."""
        try:
            return self.data(source)
        except PipelineError:
            return default

    def data_if_allowed(self, source: str, default: Any) -> Any:
        """What ``source`` answered, else ``default`` where nobody asked it or the account may not see it.

        Raises:
            PipelineError: it should have answered, and did not.
        """
        try:
            return self.data(source)
        except (AccessDenied, NoData):
            return default

    def asked(self, source: str) -> bool:
        """Whether whoever took the snapshot asked for the source at all; an older suite did not know each of them."""
        return source in self.answers or source in self.failures

    @property
    def unasked(self) -> frozenset[str]:
        """The sources that the suite which took the snapshot did not know yet."""
        return frozenset(name for name, since in ASKED_SINCE.items() if since > self.format and not self.asked(name))

    def remarks(self, now: float) -> list[str]:
        """What a reader of its verdict has to know about a snapshot that was read from a file: each one line.

        Args:
            now: epoch seconds.
        """
        age = now - self.taken_at
        lines = [f"The snapshot is {duration(age)} old ({utc(self.taken_at)})."] if age > OLD_S else []
        if age < -AHEAD_S:
            lines.append(f"The snapshot is {duration(-age)} ahead of this machine's clock ({utc(self.taken_at)}).")
        if self.unasked:
            newer = plural(len(self.unasked), "newer source")
            lines.append(f"An older suite wrote it (format {self.format}): checks of {newer} are left out.")
        return lines

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
            pipeline: describes what it shows, whatever the text says. By default it is the profile in the text, or
                the suite's own for a text of the format that has none.

        Raises:
            UnexpectedAnswer: the text is not a snapshot of a format known here.
        """
        return cls._of(document_of(text), pipeline, is_small=is_bounded(text))

    @classmethod
    def _of(cls, document: Mapping[str, Any], pipeline: Pipeline | None, *, is_small: bool) -> Snapshot:
        answers = document["answers"]
        return cls(
            taken_at=float(document["taken_at"]),
            context=printable(document["context"]),
            namespace=printable(document["namespace"]),
            answers=answers if is_small else bounded(answers, LARGE_BYTES),
            failures={source: Failure(**failure) for source, failure in document["failures"].items()},
            pipeline=pipeline or _described(document),
            format=document["format"],
        )

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
        large = large_document(path)
        text = "" if large else text_of(path)
        try:
            return cls._of(checked(large), pipeline, is_small=False) if large else cls.from_json(text, pipeline)
        except UnexpectedAnswer as error:
            raise UnexpectedAnswer(f"{path}: {error.message}", next_step=error.next_step) from error


def _text(value: Any, *, sort: bool) -> str:
    return json.dumps(value, sort_keys=sort, ensure_ascii=False, separators=(",", ":"))


def _described(document: Mapping[str, Any]) -> Pipeline:
    if document["format"] == WITHOUT_DESCRIPTION:
        return Pipeline.load()
    try:
        return _profile(_text(document["pipeline"], sort=False))
    except KeyError as error:
        raise UnexpectedAnswer("this is not a snapshot: it has no profile of its pipeline") from error
    except PreconditionNotMet as error:
        raise UnexpectedAnswer(f"its profile of the pipeline: {error.message}") from error


@lru_cache(maxsize=8)
def _profile(text: str) -> Pipeline:
    """The same profile where the same one is read again: what was worked out of it is not worked out anew."""
    return Pipeline.from_document(json.loads(text))
