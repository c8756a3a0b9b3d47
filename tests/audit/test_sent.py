"""Messages of a description's own template: told apart whatever the format of their time, and each accounted for."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kafka.errors import KafkaError, KafkaTimeoutError

from pipeline_services.audit import sender
from pipeline_services.audit.observed import Message, Observation
from pipeline_services.audit.sent import DEVICES, INTERVAL_NS, Sent, account, messages
from pipeline_services.model.errors import NoData, PreconditionNotMet, ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.reading_identity import Identity, MessageFields
from pipeline_services.model.waiting import wait_until

START = 1_795_000_000 * 10**9 + 1
TEMPLATE = '{"meta": {"device": "d"}, "at": %s, "speed": 1.5}'


def fields(time_format: str, at: str) -> MessageFields:
    made = MessageFields(("meta.device",), "at", time_format, template=TEMPLATE % at)
    made.require_sound()
    return made


@pytest.mark.parametrize(
    ("time_format", "at", "written"),
    [
        ("iso8601", '"2026-11-27T21:00:00.123456+00:00"', "2026-11-18T11:06:41.000000+00:00"),
        ("iso8601", '"2026-11-27T21:00:00Z"', "2026-11-18T11:06:41.000000Z"),
        ("iso8601", '"2026-11-27T21:00:00"', "2026-11-18T11:06:41.000000"),
        ("s", "1795000000", 1_795_000_001),
        ("s", "1795000000.5", 1_795_000_001.0),
        ("ms", "1795000000000", 1_795_000_001_000),
        ("ns", "1795000000000000000", 1_795_000_001_000_000_000),
    ],
)
def test_each_message_has_an_identity_of_its_own(time_format: str, at: str, written: object) -> None:
    known = fields(time_format, at)
    made = list(messages(known, "audit-1", 25, START))
    first = json.loads(made[0][1])
    assert first == {"meta": {"device": "audit-1-0"}, "at": written, "speed": 1.5}
    assert len({known.identity_of(one) for _, one in made}) == 25
    assert {known.identity_of(one).series[0] for _, one in made} == {f"audit-1-{n}" for n in range(DEVICES)}
    assert [due for due, _ in made] == [1_795_000_001 * 10**9 + n * INTERVAL_NS for n in range(25)]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{", "message.template: no JSON"),
        ('{"device": "a"}', "message.template: no field at"),
        ('{"at": "2026-11-27T21:00:00Z"}', "message.template: no field device"),
        ('{"device": "a", "at": "yesterday"}', "message.template: the time 'yesterday' is not as ISO 8601 has it"),
        ('{"device": 7, "at": "2026-11-27T21:00:00Z"}', "the field device is no text"),
    ],
)
def test_a_template_that_is_no_message_is_refused(template: str, said: str) -> None:
    document = Pipeline.load(Path("plain")).document()
    document["message"] = {"series": ["device"], "time": "at", "template": template}
    with pytest.raises(PreconditionNotMet, match=said):
        Pipeline.from_document(document)


def test_without_a_template_nothing_can_be_sent() -> None:
    with pytest.raises(PreconditionNotMet, match="has no template"):
        next(messages(MessageFields(("device",), "at"), "audit-1", 1, START))


def identity(number: int) -> Identity:
    return Identity((f"audit-1-{number}",), START + number)


def observed(in_topic: int, stored: int, foreign: int = 2) -> Observation:
    found = [Message(0, n, identity(n)) for n in range(in_topic)]
    others = [Message(0, in_topic + n, Identity(("line_1",), START + n)) for n in range(foreign)]
    known = Counter(one.identity for one in found[:stored])
    return Observation([*found, *others], 3, {0: 0}, {0: 0}, {0: 100}, known, START + 10**12)


def test_all_that_was_sent_and_stored_is_certain_whatever_becomes_of_others() -> None:
    verdict = account([Sent(identity(n)) for n in range(4)], observed(4, 4))
    assert (verdict.lost, verdict.certain) == (0, True)
    assert "4 sent, 4 acknowledged, 4 in the topic, 4 stored, lost 0" in str(verdict)


def test_what_is_in_the_topic_and_not_stored_is_lost() -> None:
    verdict = account([Sent(identity(n)) for n in range(4)], observed(4, 3))
    assert (verdict.lost, verdict.certain) == (1, False)
    assert "audit-1-3 " in str(verdict)


def test_what_was_acknowledged_and_is_not_in_the_topic_is_lost() -> None:
    verdict = account([Sent(identity(n)) for n in range(4)], observed(2, 2))
    assert (verdict.lost, list(verdict.gone)) == (2, [identity(2), identity(3)])
    assert "acknowledged, and not in the topic: audit-1-2" in str(verdict)
    assert account([Sent(identity(0))], observed(0, 0)).lost == 1


def test_what_was_never_acknowledged_is_neither_lost_nor_certain() -> None:
    verdict = account([Sent(identity(0)), Sent(identity(1), "timed out")], observed(1, 1))
    assert (verdict.lost, verdict.certain) == (0, False)
    assert "not acknowledged: audit-1-1" in str(verdict)
    with pytest.raises(NoData):
        account([], observed(1, 1))


class Link:
    """A producer to whom each second message is refused."""

    def __init__(self, **settings: Any) -> None:
        assert settings["retries"] == 0, "a second copy could not be told from the first"
        self.sent: list[bytes] = []

    def send(self, topic: str, value: bytes) -> Any:
        assert topic == "speeds"
        self.sent.append(value)
        return SimpleNamespace(get=self._get)

    def _get(self, timeout: float) -> None:
        if len(self.sent) % 2 == 0:
            raise KafkaTimeoutError(f"no answer in {timeout:g} s")


def test_the_sender_says_of_each_message_whether_kafka_took_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[Any] = []
    monkeypatch.setattr(sender, "KafkaProducer", Link)
    monkeypatch.setattr(sender, "discard", gone.append)
    monkeypatch.setattr(sender, "_await", lambda _due: None)
    sent = sender.send(9092, "speeds", fields("s", "1"), 4)
    assert [bool(one.error) for one in sent] == [False, True, False, True]
    assert "no answer in 10 s" in sent[1].error
    assert len({one.identity for one in sent}) == 4
    assert all(one.identity.series[0].startswith("audit-") for one in sent)
    assert len(gone) == 1


def test_while_a_fault_is_played_messages_are_sent_until_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Link] = []
    gone: list[Any] = []

    def link(**settings: Any) -> Link:
        made.append(Link(**settings))
        return made[0]

    monkeypatch.setattr(sender, "KafkaProducer", link)
    monkeypatch.setattr(sender, "discard", gone.append)
    with sender.Sender(9092, "speeds", fields("s", "1")) as sending:
        wait_until(lambda: len(made[0].sent) >= 2, within=10.0, what="two messages", every=0.05)
        sent = sending.finish()
    assert len(sent) == len({one.identity for one in sent}) == len(made[0].sent)
    assert [bool(one.error) for one in sent[:2]] == [False, True]
    assert gone == made


def test_without_a_template_no_sender_starts() -> None:
    with pytest.raises(PreconditionNotMet, match="has no template"):
        sender.Sender(9092, "speeds", MessageFields(("device",), "at"))


def test_a_kafka_that_is_away_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_settings: Any) -> None:
        raise KafkaError("nobody there")

    monkeypatch.setattr(sender, "KafkaProducer", away)
    with pytest.raises(ServiceUnreachable, match="cannot reach Kafka"):
        sender.send(9092, "speeds", fields("s", "1"), 1)
    with pytest.raises(ServiceUnreachable, match="cannot reach Kafka"), sender.Sender(9092, "x", fields("s", "1")):
        pass
