"""A case carries what it was judged on: enough, and not too much."""

from __future__ import annotations

import json

from pipeline_services.model.errors import NoData
from pipeline_services.reporting.run.attachments import (
    LOG_LINES,
    MAX_BYTES,
    PASSED_BYTES,
    Attachment,
    CaseAttachments,
    ReadLog,
)
from pipeline_services.reporting.run.outcome import CaseResult
from pipeline_services.snapshot.snapshot import Snapshot
from tests.reporting.samples import deviation, pod, result, snapshot

BIG = [f"x{number}" for number in range(100_000)]
LOG = [{"pod": "kafka-0", "container": "kafka", "lines": [f"line {number}" for number in range(200)]}]


def of(seen: Snapshot, case: CaseResult, *sources: str) -> dict[str, Attachment]:
    case.sources = sources
    return {attached.name: attached for attached in CaseAttachments(seen).of(case)}


def test_reads_are_noted_once_and_in_order() -> None:
    seen = ReadLog.over(snapshot())
    for source in ("volume", "pods", "volume"):
        seen.data(source)
    assert seen.take_reads() == ("volume", "pods")
    assert seen.take_reads() == ()


def test_a_list_is_cut_down_to_the_component() -> None:
    attached = of(snapshot(), result("a", "kafka"), "pods")["pods"]
    assert json.loads(attached.text) == [pod("kafka")]


def test_a_list_that_does_not_name_the_component_stays_whole() -> None:
    attached = of(snapshot(), result("a", "loki"), "pods")["pods"]
    assert len(json.loads(attached.text)) == 2


def test_a_source_that_failed_says_why() -> None:
    attached = of(snapshot({"volume": NoData("empty")}), result("a", "storage"), "volume")["volume"]
    assert attached.text == "NoData: empty\n"
    assert not attached.is_json


def test_a_red_case_has_its_log_tail_and_events() -> None:
    seen = snapshot({"logs/kafka": LOG, "events": []})
    attached = of(seen, result("a", "kafka", deviation()), "pods")
    assert list(attached) == ["pods", "events", "logs/kafka"]
    assert attached["logs/kafka"].text.count("line ") == LOG_LINES
    assert list(of(seen, result("a", "kafka"), "pods")) == ["pods"]


def test_what_is_too_long_is_cut_and_says_so() -> None:
    seen = snapshot({"big": BIG, "more": BIG})
    red = of(seen, result("a", "hpa", deviation()), "big", "more")
    assert sum(len(attached.text.encode()) for attached in red.values()) <= MAX_BYTES
    assert "the whole is in snapshot.json" in red["big"].text
    assert not red["big"].is_json
    green = of(seen, result("a", "hpa"), "big")
    assert len(green["big"].text.encode()) <= PASSED_BYTES
