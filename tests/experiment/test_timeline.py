"""A result's figures, time line and picture."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from pipeline_services.experiment.result import Evidence, Gate, Result, as_line
from pipeline_services.experiment.timeline import MAX_BYTES, as_json, as_text, merged, phases
from pipeline_services.experiment.timeline_picture import svg
from pipeline_services.measure.datasource import Transitions
from pipeline_services.measure.recovery import Moment
from pipeline_services.model.errors import NoData
from tests.experiment.results import GOOD, START, result, scenario

EARLY = Result(scenario(), Gate(START), evidence=Evidence(START + 1))


def with_evidence(**read: Any) -> Result:
    found = result()
    assert found.evidence is not None
    return replace(found, evidence=replace(found.evidence, **read))


def test_the_figures_are_what_was_seen() -> None:
    figures = result().figures()
    assert figures["seen after"] == 0.4
    assert figures["recovered after"] == 3.0
    assert figures["duplicates"] == 2.0
    assert (figures["in effect after"], figures["lifted after"]) == (0.75, 1.5)
    assert "recovered after" not in result(None).figures()
    assert EARLY.figures() == {}


def test_a_stall_without_an_end_is_no_figure_and_no_number_in_json() -> None:
    endless = result(replace(GOOD, interrupted=math.inf))
    assert "interrupted" in result().figures()
    assert "interrupted" not in endless.figures()
    assert json.loads(as_json(endless), parse_constant=pytest.fail)["recovery"]["interrupted"] is None


def test_what_is_timed_beside_the_recovery_is_a_figure() -> None:
    timed = result()
    assert timed.recovered is not None
    datasource = Transitions(Moment(1.0, 0.2), Moment(9.0, 0.4))
    beside = replace(timed.recovered, rejoined=Moment(6.2, 0.5), datasource=datasource, shards=96)
    figures = replace(timed, recovered=beside).figures()
    assert (figures["re-joined after"], figures["shards"]) == (6.2, 96.0)
    assert (figures["data source red after"], figures["data source green after"]) == (1.0, 9.0)


def test_the_line_has_the_limit_and_the_figures() -> None:
    assert as_line(result()).startswith("processor-pod-deleted: limit 30 s; seen after 0.4, ")
    assert as_line(EARLY) == "processor-pod-deleted: not measured"


def test_what_was_never_diagnosed_has_no_verdict_and_is_a_document_still() -> None:
    with pytest.raises(NoData, match="never diagnosed"):
        _ = EARLY.verdict
    assert (EARLY.to_dict()["verdict"], EARLY.to_dict()["seconds"]) == (None, 0.0)


def test_every_phase_that_was_reached_has_its_moment() -> None:
    names = ["begin", "injected", "made", "landed", "healed", "gone", "ready", "flowing", "recovered", "drained", "end"]
    assert list(phases(result())) == names
    assert phases(result())["drained"] == START + 4
    assert phases(EARLY) == {"begin": START, "end": START + 1}


def test_the_time_line_is_in_order_and_keeps_to_the_loud_lines() -> None:
    events = [
        {
            "metadata": {},
            "lastTimestamp": "1970-01-01T00:16:41Z",
            "involvedObject": {"kind": "Pod", "name": "processor-new"},
            "reason": "Started",
            "message": "Started container",
        }
    ]
    logs = {"processor-new": ["1970-01-01T00:16:42.5Z ERROR no trust", "1970-01-01T00:16:43Z INFO all is well"]}
    found = with_evidence(events=events, logs=logs)
    entries = merged(found)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert {entry.kind for entry in entries} == {"mark", "check", "event", "pod", "log"}
    text = as_text(found)
    assert "-1.00 s  mark   injected: pod processor-old deleted" in text
    assert "+1.00 s  event  Pod/processor-new Started" in text
    assert "no trust" in text
    assert "all is well" not in text


def test_the_data_has_the_samples_and_states_the_error() -> None:
    found = result()
    assert found.evidence is not None
    data = json.loads(as_json(found))
    assert data["sampling_error_s"] == 0.3
    assert len(data["lag"]) == len(found.evidence.samples.lag)
    assert data["figures"]["peak lag"] == 400
    assert data["marks"]["landed"] == START


def test_a_long_time_line_is_cut_and_says_so() -> None:
    loud = [f"1970-01-01T00:16:42.5Z ERROR {'x' * 200} {number}" for number in range(5_000)]
    text = as_text(with_evidence(logs={"kafka-0": loud}))
    assert len(text.encode()) < MAX_BYTES + 200
    assert "cut here" in text


def test_the_picture_is_small_and_always_the_same() -> None:
    picture = svg(result())
    assert picture == svg(result())
    assert b"pod processor-old deleted" in picture
    assert len(picture) < 100_000


def test_a_result_that_ended_early_still_has_a_picture_and_a_time_line() -> None:
    assert svg(EARLY)
    assert as_text(EARLY)
    assert json.loads(as_json(EARLY))["recovery"] is None
