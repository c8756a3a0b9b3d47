"""What the audit makes of the store's and the topic's contents."""

from __future__ import annotations

import pytest

from pipeline_services.audit.audit import AuditReport, missing_numbers
from pipeline_services.audit.ledger import Discrepancy, LedgerVerdict, Where
from pipeline_services.audit.records import TopicLog
from pipeline_services.audit.store import stored_records
from pipeline_services.measure.probes import series_in
from pipeline_services.model.message import Reading

READINGS = [Reading("life", "conveyor-00", number, 1_700_000_000_000_000_000 + number, 1.5) for number in range(3)]


def csv_of(readings: list[Reading], **changes: object) -> str:
    lines = ["name,tags,time,sequence,value,checksum"]
    for reading in readings:
        tags = f'"device_id={reading.device_id},producer_id={reading.producer_id}"'
        checksum = changes.get("checksum", reading.checksum())
        value = changes.get("value", reading.value)
        lines.append(f"conveyor_reading,{tags},{reading.event_time_ns},{reading.sequence},{value},{checksum}")
    return "\n".join(lines) + "\n"


def test_the_stores_answer_is_read_whole() -> None:
    records = stored_records(csv_of(READINGS[:2]) + "\n" + csv_of(READINGS[2:]))
    series = ("life", "conveyor-00")
    assert list(records.sequences(series)) == [0, 1, 2]
    assert list(records.checksums(series)) == [reading.checksum() for reading in READINGS]


def test_an_altered_value_shows_as_another_checksum() -> None:
    records = stored_records(csv_of(READINGS[:1], value=9.5))
    assert list(records.checksums(("life", "conveyor-00"))) == [-1]


def test_an_altered_checksum_shows() -> None:
    assert list(stored_records(csv_of(READINGS[:1], checksum=7)).checksums(("life", "conveyor-00"))) == [-1]


def test_only_what_is_wanted_is_entered() -> None:
    assert len(stored_records(csv_of(READINGS), lambda reading: reading.sequence == 1)) == 1


def test_an_empty_answer_is_an_empty_book() -> None:
    assert len(stored_records("")) == 0


@pytest.mark.parametrize("text", ["name,tags\nx", "name,tags,time,sequence,value,checksum\nm,broken,1,1,1,1"])
def test_an_answer_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, KeyError, IndexError)):
        stored_records(text)


def test_a_life_is_judged_from_the_first_number_that_is_seen_of_it() -> None:
    topic = TopicLog()
    for offset, sequence in enumerate([40, 41, 43]):
        topic.add(0, offset, ("life", "conveyor-00"), sequence, 1)
    assert missing_numbers(topic) == [Discrepancy("life", "conveyor-00", 42, Where.PRODUCER)]


@pytest.mark.parametrize("part", ["audit", "own", "gaps"])
def test_a_loss_in_any_part_is_a_loss(part: str) -> None:
    finding = Discrepancy("life", "conveyor-00", 42, Where.BROKER)
    good = AuditReport(LedgerVerdict(), LedgerVerdict())
    assert good.holds
    bad = {
        "audit": AuditReport(LedgerVerdict(lost=[finding]), LedgerVerdict()),
        "own": AuditReport(LedgerVerdict(), LedgerVerdict(lost=[finding])),
        "gaps": AuditReport(LedgerVerdict(), LedgerVerdict(), [finding]),
    }[part]
    assert not bad.holds
    assert bad.lost == 1
    assert "life/conveyor-00#42" in str(bad)


def test_series_are_added_up_by_name_and_found_by_their_labels() -> None:
    text = (
        "# HELP writes_total Writes\nwrites_total 3.0\n"
        'failures_total{reason="tls"} 4.0\nfailures_total{reason="busy"} 1.0\nfailures_total_created{reason="tls"} 9\n'
    )
    assert series_in(text) == {"writes_total": 3.0, "failures_total": 5.0, "failures_total_created": 9.0}
    assert series_in(text, {"reason": "tls"}) == {"failures_total": 4.0, "failures_total_created": 9.0}
