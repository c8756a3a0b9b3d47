"""The ledger of a pipeline that is only observed: which messages are stored, and why the others are not. Pure.

Messages without numbers are known by whose they are and by their time. So what never reached Kafka leaves no trace, and
two messages with one identity cannot be told apart: those are counted and not guessed at.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pipeline_services.model.errors import NoData
from pipeline_services.model.reading_identity import Identity
from pipeline_services.model.text import utc

SHOWN: Final = 50
"""Lost readings that are written out; a file has all of them."""


class Why(StrEnum):
    """Why a reading that Kafka has is not stored."""

    WRITE_FAILED = "its write failed and was not tried again, and its offset is committed all the same"
    BEFORE_THE_GROUP = "it was sent before the group's first read, and a group without offsets begins at the end"
    UNEXPLAINED = "its offset is committed, and no line of the processor's log says why it is not stored"


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the topic."""

    partition: int
    offset: int
    identity: Identity


@dataclass(frozen=True, slots=True)
class LogLine:
    """An error of the processor; ``at`` in epoch seconds."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of a pipeline that nothing was sent to.

    Attributes:
        messages: of the topic, each partition in the order of its offsets.
        unidentified: messages without an identity; ``lacks``: what the first of them lacks.
        first: the first offset that each partition still has, and ``start`` the first one that was read.
        committed: the offset that the group has committed of each partition; None for none.
        stored: how many points the store has of each identity, within the time of the messages.
        settled_ns: what is newer may still be on its way to the store; nanoseconds since the epoch.
        errors: what the processor logged as an error in that time, oldest first.
    """

    messages: Sequence[Message]
    unidentified: int
    first: Mapping[int, int]
    start: Mapping[int, int]
    committed: Mapping[int, int | None]
    stored: Mapping[Identity, int]
    settled_ns: int
    errors: Sequence[LogLine] = ()
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """A reading that is not stored though its offset is committed; ``said``: the line of the log that shows why."""

    message: Message
    why: Why
    said: LogLine | None = None

    def __str__(self) -> str:
        place = f"partition {self.message.partition}, offset {self.message.offset}"
        said = f" (logged {utc(self.said.at)}: {self.said.text[:100]})" if self.said else ""
        return f"{self.message.identity} ({place}): {self.why}{said}"


@dataclass(slots=True)
class ObservedVerdict:
    """What the ledger says. ``str()`` is for the operator.

    ``pending``: so new that it may still be on its way; ``waiting``: older, and the group has not come to it yet.
    """

    messages: int = 0
    stored: int = 0
    pending: int = 0
    waiting: int = 0
    lost: list[Lost] = field(default_factory=list)
    ambiguous: int = 0
    unidentified: int = 0
    stored_twice: int = 0
    without_message: int = 0
    lacks: str = ""

    @property
    def word(self) -> str:
        """The verdict in a word: a loss is certain, that nothing is lost only where each message is accounted for."""
        return "VIOLATED" if self.lost else "holds" if self.certain else "NOT KNOWN"

    @property
    def certain(self) -> bool:
        """Whether readings are stored, none waits, and every message could be told from all others."""
        return self.stored > 0 and not (self.ambiguous or self.unidentified or self.waiting)

    def __str__(self) -> str:
        return "\n".join([self.summary, *self._doubts, *self.reasons, *map(str, self.lost[:SHOWN]), *self._more])

    @property
    def summary(self) -> str:
        """All counts in one line."""
        return (
            f"{self.word}: {self.messages} messages, {self.stored} stored,"
            f" lost {len(self.lost)}, on their way {self.pending}, waiting in Kafka {self.waiting};"
            f" not told apart {self.ambiguous}, without identity {self.unidentified}, stored twice {self.stored_twice},"
            f" stored without a message {self.without_message}"
        )

    @property
    def reasons(self) -> list[str]:
        """How many are lost for each reason, the most frequent first."""
        counts = Counter(one.why for one in self.lost)
        return [f"  lost {count}: {why}" for why, count in counts.most_common()]

    @property
    def _doubts(self) -> list[str]:
        lacking = f"  without identity {self.unidentified}: {self.lacks}; [message] says what tells messages apart"
        return [lacking] if self.unidentified else []

    @property
    def _more(self) -> list[str]:
        left = len(self.lost) - SHOWN
        return [f"and {left} more"] if left > 0 else []


def reconcile(seen: Observation) -> ObservedVerdict:
    """Hold the topic against the store.

    Raises:
        NoData: the topic had no message in that time, or the store has readings of it under other identities alone, so
            that nothing can be said.
    """
    if not seen.messages and not seen.unidentified:
        raise NoData("the topic has no message of that time: nothing can be said")
    copies = Counter(message.identity for message in seen.messages)
    verdict = ObservedVerdict(
        messages=len(seen.messages) + seen.unidentified,
        unidentified=seen.unidentified,
        lacks=seen.lacks,
        ambiguous=sum(count for count in copies.values() if count > 1),
        stored_twice=sum(1 for count in seen.stored.values() if count > 1),
        without_message=sum(1 for identity in seen.stored if identity not in copies),
    )
    missing = []
    for message in seen.messages:
        if seen.stored.get(message.identity):
            verdict.stored += 1
        elif message.identity.time_ns > seen.settled_ns:
            verdict.pending += 1
        elif _is_to_come(message, seen):
            verdict.waiting += 1
        else:
            missing.append(message)
    if verdict.without_message and not verdict.stored and missing:
        raise NoData(
            f"the store has {verdict.without_message} readings of that time, and none is one of the {len(missing)}"
            f" messages, such as {missing[0].identity}: [message] names other fields than they are stored by"
        )
    verdict.lost = _explained(missing, seen)
    return verdict


def _is_to_come(message: Message, seen: Observation) -> bool:
    committed = seen.committed.get(message.partition)
    return committed is None or message.offset >= committed


def _explained(missing: Sequence[Message], seen: Observation) -> list[Lost]:
    """Each lost reading with its reason: the processor takes one after the other, so its errors come in their order."""
    begins = _begins(seen)
    errors = deque(sorted(seen.errors, key=lambda line: line.at))
    found = []
    for message in sorted(missing, key=lambda one: (one.identity.time_ns, one.partition, one.offset)):
        if message.offset < begins.get(message.partition, 0):
            found.append(Lost(message, Why.BEFORE_THE_GROUP))
            continue
        while errors and errors[0].at * 1e9 < message.identity.time_ns:
            errors.popleft()
        said = errors.popleft() if errors else None
        found.append(Lost(message, Why.WRITE_FAILED if said else Why.UNEXPLAINED, said))
    return found


def _begins(seen: Observation) -> dict[int, int]:
    """The first stored offset of each partition that was read from its beginning: there the group began."""
    begins: dict[int, int] = {}
    for message in seen.messages:
        whole = seen.start.get(message.partition) == seen.first.get(message.partition) == 0
        if whole and seen.stored.get(message.identity):
            begins[message.partition] = min(message.offset, begins.get(message.partition, message.offset))
    return begins
