"""What is known to fail is let pass until a day, with a reason and an owner; nothing else, and no longer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline_services.checklist.checks import cases, require_known_exemptions
from pipeline_services.checklist.run import run_checks
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.run.summary import not_described
from pipeline_services.snapshot.snapshot import Snapshot
from tests.judgements.test_plain_pipeline import PLAIN, plain
from tests.judgements.world import World
from tests.runs import run

GOOD = {"check": "test_rollout_complete[processor]", "reason": "moves soon", "owner": "ops", "until": "2026-12-31"}


def described(**changed: str) -> Pipeline:
    return Pipeline.from_document({**PLAIN.document(), "exemptions": [GOOD | changed]})


def half_rolled_out() -> World:
    world = plain()
    world.workload("processor")["status"]["updatedReplicas"] = 0
    return world


def red(world: World, pipeline: Pipeline) -> list[str]:
    snapshot = Snapshot(world.now, "", pipeline.namespace, world.answers, world.failures, pipeline)
    return [*run_checks(snapshot, cases(pipeline, run="daily"))]


def test_an_exempted_failure_is_let_pass() -> None:
    assert red(half_rolled_out(), PLAIN) == [GOOD["check"]]
    assert red(half_rolled_out(), described()) == []
    assert red(half_rolled_out(), described(check="test_rollout_complete")) == []


def test_another_case_a_day_later_and_what_is_not_known_are_not() -> None:
    assert red(half_rolled_out(), described(check="test_rollout_complete[kafka]")) == [GOOD["check"]]
    assert red(half_rolled_out(), described(until="2026-11-17")) == [GOOD["check"]]
    world = plain()
    world.fail("deployments", NoData("cannot be read"))
    assert GOOD["check"] in red(world, described())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": " "}, "has no reason"),
        ({"owner": ""}, "has no owner"),
        ({"until": "soon"}, "'soon', which is no day"),
    ],
)
def test_an_exemption_that_says_nothing_is_refused(changed: dict[str, str], said: str) -> None:
    with pytest.raises(PreconditionNotMet, match=said):
        described(**changed)


def test_one_for_no_check_is_refused_with_the_nearest() -> None:
    require_known_exemptions(described())
    with pytest.raises(PreconditionNotMet, match=r"did you mean 'test_rollout_complete\[processor\]'"):
        require_known_exemptions(described(check="test_rollout_complete[procesor]"))


@pytest.mark.parametrize(("until", "code", "said"), [("2026-12-31", 0, "exempted: "), ("2026-11-17", 1, "FAILED")])
def test_a_run_says_what_is_exempted_and_what_is_not_here(until: str, code: int, said: str, tmp_path: Path) -> None:
    world, pipeline = half_rolled_out(), described(until=until)
    file = tmp_path / "seen.json"
    Snapshot(world.now, "", pipeline.namespace, world.answers, {}, pipeline).save(file)
    done = run("pytest", "-p", "tests.no_page", "-m", "daily", f"--snapshot={file}", f"--reports={tmp_path / 'r'}")
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout
    noted = [one for one in json.loads((tmp_path / "r" / "daily.json").read_text())["checks"] if "exempted" in one]
    assert [one["id"].rpartition("::")[2] for one in noted] == ([GOOD["check"]] if code == 0 else [])
    assert "not here, by the profile: hpa, loki, grafana; figures for" in " ".join(done.stdout.split()) or code


def test_of_the_suite_s_own_pipeline_nothing_is_missing() -> None:
    assert not_described(Pipeline.load()) == []
    assert not_described(PLAIN)[0].startswith("not here, by the profile: hpa, loki, grafana; figures for end-to-end")
