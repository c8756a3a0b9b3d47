"""The table of promises: what is kept, what is broken and why, and that what is not known is never kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline_services.audit.observed import Lost, Message, ObservedVerdict, Why
from pipeline_services.audit.sent import Sent, SentVerdict
from pipeline_services.experiment import promise_run
from pipeline_services.experiment.promises import Played, State, promises, state_of, table
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.reading_identity import Identity
from tests.conftest import Refused

LOST = Lost(Message(0, 7, Identity(("line_1",), 10**18)), Why.WRITE_FAILED)
WELL = Played("influxdb deleted", 60, 2.0, 21.0, 240, ObservedVerdict(messages=96, stored=96), 0)


def states(played: Played) -> list[State]:
    return [promise.state for promise in promises([played])]


def test_a_pipeline_that_keeps_all_keeps_all() -> None:
    found = promises([WELL])
    assert [promise.state for promise in found] == [State.KEPT] * 3
    assert state_of(found) is State.KEPT


@pytest.mark.parametrize(
    ("changed", "place", "seen"),
    [
        ({"recovery_s": 75.0}, 0, "75 s"),
        ({"recovery_s": None}, 0, "not within 240 s"),
        ({"recovery_s": 75.0, "gone_s": 30.4}, 0, "75 s; the pod took 30 s to end: it does not end on SIGTERM"),
        ({"verdict": ObservedVerdict(96, 63, lost=[LOST] * 33)}, 1, "of 96 messages: lost 33: its write failed"),
        ({"dropped": 12}, 2, "12 error lines of the producer"),
    ],
)
def test_a_broken_promise_is_named_with_what_was_seen(changed: dict[str, Any], place: int, seen: str) -> None:
    found = promises([replace(WELL, **changed)])
    assert found[place].state is State.BROKEN
    assert found[place].seen.startswith(seen)
    assert state_of(found) is State.BROKEN
    assert [one.state for number, one in enumerate(found) if number != place] == [State.KEPT] * 2


@pytest.mark.parametrize("verdict", [ObservedVerdict(96, 90, waiting=6), ObservedVerdict(96, 96, ambiguous=2)])
def test_what_cannot_be_told_is_not_kept(verdict: ObservedVerdict) -> None:
    assert states(replace(WELL, verdict=verdict)) == [State.KEPT, State.NOT_KNOWN, State.KEPT]
    assert state_of(promises([replace(WELL, verdict=verdict)])) is State.NOT_KNOWN


def test_the_newest_readings_may_be_on_their_way() -> None:
    assert states(replace(WELL, verdict=ObservedVerdict(96, 95, pending=1))) == [State.KEPT] * 3


def own(stored: int, *, taken: int = 10, refused: int = 0, **seen: Any) -> SentVerdict:
    """What became of the audit's messages: so many taken, and in the topic."""
    left = [Sent(Identity(("audit-1",), number), "timed out") for number in range(refused)]
    return SentVerdict(taken + refused, left, [], ObservedVerdict(messages=taken, stored=stored, **seen))


@pytest.mark.parametrize(
    ("sent", "state", "seen"),
    [
        (own(10), State.KEPT, "all of the audit's 10"),
        (own(10, refused=3), State.KEPT, "all of the audit's 10; 3 were not acknowledged"),
        (own(8, lost=[LOST] * 2), State.BROKEN, "2 of the audit's 10 are not"),
        (replace(own(8), gone=[LOST.message.identity] * 2), State.BROKEN, "2 of the audit's 10 are not"),
        (own(9, waiting=1), State.NOT_KNOWN, "the audit's messages: 10 sent"),
        (own(0, taken=0, refused=4), State.NOT_KNOWN, "the audit's messages: 4 sent, 0 acknowledged"),
    ],
)
def test_of_the_audits_own_messages_what_was_acknowledged_has_to_be_stored(
    sent: SentVerdict, state: State, seen: str
) -> None:
    promise = promises([replace(WELL, sent=sent)])[-1]
    assert (promise.text, promise.state) == ("what is acknowledged is stored", state)
    assert promise.seen.startswith(seen)


def test_nobody_can_say_what_a_deleted_producer_dropped() -> None:
    assert states(replace(WELL, fault="producer deleted", dropped=None)) == [State.KEPT] * 2


def test_where_no_limit_is_promised_none_is_broken() -> None:
    assert states(replace(WELL, limit_s=0, recovery_s=None)) == [State.KEPT] * 2


def test_without_a_fault_nothing_is_known() -> None:
    assert state_of([]) is State.NOT_KNOWN


def test_the_table_has_a_line_for_each_promise() -> None:
    lines = table(promises([WELL, replace(WELL, fault="kafka deleted", recovery_s=None)]))
    assert len(lines) == 7
    assert lines[1].split() == ["influxdb", "deleted", "recovers", "within", "60", "s", "kept", "21", "s"]
    assert "BROKEN" in lines[4]


def test_without_consent_nothing_is_touched(monkeypatch: pytest.MonkeyPatch, refused: Refused) -> None:
    def refuse(*_: object) -> None:
        raise PreconditionNotMet("faults are made in the suite's own cluster only")

    monkeypatch.setattr(promise_run, "authorize_target", refuse)
    assert "own cluster only" in refused(promise_run.main, ["--pipeline", "plain", "--context", "other"])


def test_a_pipeline_whose_messages_nothing_tells_apart_is_refused(refused: Refused) -> None:
    assert "has no [message]" in refused(promise_run.main, [])
