"""The ledger of messages without numbers: whose reading, and its time, tell one from another."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from pipeline_services.audit.observed import LogLine, Message, Observation, Why, reconcile
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.reading_identity import Identity, MessageFields, Unidentified

FIELDS = MessageFields(series=("line",), time="at", time_format="s")
BEGIN = 1_795_000_000


def message(second: int, *, offset: int | None = None, line: str = "a") -> Message:
    return Message(0, second if offset is None else offset, Identity((line,), (BEGIN + second) * 10**9))


def observation(count: int = 10, *, without: tuple[int, ...] = (), **changed: Any) -> Observation:
    """One message a second, all of them committed, stored but for some."""
    messages = [message(second) for second in range(count)]
    stored = Counter(one.identity for number, one in enumerate(messages) if number not in without)
    seen = Observation(messages, 0, {0: 0}, {0: 0}, {0: count}, stored, (BEGIN + 1_000) * 10**9)
    return replace(seen, **changed)


def test_what_is_all_stored_holds() -> None:
    verdict = reconcile(observation())
    assert (verdict.word, verdict.messages, verdict.stored, verdict.lost) == ("holds", 10, 10, [])


def test_a_committed_reading_that_is_not_stored_is_lost_and_named_with_the_line_that_says_why() -> None:
    errors = [LogLine(BEGIN + second + 0.2, f"Error writing {second}") for second in (4, 5)]
    verdict = reconcile(observation(without=(4, 5), errors=errors))
    assert verdict.word == "VIOLATED"
    assert [one.why for one in verdict.lost] == [Why.WRITE_FAILED] * 2
    text = str(verdict)
    assert "lost 2: its write failed and was not tried again" in text
    assert "a 2026-11-18T11:06:44.000000000Z (partition 0, offset 4)" in text
    assert "Error writing 4" in text


def test_without_a_line_that_says_why_nothing_is_guessed() -> None:
    [lost] = reconcile(observation(without=(4,))).lost
    assert (lost.why, lost.said) == (Why.UNEXPLAINED, None)
    early = [LogLine(BEGIN + 1.0, "an error before the message")]
    [lost] = reconcile(observation(without=(4,), errors=early)).lost
    assert lost.why is Why.UNEXPLAINED


@pytest.mark.parametrize(
    ("changed", "pending", "waiting"),
    [
        ({"committed": {0: 4}}, 0, 2),
        ({"committed": {0: None}}, 0, 2),
        ({"committed": {}}, 0, 2),
        ({"settled_ns": BEGIN * 10**9}, 2, 0),
    ],
)
def test_what_may_still_come_is_not_lost(changed: dict[str, Any], pending: int, waiting: int) -> None:
    verdict = reconcile(observation(without=(4, 5), **changed))
    assert (verdict.lost, verdict.pending, verdict.waiting) == ([], pending, waiting)
    assert verdict.word == ("NOT KNOWN" if waiting else "holds")


def test_where_nothing_is_stored_yet_nothing_is_known() -> None:
    assert reconcile(observation(2, without=(0, 1), settled_ns=BEGIN * 10**9 - 1)).word == "NOT KNOWN"


def test_what_was_sent_before_the_group_s_first_read_says_so() -> None:
    verdict = reconcile(observation(without=(0, 1, 2), errors=[LogLine(BEGIN + 9.0, "another error")]))
    assert [one.why for one in verdict.lost] == [Why.BEFORE_THE_GROUP] * 3


def test_a_part_of_the_topic_says_nothing_of_the_group_s_first_read() -> None:
    [lost] = reconcile(observation(without=(0,), first={0: 0}, start={0: 5})).lost
    assert lost.why is Why.UNEXPLAINED


def test_two_messages_with_one_identity_are_counted_and_not_guessed_at() -> None:
    seen = observation()
    twin = message(3, offset=10)
    verdict = reconcile(replace(seen, messages=[*seen.messages, twin], committed={0: 11}))
    assert (verdict.word, verdict.ambiguous, verdict.lost) == ("NOT KNOWN", 2, [])


def test_a_reading_that_is_stored_twice_and_one_without_a_message_are_counted() -> None:
    seen = observation()
    strange = Identity(("b",), BEGIN * 10**9)
    stored = Counter(seen.stored) + Counter([seen.messages[3].identity, strange])
    verdict = reconcile(replace(seen, stored=stored))
    assert (verdict.stored_twice, verdict.without_message, verdict.word) == (1, 1, "holds")


def test_messages_without_identity_leave_it_open() -> None:
    assert reconcile(observation(unidentified=1)).word == "NOT KNOWN"


def test_no_message_is_no_verdict() -> None:
    with pytest.raises(NoData, match="nothing can be said"):
        reconcile(observation(0))


def test_losing_all_of_many_names_fifty_and_counts_the_rest() -> None:
    text = str(reconcile(observation(80, without=tuple(range(20, 80)))))
    assert "lost 60" in text
    assert text.splitlines()[-1] == "and 10 more"


@pytest.mark.parametrize(
    ("time", "time_format", "expected"),
    [
        ("2026-11-27T21:00:00.123456+00:00", "iso8601", 1_795_813_200_123_456_000),
        ("2026-11-27T21:00:00.123456789Z", "iso8601", 1_795_813_200_123_456_789),
        ("2026-11-27T22:00:00+01:00", "iso8601", 1_795_813_200_000_000_000),
        ("2026-11-27T21:00:00", "iso8601", 1_795_813_200_000_000_000),
        (1_795_813_200, "s", 1_795_813_200_000_000_000),
        (1_795_813_200_123, "ms", 1_795_813_200_123_000_000),
    ],
)
def test_times_are_exact_to_the_nanosecond(time: Any, time_format: str, expected: int) -> None:
    fields = MessageFields(("meta.line",), "at", time_format)
    raw = json.dumps({"at": time, "meta": {"line": 7}}).encode()
    assert fields.identity_of(raw) == Identity(("7",), expected)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"no json", "no JSON"),
        (None, "no JSON"),
        (b"[1]", "no field line"),
        (b'{"line": "a"}', "no field at"),
        (b'{"line": "a", "at": "yesterday"}', "is no number"),
        (b'{"line": "a", "at": true}', "is no number"),
    ],
)
def test_a_message_without_identity_says_what_it_lacks(raw: bytes | None, reason: str) -> None:
    with pytest.raises(Unidentified, match=reason):
        FIELDS.identity_of(raw)


@pytest.mark.parametrize("stamp", ["2026-13-01T00:00:00Z", "27.11.2026"])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    with pytest.raises(Unidentified, match="the time"):
        MessageFields(("line",), "at").identity_of(json.dumps({"line": "a", "at": stamp}).encode())


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (MessageFields((), "at"), "at least one field"),
        (MessageFields(("line",), "at", "iso"), "'iso' is none of iso8601"),
        (MessageFields(("line",), "at", tags={"lien": "x"}), "did you mean 'line'"),
    ],
)
def test_a_description_that_tells_no_messages_apart_is_refused(fields: MessageFields, reason: str) -> None:
    with pytest.raises(PreconditionNotMet, match=reason):
        fields.require_sound()


def test_a_description_whose_fields_the_messages_have_not_says_which() -> None:
    text = str(reconcile(observation(messages=[], unidentified=7, lacks="no field line")))
    assert text.startswith("NOT KNOWN: 7 messages")
    assert "  without identity 7: no field line; [message] says what tells messages apart" in text


def test_a_store_with_other_identities_alone_is_no_loss_but_a_wrong_description() -> None:
    other = Counter({Identity(("b",), (BEGIN + second) * 10**9): 1 for second in range(8)})
    with pytest.raises(NoData, match=r"the store has 8 readings of that time, and none is one of the 10 messages"):
        reconcile(observation(stored=other))
