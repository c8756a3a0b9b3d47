"""What a scenario asserts beside its recovery: flow, backlog, group, what is kept, the data source, triage."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from types import ModuleType

import pytest

from pipeline_services.experiment.persistence import Kept
from pipeline_services.experiment.scenario import Diagnosed, Heals, Story
from pipeline_services.measure.datasource import Turns
from pipeline_services.measure.recovery import Moment, Recovery
from pipeline_services.measure.samples import LagSample
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.causes import CAUSES
from pipeline_services.triage.model import Diagnosis, Finding
from tests.experiment.test_scenario import GOOD, START, story


def test_a_flow_that_should_have_stopped_and_did_not_is_told() -> None:
    went_on = story(
        Recovery(START, GOOD.ready, GOOD.flowing, GOOD.recovered, GOOD.drained, 1.9, 10), heals=Heals.BY_UNDO
    )
    went_on.case = replace(went_on.case, stops=True, hold=10.0)
    with pytest.raises(AssertionError, match=r"went on being stored, the longest gap was 1\.9 s"):
        went_on.assert_recovered()
    went_on.case = replace(went_on.case, hold=3.0)
    went_on.assert_recovered()


def test_a_backlog_that_never_grew_is_told() -> None:
    told = story()
    told.assert_backlog_grew()
    told.recovery = Recovery(START, GOOD.ready, GOOD.flowing, GOOD.recovered, GOOD.drained, 3.2, 9)
    with pytest.raises(AssertionError, match="no backlog grew: at most 9 readings, 9 before it"):
        told.assert_backlog_grew()


def test_a_group_that_came_back_late_or_never_is_told() -> None:
    told = story()
    with pytest.raises(AssertionError, match="was not seen whole again"):
        told.assert_rejoined()
    told.rejoined = Moment(10.1, 0.5)
    with pytest.raises(AssertionError, match=r"whole 10\.1 s after the new process's start, not 10 s"):
        told.assert_rejoined()
    told.rejoined = Moment(6.2, 0.5)
    told.assert_rejoined()
    assert told.figures()["re-joined after"] == 6.2


def test_what_was_not_kept_is_told() -> None:
    told = story()
    with pytest.raises(AssertionError, match="was not looked at"):
        told.assert_kept()
    before = Kept("kafka-0", "one", "claim", "volume", "cluster", {0: 1})
    told.kept = before, replace(before, life="two", committed={0: 2})
    told.assert_kept()
    told.samples.lag[3:5] = [LagSample(1.0, 1.0, committed={0: 9}), LagSample(2.0, 2.0, committed={0: 3})]
    with pytest.raises(AssertionError, match="not kept: partition 0: committed went back from 9 to 3"):
        told.assert_kept()
    told.kept = before, replace(before, life="two", cluster_id="another", committed={0: 2})
    with pytest.raises(AssertionError, match="the cluster id was cluster and is another"):
        told.assert_kept()


def test_a_data_source_that_did_not_turn_is_told() -> None:
    told = story()
    with pytest.raises(AssertionError, match="was not looked at"):
        told.assert_datasource_turned()
    told.turns = Turns(None, None)
    with pytest.raises(AssertionError, match="stayed green"):
        told.assert_datasource_turned()
    told.turns = Turns(Moment(1.0, 0.2), None, "no route")
    with pytest.raises(AssertionError, match=r"is red since 1\.0 s \(-0\.2\): no route"):
        told.assert_datasource_turned()
    told.turns = Turns(Moment(1.0, 0.2), Moment(9.0, 0.4))
    told.assert_datasource_turned()
    assert told.figures()["data source green after"] == 9.0


def diagnosing(monkeypatch: pytest.MonkeyPatch, *causes: str) -> Story:
    """A story whose triage says these causes of the processor, the first one first."""
    findings = tuple(Finding(CAUSES[cause], "processor", f"it is {cause}") for cause in causes)
    module = ModuleType("pipeline_services.triage.diagnosis")
    vars(module)["diagnose"] = lambda snapshot: Diagnosis(snapshot.taken_at, "context", "ns", findings)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    told = story()
    told.case = replace(told.case, diagnosis=Diagnosed("processor", frozenset({"process-hung", "not-ready"}), "L1"))
    told.snapshot = Snapshot(1.0, "context", "ns")
    return told


def test_the_first_finding_has_to_be_the_expected_one(monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosing(monkeypatch, "process-hung", "token-refused").assert_diagnosed()


@pytest.mark.parametrize(
    ("causes", "told"),
    [
        ((), "says that nothing is wrong"),
        (("token-refused", "process-hung"), "processor: token-refused (L2): it is token-refused; processor: process-h"),
        (("not-ready",), "processor: not-ready (L2)"),
    ],
    ids=["nothing", "another first", "another level"],
)
def test_a_wrong_diagnosis_is_told_with_what_was_said(
    monkeypatch: pytest.MonkeyPatch, causes: tuple[str, ...], told: str
) -> None:
    with pytest.raises(AssertionError, match=re.escape(told)) as raised:
        diagnosing(monkeypatch, *causes).assert_diagnosed()
    assert "triage should say processor: not-ready or process-hung (L1)" in str(raised.value)


def test_another_component_is_another_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    told = diagnosing(monkeypatch, "process-hung")
    told.case = replace(told.case, diagnosis=Diagnosed("producer", frozenset({"process-hung"}), "L1"))
    with pytest.raises(AssertionError, match="triage should say producer: process-hung"):
        told.assert_diagnosed()


def test_triage_is_asked_only_where_something_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    told = diagnosing(monkeypatch, "process-hung")
    told.snapshot = None
    with pytest.raises(AssertionError, match="no snapshot was taken"):
        told.assert_diagnosed()
    told.case = replace(told.case, diagnosis=None)
    told.assert_diagnosed()
