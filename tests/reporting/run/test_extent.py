"""A run that judges a part of the checks never speaks for the whole, and never takes the whole one's report away."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings
from pipeline_services.reporting.run.cases import CaseLabels
from pipeline_services.reporting.run.extent import Extent
from pipeline_services.reporting.run.source import SnapshotSource
from tests.reporting.samples import CHECKS, Project, snapshot

pytest_plugins = ("pytester",)

STOPPED_EARLY = """
import pytest
@pytest.hookimpl(tryfirst=True)
def {hook}:
    sessions[0].{how} = "session-timeout: 1.0 sec exceeded"
sessions = []
def pytest_sessionstart(session):
    sessions.append(session)
"""


def judged_whole(project: Project) -> bytes:
    """The report of a whole run, as it lies there before a part is run."""
    project.judge(snapshot())
    return (project.reports / "daily.json").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-k", "kafka"], "1 of 5 checks, all passed; conveyor-pipeline on *"),
        (["--deselect", "checks/test_made.py::test_volume"], "4 of 5 checks, all passed; *"),
        (["checks/test_made.py::test_volume"], "1 picked checks, all passed; *"),
        (["checks/test_made.py"], "5 picked checks, all passed; *"),
        (["checks", "--ignore", "checks/test_other.py"], "5 picked checks, all passed; *"),
        (["-m", "daily and sample"], "1 of 5 checks, all passed; *"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_picked_checks_are_counted_and_publish_nothing(project: Project, arguments: list[str], says: str) -> None:
    sampled = CHECKS.replace('@component("storage")', '@component("storage")\n@pytest.mark.sample')
    project.write("checks", sampled)
    before = judged_whole(project)
    run = project.judge(snapshot(), *arguments)
    assert run.ret == 0
    run.stdout.fnmatch_lines(["Only some checks were run: * is as it was *", says])
    run.stdout.no_fnmatch_line("*PASSED: all*")
    assert (project.reports / "daily.json").read_bytes() == before


def test_the_parts_that_an_environment_does_not_have_are_no_part_of_the_whole(project: Project) -> None:
    settings = project.settings('[absent]\ncomponents = ["storage"]\n')
    project.judge(snapshot(), *settings).stdout.fnmatch_lines(["PASSED: all 4 checks; *"])


def test_what_the_settings_change_stands_on_the_terminal_and_in_the_file(project: Project) -> None:
    settings = project.settings('[absent]\ncomponents = ["storage"]\n[thresholds.consumer-lag]\nfail = 50000\n')
    run = project.judge(snapshot(), *settings)
    run.stdout.fnmatch_lines(["not here, *: storage", "changed by the settings: consumer-lag fails unless < 50000 *"])
    about = json.loads((project.reports / "daily.json").read_text())["run"]
    assert about["absent"] == ["storage"]
    assert [change.partition(" ")[0] for change in about["changed_by_settings"]] == ["consumer-lag"]


def test_picked_checks_that_fail_say_of_how_many(project: Project) -> None:
    run = project.judge(snapshot({"pods": []}), "-k", "kafka")
    assert run.ret == 1
    run.stdout.fnmatch_lines(["FAILED: 1 failed (kafka 1), 0 passed (1 of 5 checks); *"])


@pytest.mark.parametrize("how", ["shouldfail", "shouldstop"])
def test_a_run_that_was_cut_short_is_not_green_and_publishes_nothing(project: Project, how: str) -> None:
    before = judged_whole(project)
    (project.pytester.path / "checks" / "conftest.py").write_text(
        STOPPED_EARLY.format(hook="pytest_runtest_logfinish(nodeid)", how=how)
    )
    run = project.judge(snapshot())
    assert run.ret == 2
    run.stdout.fnmatch_lines(["INCONCLUSIVE  4 checks of *: was not run: the run ended before it", "INCONCLUSIVE: 4 *"])
    assert (project.reports / "daily.json").read_bytes() == before


def test_cut_short_before_the_first_check_can_be_judged_is_not_known(project: Project) -> None:
    early = STOPPED_EARLY.format(hook="pytest_runtest_logstart(nodeid)", how="shouldfail")
    (project.pytester.path / "checks" / "conftest.py").write_text(early)
    assert project.judge(snapshot()).ret == 2


def test_stopping_at_the_first_failure_says_what_was_not_run(project: Project) -> None:
    before = judged_whole(project)
    run = project.judge(snapshot({"pods": []}), "-x")
    assert run.ret == 1
    run.stdout.fnmatch_lines(["FAILED: 1 failed (kafka 1), 4 inconclusive (*), 0 passed; *"])
    assert (project.reports / "daily.json").read_bytes() == before


def test_a_case_that_ends_the_session_leaves_the_rest_not_known(project: Project) -> None:
    ending = CHECKS.replace('    """The metric keeps to its level."""', '    pytest.exit("enough", returncode=0)')
    project.write("checks", ending)
    run = project.judge(snapshot())
    assert run.ret == 2
    run.stdout.no_fnmatch_line("*PASSED*")


@pytest.mark.parametrize("option", ["--setup-plan", "--setup-only"])
def test_what_is_only_set_up_is_not_judged(project: Project, option: str) -> None:
    before = judged_whole(project)
    run = project.judge(snapshot(), option)
    assert run.ret == 2
    run.stdout.fnmatch_lines(["INCONCLUSIVE: none of the 5 checks could be judged; *"])
    assert (project.reports / "daily.json").read_bytes() == before


def test_nothing_selected_is_refused_in_one_line(project: Project) -> None:
    run = project.judge(snapshot(), "-k", "nosuch")
    assert run.ret == 4
    run.stdout.fnmatch_lines(["REFUSED: -k, -m, --lf and the paths select no check: nothing was judged"])


def test_everything_absent_is_refused_in_one_line(project: Project) -> None:
    settings = project.settings('[absent]\ncomponents = ["storage", "kafka", "producer", "processor"]\n')
    run = project.judge(snapshot(), *settings)
    assert run.ret == 4
    run.stdout.fnmatch_lines(["REFUSED: every component is absent, by the settings: nothing was judged"])


def test_several_processes_are_one_and_it_is_said(project: Project) -> None:
    seen = snapshot({"pods": []})
    alone = project.judge(seen)
    first = json.loads((project.reports / "daily.json").read_text())["checks"]
    run = project.judge(seen, "-n", "2")
    assert run.ret == alone.ret == 1
    run.stdout.fnmatch_lines(["-n is left out: *"])
    assert json.loads((project.reports / "daily.json").read_text())["checks"] == first
    assert (project.reports / "junit.xml").is_file()


def test_a_report_that_was_asked_for_says_that_it_is_a_part(project: Project) -> None:
    project.judge(snapshot(), "-k", "kafka", "--reports", "part")
    document = json.loads((project.pytester.path / "part" / "daily.json").read_text())
    assert document["run"]["left_out"] == 4
    assert "1 of 5 checks, all passed" in (project.pytester.path / "part" / "index.html").read_text()


@pytest.mark.parametrize(
    ("plugin", "lacks"), [("terminal", "place for a verdict"), ("junitxml", "junit.xml"), ("allure_pytest", "report")]
)
def test_a_run_without_a_plugin_that_it_needs_is_refused_in_one_line(project: Project, plugin: str, lacks: str) -> None:
    run = project.run("-m", "daily", "-p", f"no:{plugin}")
    assert run.ret == 4
    said = [line for line in [*run.outlines, *run.errlines] if line]
    [line] = said
    assert line.startswith(
        f"ERROR: without pytest's {plugin} there is no {lacks}: leave out -p no:{plugin} and PYTEST_"
    )


@pytest.mark.parametrize(("typed", "meant"), [("dayly", "daily"), ("week", "weekly"), ("daily or montly", "monthly")])
def test_a_mistyped_run_is_refused_before_anything_is_collected(project: Project, typed: str, meant: str) -> None:
    run = project.run("-m", typed)
    assert run.ret == 4
    (line,) = [line for line in [*run.outlines, *run.errlines] if line]
    assert line.endswith(f"there is no such marker; did you mean {meant}?")


@pytest.mark.parametrize(
    "option", ["--context=", "--kubeconfig=", "--namespace=", "--snapshot=", "--fleet=", "--reports="]
)
def test_an_option_that_a_variable_left_empty_is_refused_and_looks_at_nothing(project: Project, option: str) -> None:
    run = project.run("-m", "daily", option)
    assert run.ret == 4
    said = [line for line in [*run.outlines, *run.errlines] if line]
    assert said == [f"ERROR: {option.rstrip('=')} is empty: give it a value, or leave it out"]


def test_a_case_that_was_left_out_once_all_were_known_is_none_that_was_not_run() -> None:
    extent = Extent.__new__(Extent)
    extent._judged = set()
    extent._left_out = [cast("pytest.Item", SimpleNamespace(nodeid="left out"))]
    labels = dict.fromkeys(("left out", "not run"), CaseLabels("kafka", "pod-status", ("matrix",)))
    assert [case.id for case in extent.not_run(labels, {})] == ["not run"]


@pytest.mark.parametrize(
    ("component", "marker", "left_out"),
    [("hpa", "daily", True), ("hpa", "matrix", False), ("kafka", "daily", False), ("loki", "matrix", True)],
)
def test_what_is_not_here_is_left_out_but_for_rows_that_say_themselves_what_they_need(
    component: str, marker: str, left_out: bool
) -> None:
    source = SnapshotSource.__new__(SnapshotSource)
    source.pipeline, source.settings = Pipeline.load(Path("plain")), Settings(absent=frozenset({"loki"}))
    assert source.leaves_out(CaseLabels(component, "pod-status", (marker,))) is left_out
