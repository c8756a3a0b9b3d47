"""What tells one reading from another where messages carry no numbers: whose it is, and its time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.text import utc_ns
from pipeline_services.model.toml_table import require_one_of

ISO_8601: Final = "iso8601"
_NANOSECONDS: Final[Mapping[str, int]] = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
TIME_FORMATS: Final = (ISO_8601, *_NANOSECONDS)
_STAMP: Final = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Unidentified(ValueError):
    """A message has no identity; the text says what it lacks."""


@dataclass(frozen=True, slots=True)
class MessageFields:
    """Which fields of a message, which is a JSON object, tell it from any other. A dot leads into an object.

    Attributes:
        series: fields that say whose reading it is.
        time: the field with the time of the reading, by which it is stored as well.
        time_format: iso8601 (UTC where it says nothing), or a number of s, ms, us or ns since the epoch.
        tags: the tag under which a field of ``series`` is stored; by default one of the same name.
        template: a whole message as the topic has it, in JSON, for the audit to send under devices of its own; empty:
            it sends nothing.
    """

    series: tuple[str, ...]
    time: str
    time_format: str = ISO_8601
    tags: Mapping[str, str] = field(default_factory=dict)
    template: str = ""

    @property
    def stored_as(self) -> tuple[str, ...]:
        """The tags of a stored reading, in the order of ``series``."""
        return tuple(self.tags.get(name, name) for name in self.series)

    def require_sound(self) -> None:
        """Raise ``PreconditionNotMet`` where no message can be told from another by it."""
        if not self.series:
            raise PreconditionNotMet("message.series: empty; at least one field says whose reading a message is")
        require_one_of("message.time_format", self.time_format, TIME_FORMATS)
        for name in self.tags:
            require_one_of("message.tags", name, self.series)
        if self.template:
            self._require_template()

    def _require_template(self) -> None:
        try:
            self.identity_of(self.template.encode())
            device = _at(json.loads(self.template), self.series[0])
        except Unidentified as error:
            raise PreconditionNotMet(
                f"message.template: {error}; it is a whole message, as the topic has it"
            ) from error
        if not isinstance(device, str):
            raise PreconditionNotMet(
                f"message.template: the field {self.series[0]} is no text, and the audit's devices have names"
            )

    def message_of(self, device: str, at_ns: int) -> bytes:
        """The template as a message of that device and time; the time is as exact as the template's format is.

        Raises:
            PreconditionNotMet: there is no template.
        """
        if not self.template:
            raise PreconditionNotMet(
                "the profile has no template in [message], so no message can be sent that the apps can read",
                next_step="copy one message of the topic into it: message.template",
            )
        message = json.loads(self.template)
        _put(message, self.series[0], device)
        _put(message, self.time, _written(at_ns, self.time_format, _at(message, self.time)))
        return json.dumps(message).encode()

    def identity_of(self, raw: bytes | None) -> Identity:
        """The identity of a message. Raises Unidentified where it is no JSON object, or lacks one of the fields."""
        try:
            message = json.loads(raw or b"")
        except (ValueError, RecursionError) as error:
            raise Unidentified(f"no JSON: {str(error)[:80]}") from None
        series = tuple(str(_at(message, name)) for name in self.series)
        return Identity(series, time_ns(_at(message, self.time), self.time_format))


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """Whose reading it is, and its time in nanoseconds since the epoch."""

    series: tuple[str, ...]
    time_ns: int

    def __str__(self) -> str:
        return f"{'/'.join(self.series)} {utc_ns(self.time_ns)}"


def time_ns(value: Any, time_format: str) -> int:
    """A time as a message has it, in nanoseconds since the epoch.

    Raises:
        Unidentified: it is none of that format.
    """
    if time_format != ISO_8601:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unidentified(f"the time {value!r:.40} is no number")
        return (
            round(value * _NANOSECONDS[time_format]) if isinstance(value, float) else value * _NANOSECONDS[time_format]
        )
    found = _STAMP.fullmatch(str(value))
    if not found:
        raise Unidentified(f"the time {value!r:.40} is not as ISO 8601 has it")
    whole, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{whole}{zone or 'Z'}")
    except ValueError as error:
        raise Unidentified(f"the time {value!r:.40}: {error}") from None
    return (moment - _EPOCH) // timedelta(seconds=1) * 10**9 + int((fraction or "").ljust(9, "0"))


def _at(message: Any, name: str) -> Any:
    found = message
    for key in name.split("."):
        if not isinstance(found, dict) or key not in found:
            raise Unidentified(f"no field {name}")
        found = found[key]
    return found


def _put(message: Any, name: str, value: object) -> None:
    *path, last = name.split(".")
    for key in path:
        message = message[key]
    message[last] = value


def _written(at_ns: int, time_format: str, like: Any) -> str | int | float:
    """A time as the template has it: with the same zone, or as the same kind of number."""
    if time_format != ISO_8601:
        unit = _NANOSECONDS[time_format]
        return at_ns / unit if isinstance(like, float) else at_ns // unit
    moment = _EPOCH + timedelta(microseconds=at_ns // 1000)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.%f")
    found = _STAMP.fullmatch(str(like))
    zone = found.group(3) if found else None
    return text + ("+00:00" if zone and zone != "Z" else zone or "")
