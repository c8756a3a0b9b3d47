"""A story's judgements: each way to be wrong is told, with what was expected."""

from __future__ import annotations

import json

import pytest

from pipeline_services.audit.audit import Reckoning
from pipeline_services.audit.ledger import Finding, Verdict, Where
from pipeline_services.experiment.scenario import Case, Heals, Seen, Story
from pipeline_services.experiment.timeline import MOST_BYTES, as_json, as_text, merged
from pipeline_services.experiment.timeline_picture import svg
from pipeline_services.faults import Fault
from pipeline_services.measure.recovery import Moment, Recovery
from tests.audit.histories import START, history, outage, pod

GOOD = Recovery(START, Moment(2.0, 0.3), Moment(3.0, 0.2), Moment(3.0, 0.3), Moment(4.0, 0.5), 3.2, 400)


def story(recovery: Recovery | None = GOOD, *, heals: Heals = Heals.BY_ITSELF) -> Story:
    case = Case("processor-pod-deleted", "processor", lambda _pipeline: Fault("nothing", []), heals)
    found = Story(case, summary="pod processor-old deleted", recovery=recovery)
    found.samples = history(
        lambda at: (pod("old"),) if at < 0 else (pod("new", ready=at > 2),),
        outage(0.0, 3.0),
        lambda at: 400 if 0 < at < 4 else 9,
    )
    found.marks = {
        "begin": START - 5,
        "injected": START - 1,
        "landed": START,
        "recovered": START + 3,
        "end": START + 20,
    }
    found.reckoning = Reckoning(Verdict(), Verdict(duplicates=2))
    found.seen = [Seen("test_pods_ready[processor]", START + 0.4, 0.4, "inconclusive", "still starting")]
    return found


def test_a_good_story_passes() -> None:
    good = story()
    good.assert_recovered()
    good.assert_nothing_lost()
    good.assert_seen()
    good.assert_nothing_left()


def test_too_late_is_told_with_both_times() -> None:
    late = Recovery(START, GOOD.ready, GOOD.flowing, Moment(31.5, 0.3), GOOD.drained, 3.0, 10)
    with pytest.raises(AssertionError, match=r"processor was back after 31\.5 s, the limit is 30 s"):
        story(late).assert_recovered()


def test_never_back_is_told() -> None:
    never = Recovery(START, None, None, None, None, float("inf"), 10)
    with pytest.raises(AssertionError, match=r"not back at all; the limit is 30 s"):
        story(never).assert_recovered()
    with pytest.raises(AssertionError, match="nothing was measured"):
        story(None).assert_recovered()


def test_a_long_interruption_counts_where_it_healed_by_itself() -> None:
    gap = Recovery(START, GOOD.ready, GOOD.flowing, GOOD.recovered, GOOD.drained, 42.0, 10)
    with pytest.raises(AssertionError, match=r"no new reading was stored for 42\.0 s, the limit is 30 s"):
        story(gap).assert_recovered()
    story(gap, heals=Heals.BY_UNDO).assert_recovered()


def test_a_backlog_that_stays_is_told() -> None:
    stays = Recovery(START, GOOD.ready, GOOD.flowing, GOOD.recovered, None, 3.0, 9_999)
    with pytest.raises(AssertionError, match=r"did not drain \(peak 9999\)"):
        story(stays).assert_recovered()


def test_a_loss_is_named() -> None:
    bad = story()
    lost = Finding("audit-1", "conveyor-03", 17, Where.BROKER)
    bad.reckoning = Reckoning(Verdict(lost=[lost]), Verdict())
    with pytest.raises(AssertionError, match=r"audit-1/conveyor-03#17 \(broker\)"):
        bad.assert_nothing_lost()
    bad.reckoning = None
    with pytest.raises(AssertionError, match="was not read"):
        bad.assert_nothing_lost()


def test_checks_that_stayed_green_and_what_was_left_are_named() -> None:
    bad = story()
    bad.unseen, bad.leftovers = ["test_pods_ready[processor]"], ["networkpolicies/cut is new"]
    with pytest.raises(AssertionError, match=r"stayed green: test_pods_ready\[processor\]"):
        bad.assert_seen()
    with pytest.raises(AssertionError, match="networkpolicies/cut is new"):
        bad.assert_nothing_left()


def test_the_figures_are_what_was_seen() -> None:
    figures = story().figures()
    assert figures["seen after"] == 0.4
    assert figures["recovered after"] == 3.0
    assert figures["duplicates"] == 2.0
    assert "recovered after" not in story(None).figures()


def test_the_delay_until_a_change_has_effect_is_a_figure() -> None:
    told = story()
    assert "in effect after" not in told.figures()
    told.marks |= {"made": START - 0.75, "healed": START + 12, "gone": START + 13.5}
    assert (told.figures()["in effect after"], told.figures()["lifted after"]) == (0.75, 1.5)


def test_the_time_line_is_in_order_and_keeps_to_the_loud_lines() -> None:
    told = story()
    told.events = [
        {
            "metadata": {},
            "lastTimestamp": "1970-01-01T00:16:41Z",
            "involvedObject": {"kind": "Pod", "name": "processor-new"},
            "reason": "Started",
            "message": "Started container",
        }
    ]
    told.logs = {"processor-new": ["1970-01-01T00:16:42.5Z ERROR no trust", "1970-01-01T00:16:43Z INFO all is well"]}
    entries = merged(told)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    kinds = {entry.kind for entry in entries}
    assert kinds == {"mark", "check", "event", "pod", "log"}
    text = as_text(told)
    assert "+1.00 s  event  Pod/processor-new Started" in text
    assert "no trust" in text
    assert "all is well" not in text


def test_the_data_has_the_samples_and_states_the_error() -> None:
    data = json.loads(as_json(story()))
    assert data["sampling_error_s"] == 0.3
    assert len(data["lag"]) == len(story().samples.lag)
    assert data["figures"]["peak lag"] == 400


def test_a_long_time_line_is_cut_and_says_so() -> None:
    told = story()
    told.logs = {"kafka-0": [f"1970-01-01T00:16:42.5Z ERROR {'x' * 200} {number}" for number in range(5_000)]}
    text = as_text(told)
    assert len(text.encode()) < MOST_BYTES + 200
    assert "cut here" in text


def test_the_picture_is_small_and_always_the_same() -> None:
    picture = svg(story())
    assert picture == svg(story())
    assert b"pod processor-old deleted" in picture
    assert len(picture) < 100_000


def test_a_story_that_ended_early_still_has_a_picture_and_a_time_line() -> None:
    case = Case("kafka-pod-deleted", "kafka", lambda _pipeline: Fault("nothing", []))
    early = Story(case, marks={"begin": START, "end": START + 1})
    assert svg(early)
    assert as_text(early)
    assert json.loads(as_json(early))["recovery"] is None
