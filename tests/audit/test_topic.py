"""What of a topic is entered into which log: each reading with its place and its content, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.apps.sensors import sensors
from pipeline_services.audit import topic
from pipeline_services.audit.records import TopicLog
from pipeline_services.audit.topic import read_topic
from pipeline_services.model.message import encode


def test_each_reading_is_entered_into_the_log_that_it_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    own, other, stray = (sensors(producer, 1)[0].read() for producer in ("own", "other", "stray"))
    values = [encode(own), b"no reading", encode(other), encode(stray)]
    records = [SimpleNamespace(value=value, partition=2, offset=7 + place) for place, value in enumerate(values)]
    asked: list[Any] = []

    def read_records(*arguments: Any) -> None:
        asked.append(arguments[:-1])
        for record in records:
            arguments[-1](record)

    monkeypatch.setattr(topic, "read_records", read_records)
    logs = {"own": TopicLog(), "other": TopicLog()}
    read_topic(9092, "readings", {2: 7}, {2: 11}, lambda reading: logs.get(reading.producer_id))
    assert asked == [(9092, "readings", {2: 7}, {2: 11})]
    for reading, offset in ((own, 7), (other, 9)):
        log, series = logs[reading.producer_id], (reading.producer_id, reading.device_id)
        assert [*log.records] == [series]
        assert [*log.records.sequences(series)] == [reading.sequence]
        assert [*log.records.checksums(series)] == [reading.checksum()]
        assert ([*log.partitions(series)], [*log.offsets(series)]) == ([2], [offset])
