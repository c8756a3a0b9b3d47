"""From a verdict to the cases of a run: what fails, what is not known, and what is attached."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chaos import validation
from pipeline_services.faults.journal import Journal
from pipeline_services.model.errors import NoData
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.release import records
from pipeline_services.release.candidate import Candidate
from pipeline_services.release.decision import judge
from pipeline_services.release.facts import Fact
from pipeline_services.release.gates import METRICS
from pipeline_services.release.rollout import APPS
from pipeline_services.release.verdict import Conclusion, conclude
from tests.experiment.results import result
from tests.release.made import FACTS, evidence, pairs
from tests.release.test_rollout import OLD, PIPELINE, Cluster

CPU = METRICS[0].id
NEEDED = [metric.id for metric in METRICS]


def concluded(**changes: Any) -> Conclusion:
    return conclude(evidence(**changes), FACTS, NEEDED)


LOST = concluded(facts=[Fact("lost", False, "1 of 100")], metrics=[])
UNKNOWN = concluded(facts=[Fact("lost", None, "not read")], metrics=[])
SLOW = concluded(metrics=judge(METRICS, pairs(1.4)))
OPEN = concluded(metrics=judge(METRICS, {**pairs(), CPU: [(100.0, 100.0), (100.0, 112.0)] * 4}))


def test_a_go_passes_every_case(attached: list[str]) -> None:
    good = concluded()
    validation.require_go(good)
    for fact in FACTS:
        validation.require_fact(good, fact)
    for metric in NEEDED:
        validation.require_not_worse(good, metric)
    assert METRICS[0].title in attached


def test_a_no_go_fails_and_says_the_first_reason_first(attached: list[str]) -> None:
    for stopped, reason in (
        (LOST, "NO-GO: acknowledged readings are missing in the store: 1 of 100"),
        (SLOW, "NO-GO: CPU time per stored reading"),
    ):
        with pytest.raises(AssertionError) as told:
            validation.require_go(stopped)
        assert str(told.value).startswith(reason)
    with pytest.raises(AssertionError, match="1 of 100"):
        validation.require_fact(LOST, "lost")
    with pytest.raises(AssertionError, match="more than the margin"):
        validation.require_not_worse(SLOW, CPU)


def test_what_is_not_known_fails_nothing_and_passes_nothing(attached: list[str]) -> None:
    for unknown in (UNKNOWN, OPEN):
        with pytest.raises(NoData, match="NOT ENOUGH DATA"):
            validation.require_go(unknown)
    with pytest.raises(NoData, match="not known whether no acknowledged reading is missing in the store: not read"):
        validation.require_fact(UNKNOWN, "lost")
    for never_reached in (
        lambda: validation.require_fact(LOST, "ready"),
        lambda: validation.require_not_worse(LOST, CPU),
    ):
        with pytest.raises(NoData) as told:
            never_reached()
        assert str(told.value) == (
            "not measured: the run ended before; first reason: acknowledged readings are missing in the store"
        )
    with pytest.raises(NoData, match="leaves it open"):
        validation.require_not_worse(OPEN, CPU)


def test_the_page_has_the_verdict_first_and_the_verdicts_before(attached: list[str], tmp_path: Path) -> None:
    records.write(tmp_path, SLOW)
    found = concluded(control=judge(METRICS, pairs()))
    validation.attach(found, cast(Any, SimpleNamespace(reports=tmp_path)))
    assert attached[:2] == ["facts", "roll-out"]
    assert attached[-2:] == ["release.json", "verdicts so far"]
    assert json.loads((tmp_path / "release.json").read_text())["verdict"] == "no-go"


def test_a_scenario_that_holds_says_nothing_and_another_says_why() -> None:
    good = result()
    assert validation.not_as_expected(good) == []
    told = validation.not_as_expected(type(good)(good.scenario, good.gate))
    assert any("the ledger was not read" in one for one in told)
    assert len(told) == 3


def test_a_rehearsal_says_what_is_done_and_undone_and_changes_nothing(tmp_path: Path) -> None:
    cluster, lines = Cluster(), []  # type: ignore[var-annotated]
    probes = SimpleNamespace(pipeline=PIPELINE)
    steady: Any = SimpleNamespace(
        description=PIPELINE, api=cluster, journal=Journal(tmp_path / "journal"), probes=probes, say=lines.append
    )
    validation.rehearse(steady, Candidate.of("tests/candidates/good", REPOSITORY))
    said = "\n".join(lines)
    assert said.startswith("tests/candidates/good: trial, baseline against itself, rounds, roll-out, failures")
    assert len(re.findall(r"^ +inject +POST .*networkpolicies$", said, re.MULTILINE)) == 3
    assert len(re.findall(r"^ +undo +DELETE .*networkpolicies/", said, re.MULTILINE)) == 3
    assert len(re.findall(r"^ +(?:inject|undo) +PATCH .*deployments/(?:processor|producer)$", said, re.MULTILINE)) == 4
    assert "the operator's token" not in said
    assert {cluster.image(app) for app in APPS} == {OLD}
    lines.clear()
    validation.rehearse(steady, Candidate.of("tests/candidates/good", REPOSITORY), measure_only=True)
    assert lines[0] == "tests/candidates/good: trial, baseline against itself, rounds"
    assert not any("deployments/" in line or "failures" in line for line in lines)
    assert not (tmp_path / "journal").exists()
