"""Which promises of sections 3 and 7 a pipeline keeps when a pod of it is deleted, and which not: a table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline_services.audit.observed import ObservedVerdict
from pipeline_services.audit.sent import SentVerdict
from pipeline_services.model.text import columns, first_line

IGNORES_SIGTERM_S: Final = 25.0
"""A pod that takes longer to go has not ended when it was asked to: the kubelet kills it after 30 s."""


class State(StrEnum):
    """What became of a promise."""

    KEPT = "kept"
    BROKEN = "BROKEN"
    NOT_KNOWN = "NOT KNOWN"


@dataclass(frozen=True, slots=True)
class Played:
    """A fault, and what was seen of it.

    Attributes:
        fault: in words.
        limit_s: within which a reading that was made after the fault has to be stored again; 0: nobody promises that.
        gone_s: seconds that the deleted pod took to end.
        recovery_s: seconds until such a reading was stored; None: not while this waited.
        waited_s: how long that was.
        verdict: of the ledger, from before the fault until after it.
        dropped: readings that the producer says it gave up; None where nobody can say.
        sent: what became of the audit's own messages; None where it sent none.
    """

    fault: str
    limit_s: float
    gone_s: float
    recovery_s: float | None
    waited_s: float
    verdict: ObservedVerdict
    dropped: int | None
    sent: SentVerdict | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise in one fault, what became of it, and what was seen."""

    fault: str
    text: str
    state: State
    seen: str


def promises(played: Iterable[Played]) -> list[Promise]:
    """The promises of each fault: it recovers in time, what Kafka has is stored, and nobody's messages are dropped."""
    return [promise for one in played for promise in (*_recovery(one), _stored(one), *_sent(one), *_kept(one))]


def state_of(found: Sequence[Promise]) -> State:
    """The worst of them; without any, nothing is known."""
    states = {promise.state for promise in found}
    if State.BROKEN in states:
        return State.BROKEN
    return State.NOT_KNOWN if State.NOT_KNOWN in states or not states else State.KEPT


def table(found: Iterable[Promise]) -> list[str]:
    head = ("fault", "promise", "", "seen")
    return columns([head, *((one.fault, one.text, one.state, one.seen) for one in found)])


def _recovery(played: Played) -> list[Promise]:
    if not played.limit_s:
        return []
    text = f"recovers within {played.limit_s:g} s"
    late = f"; the pod took {played.gone_s:.0f} s to end: it does not end on SIGTERM"
    why = late if played.gone_s > IGNORES_SIGTERM_S else ""
    if played.recovery_s is None:
        return [Promise(played.fault, text, State.BROKEN, f"not within {played.waited_s:.0f} s{why}")]
    kept = played.recovery_s <= played.limit_s
    return [Promise(played.fault, text, State.KEPT if kept else State.BROKEN, f"{played.recovery_s:.0f} s{why}")]


def _stored(played: Played) -> Promise:
    verdict, text = played.verdict, "what Kafka has is stored"
    if verdict.lost:
        why = "; ".join(reason.strip() for reason in verdict.reasons)
        return Promise(played.fault, text, State.BROKEN, f"of {verdict.messages} messages: {why}")
    if not verdict.certain:
        return Promise(played.fault, text, State.NOT_KNOWN, verdict.summary)
    return Promise(played.fault, text, State.KEPT, f"all of {verdict.messages} messages")


def _sent(played: Played) -> list[Promise]:
    if played.dropped is None:
        return []
    state = State.BROKEN if played.dropped else State.KEPT
    seen = f"{played.dropped} error lines of the producer" if played.dropped else "the producer logs no error"
    return [Promise(played.fault, "the producer drops nothing", state, seen)]


def _kept(played: Played) -> list[Promise]:
    """Of the audit's own messages it is known from outside which ones Kafka took."""
    own, text = played.sent, "what is acknowledged is stored"
    if own is None:
        return []
    taken, refused = own.sent - len(own.refused), len(own.refused)
    left = f"; {refused} were not acknowledged" if refused else ""
    if own.lost:
        return [Promise(played.fault, text, State.BROKEN, f"{own.lost} of the audit's {taken} are not{left}")]
    if not taken or own.seen.pending or own.seen.waiting:
        return [Promise(played.fault, text, State.NOT_KNOWN, first_line(own))]
    return [Promise(played.fault, text, State.KEPT, f"all of the audit's {taken}{left}")]
