"""Kafka's part of an archive: every record comes back, and the group goes on at the right one, whatever its number."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.maintenance.kafka import backup
from pipeline_services.maintenance.kafka.backup import Kept, back_up, controls, findings, kept_records, restore_into
from pipeline_services.maintenance.kafka.broker import SEND_TIMEOUT_S, Broker, record_of
from pipeline_services.maintenance.kafka.records import Record, first_difference, from_line, resumed_wrongly, to_line
from pipeline_services.model.configuration import Topics
from pipeline_services.model.errors import NoData, UnexpectedAnswer
from pipeline_services.model.message import Reading, encode
from pipeline_services.model.waiting import WaitExpired
from tests.maintenance.kafka.fake_broker import FakeBroker

TOPICS = Topics("readings", 2, "a-group", dead_letters="dead")
NOW = 9_050.0
P0, P1, DEAD = ("readings", 0), ("readings", 1), ("dead", 0)


def record(offset: int, device: str = "d1") -> Record:
    headers = (("trace", b"\x00\xff"), ("empty", None))
    return Record(offset, 9_000_000 + offset, b"key", encode(Reading("p", device, offset, 1, 0.5)), headers)


@pytest.fixture
def broker() -> FakeBroker:
    made = FakeBroker()
    made.make(
        {"readings": {"partitions": 2, "settings": {"flush.messages": "1"}}, "dead": {"partitions": 1, "settings": {}}}
    )
    made.logs = {P0: [record(n) for n in range(100, 120)], P1: [record(n, "d2") for n in range(50, 60)], DEAD: []}
    made.offsets = {P0: 110, P1: 59}
    return made


@pytest.fixture
def kept(broker: FakeBroker, tmp_path: Path) -> Kept:
    return back_up(broker, TOPICS, tmp_path, NOW)


@pytest.fixture
def copy(kept: Kept, tmp_path: Path) -> FakeBroker:
    made = FakeBroker()
    restore_into(made, kept, tmp_path)
    return made


def test_a_true_copy_has_no_finding(kept: Kept, copy: FakeBroker, tmp_path: Path) -> None:
    assert findings(copy, kept, tmp_path) == []
    assert (kept.records, kept.counts[DEAD]) == (30, 0)
    assert copy.offsets == {P0: 10, P1: 9}
    assert Kept.from_dict(json.loads(json.dumps(kept.to_dict()))) == kept


def test_the_window_reaches_back_to_what_is_not_committed(
    broker: FakeBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.offsets = {P0: 105, P1: 59}
    monkeypatch.setattr(backup, "BUSY_S", 2 * backup.WINDOW_S)
    kept = back_up(broker, TOPICS, tmp_path, 9_000.0 + 0.110 + backup.WINDOW_S)
    assert [one.offset for one in kept_records(tmp_path, P0)] == list(range(105, 120))
    assert kept.counts == {P0: 15, P1: 1, DEAD: 0}


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda log: log.pop(7), "readings/0: record 7 is p/d1#108; stored was p/d1#107 (timestamp, value differ)"),
        (lambda log: log.pop(), "readings/0: p/d1#119 is missing; the copy ends before record 19"),
        (lambda log: log.append(record(130)), "readings/0: p/d1#130 was never stored (record 20)"),
        (lambda log: log.reverse(), "readings/0: record 0 is p/d1#119; stored was p/d1#100"),
    ],
)
def test_records_that_differ_are_named_by_their_id(
    kept: Kept, copy: FakeBroker, tmp_path: Path, damage: Any, line: str
) -> None:
    damage(copy.logs[P0])
    copy.logs[P0] = [replace(one, offset=number) for number, one in enumerate(copy.logs[P0])]
    assert findings(copy, kept, tmp_path)[0].startswith(line)


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"timestamp_ms": 1}, "timestamp"),
        ({"key": None}, "key"),
        ({"headers": ()}, "headers"),
        ({"value": b""}, "value"),
    ],
)
def test_each_part_of_a_record_counts(change: dict[str, Any], differs: str) -> None:
    said = first_difference(P0, [record(1)], [replace(record(1), **change)])
    assert said.endswith(f"({differs} differ)")
    assert first_difference(P0, [record(1)], [replace(record(1), offset=9)]) == ""


def test_a_topic_with_other_settings_is_named(kept: Kept, copy: FakeBroker, tmp_path: Path) -> None:
    copy.made["readings"] = {"partitions": 2, "settings": {}}
    del copy.made["dead"]
    lines = findings(copy, kept, tmp_path)
    assert lines[0].startswith("topic dead is missing; stored was ")
    assert lines[1].startswith("topic readings is {'partitions': 2, 'settings': {}}; stored was ")


def test_a_group_that_goes_on_elsewhere_is_named(kept: Kept, copy: FakeBroker, tmp_path: Path) -> None:
    copy.offsets[P0] += 1
    copy.offsets[P1] += 1
    assert findings(copy, kept, tmp_path) == [
        "readings/0: the group goes on with p/d1#111; expected p/d1#110",
        "readings/1: the group goes on with nothing; expected p/d2#59",
    ]
    assert resumed_wrongly({P0: record(1)}, {}) == ["readings/0: the group goes on with nothing; expected p/d1#1"]


def test_both_controls_are_detected_and_leave_the_copy_whole(kept: Kept, copy: FakeBroker, tmp_path: Path) -> None:
    found = list(controls(copy, kept, tmp_path))
    assert [(name, detected) for name, _, detected in found] == [
        ("one record of Kafka missing", True),
        ("Kafka's offsets shifted by one", True),
    ]
    assert findings(copy, kept, tmp_path) == []


def test_a_control_that_is_not_noticed_is_missed(
    kept: Kept, copy: FakeBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "first_difference", lambda *_: "")
    monkeypatch.setattr(backup, "resumed_wrongly", lambda *_: [])
    assert [detected for *_, detected in controls(copy, kept, tmp_path)] == [False, False]


def test_without_committed_offsets_nobody_knows_where_the_group_goes_on(broker: FakeBroker, tmp_path: Path) -> None:
    broker.offsets = {}
    with pytest.raises(NoData, match="committed nothing"):
        back_up(broker, TOPICS, tmp_path, NOW)


def test_without_a_next_record_neither(broker: FakeBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "NEXT_WITHIN_S", 0.0)
    broker.offsets[P0] = 120
    with pytest.raises(WaitExpired, match="a record after each committed offset"):
        back_up(broker, TOPICS, tmp_path, NOW)


def test_in_a_partition_to_which_nothing_comes_the_group_goes_on_with_nothing(
    broker: FakeBroker, tmp_path: Path
) -> None:
    broker.logs[P1] = [replace(one, timestamp_ms=one.timestamp_ms - 600_000) for one in broker.logs[P1]]
    broker.offsets[P1] = 60
    kept, copy = back_up(broker, TOPICS, tmp_path, NOW), FakeBroker()
    restore_into(copy, kept, tmp_path)
    assert findings(copy, kept, tmp_path) == []
    assert all(detected for *_, detected in controls(copy, kept, tmp_path))
    copy.offsets[P1] = 9
    assert findings(copy, kept, tmp_path) == ["readings/1: the group goes on with p/d2#59; expected nothing"]


def test_where_nothing_comes_at_all_nothing_is_proved(broker: FakeBroker, kept: Kept, tmp_path: Path) -> None:
    with pytest.raises(NoData, match="no record came to readings within 60 s"):
        back_up(broker, TOPICS, tmp_path, NOW + 3_600)
    read_all = replace(kept, committed={P0: 120, P1: 60})
    with pytest.raises(NoData, match="no record after any committed offset"):
        backup.next_records(read_all, tmp_path)


def test_a_file_that_is_missing_or_cut_is_refused(kept: Kept, copy: FakeBroker, tmp_path: Path) -> None:
    file = tmp_path / "readings.0.jsonl.gz"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(UnexpectedAnswer, match=r"readings\.0\.jsonl\.gz cannot be read to its end"):
        findings(copy, kept, tmp_path)
    file.unlink()
    with pytest.raises(NoData, match=r"lacks readings\.0\.jsonl\.gz"):
        findings(copy, kept, tmp_path)


@pytest.mark.parametrize("line", ["", "[1, 2]", '[1, 2, "%", null, []]', "{}"])
def test_a_line_that_is_no_record_is_refused(line: str) -> None:
    with pytest.raises(UnexpectedAnswer, match="cannot be read"):
        from_line(line)


def test_a_record_survives_a_file() -> None:
    assert from_line(to_line(record(5))) == record(5)
    assert str(Record(5, 1, None, b"x")) == "a record that is no reading (offset 5)"


@pytest.mark.parametrize("known", [{}, {"topics": {}, "group": "g", "committed": [[1]], "counts": []}])
def test_facts_that_are_none_are_refused(known: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer, match="cannot be read"):
        Kept.from_dict(known)


def test_what_the_client_library_answers_is_read() -> None:
    found = type("Found", (), {"offset": 1, "timestamp": 2, "key": None, "value": b"v", "headers": [("h", b"x")]})
    assert record_of(found) == Record(1, 2, None, b"v", (("h", b"x"),))


def test_a_topic_is_described_by_its_partitions_and_the_settings_that_are_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {"flush.messages": {"value": "1", "own": True}, "retention.ms": {"value": "5", "own": False}}
    monkeypatch.setattr(Broker, "topics", lambda _self: {"readings": [{}, {}], "other": [{}]})
    monkeypatch.setattr(Broker, "settings", lambda _self, topics: dict.fromkeys(topics, known))
    described = {"readings": {"partitions": 2, "settings": {"flush.messages": "1"}}}
    assert Broker(1).described(["readings", "dead"]) == described
    assert Broker(1).described(["dead"]) == {}


def test_whoever_writes_a_copy_is_back_before_the_records_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}

    def producer(**settings: Any) -> Any:
        made.update(settings)
        return SimpleNamespace(flush=lambda _timeout: None, close=lambda **_: None)

    monkeypatch.setattr("pipeline_services.maintenance.kafka.broker.KafkaProducer", producer)
    Broker(1).write(("readings", 0), [])
    assert made["reconnect_backoff_max_ms"] / 1000 < SEND_TIMEOUT_S / 10
