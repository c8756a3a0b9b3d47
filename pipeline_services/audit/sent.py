"""What became of the messages that the audit sent in a pipeline's own format: each is accounted for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline_services.audit.observed import Observation, ObservedVerdict, reconcile
from pipeline_services.model.errors import NoData
from pipeline_services.model.reading_identity import Identity, MessageFields

DEVICES: Final = 10
INTERVAL_NS: Final = 100_000_000
"""Between two messages; each device has one a second, so that times in whole seconds tell them apart, too."""
SHOWN: Final = 5
_SECOND_NS: Final = 10**9


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the audit sent; ``error``: why Kafka did not acknowledge it, empty where it did."""

    identity: Identity
    error: str = ""


def messages(fields: MessageFields, run: str, count: int, start_ns: int) -> Iterator[tuple[int, bytes]]:
    """So many messages of devices that carry the name of the run, each with the time when it is due.

    Args:
        start_ns: the time of the first one, in whole seconds from there on; nanoseconds since the epoch.

    Raises:
        PreconditionNotMet: the profile has no template.
    """
    begin_ns = -(-start_ns // _SECOND_NS) * _SECOND_NS
    for number in range(count):
        at_ns = begin_ns + number * INTERVAL_NS
        yield at_ns, fields.message_of(f"{run}-{number % DEVICES}", at_ns)


@dataclass(frozen=True, slots=True)
class SentVerdict:
    """What the ledger says of the audit's messages. ``str()`` is for the operator.

    ``gone``: acknowledged, and not in the topic; ``refused``: never acknowledged, so that nothing is promised of them.
    """

    sent: int
    refused: Sequence[Sent]
    gone: Sequence[Identity]
    seen: ObservedVerdict

    @property
    def lost(self) -> int:
        """Messages that were acknowledged, and are not stored."""
        return len(self.gone) + len(self.seen.lost)

    @property
    def certain(self) -> bool:
        """Whether every message that was sent is acknowledged and stored."""
        return not self.refused and self.seen.stored == self.sent

    def __str__(self) -> str:
        known = (
            f"the audit's messages: {self.sent} sent, {self.sent - len(self.refused)} acknowledged,"
            f" {self.seen.messages} in the topic, {self.seen.stored} stored, lost {self.lost},"
            f" on their way {self.seen.pending}, waiting in Kafka {self.seen.waiting}"
        )
        refused = [f"not acknowledged: {one.identity}: {one.error}" for one in self.refused[:SHOWN]]
        gone = [f"acknowledged, and not in the topic: {one}" for one in self.gone[:SHOWN]]
        return "\n".join([known, *refused, *gone, *map(str, self.seen.lost[:SHOWN])])


def account(sent: Sequence[Sent], seen: Observation) -> SentVerdict:
    """Hold what was sent against what was seen from before the first message until after the last.

    Raises:
        NoData: nothing was sent.
    """
    if not sent:
        raise NoData("the audit sent no message: nothing can be said")
    own = {one.identity for one in sent}
    in_topic = [message for message in seen.messages if message.identity in own]
    arrived = {message.identity for message in in_topic}
    stored = {identity: count for identity, count in seen.stored.items() if identity in own}
    verdict = ObservedVerdict()
    if in_topic:
        verdict = reconcile(replace(seen, messages=in_topic, unidentified=0, stored=stored))
    return SentVerdict(
        sent=len(sent),
        refused=[one for one in sent if one.error],
        gone=[one.identity for one in sent if not one.error and one.identity not in arrived],
        seen=verdict,
    )
