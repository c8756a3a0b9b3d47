"""The table of what was played, the medians, and what is slower than usual."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.model.installation import Installation
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.run import looks, scenarios
from pipeline_services.reporting.run.scenarios import Row, Scenarios, medians, read, slower
from tests.reporting.samples import Project

pytest_plugins = ("pytester",)

FIGURES = {
    **{"seen after": 0.4, "ready after": 9.1, "flowing after": 12.25, "recovered after": 14.0, "drained after": 14.5},
    **{"lost": 0.0, "duplicates": 3.0, "peak lag": 700.0},
}
START = 2_000.0
HERE = Installation("kind-a", "pipeline", "uid", START - 1_000)


def row(case: str = "kafka-pod-deleted", component: str = "kafka", **figures: float) -> Row:
    changed = {name.replace("_", " "): value for name, value in figures.items()}
    return Row(case, component, 60.0, {**FIGURES, **changed})


def past(runs: int, **figures: float) -> list[dict[str, dict[str, float]]]:
    one = row(**figures)
    return [{one.id: dict(one.figures)} for _ in range(runs)]


def lines(runs: scenarios.Past, where: Installation = HERE) -> Sequence[dict[str, Any]]:
    """The runs as the history has them."""
    return [{**where.document(), "at": START, "scenarios": run} for run in runs]


def test_the_table_has_every_scenario_with_its_times_counts_and_limit() -> None:
    played = Scenarios(Pipeline.load())
    played.add(row())
    played.add(Row("kafka-process-killed", "kafka", 60.0, {"lost": 0.0}))
    lines = played.lines()
    assert lines[0].split() == [
        *("scenario", "(seconds)", "seen", "ready", "flowing", "recovered", "limit", "drained", "lost", "duplicates")
    ]
    assert lines[1].split() == ["kafka-pod-deleted", "0.4", "9.1", "12.2", "14.0", "60", "14.5", "0", "3"]
    assert lines[2].split() == ["kafka-process-killed", "-", "-", "-", "-", "60", "-", "0", "-"]
    assert lines[3] == "readings flow again, median of 1 with kafka: 12.2 s; the aim is 15 s"
    assert len(lines) == 4


def test_a_stores_recovery_stands_beside_the_number_of_its_shards() -> None:
    played = Scenarios(Pipeline.load())
    played.add(row("influxdb-pod-deleted", "influxdb", shards=96.0))
    assert played.lines()[2].startswith("influxdb-pod-deleted: the store recovered with 96 shards")
    assert played.document()["scenarios"][0]["shards"] == 96.0


def test_a_run_that_plays_nothing_says_nothing() -> None:
    assert (Scenarios(Pipeline.load()).lines(), Scenarios(Pipeline.load()).document()) == ([], {})


def test_the_median_is_taken_by_component_and_held_against_its_aim() -> None:
    rows = [row(flowing_after=value) for value in (2.0, 30.0, 16.0)]
    rows.append(row("influxdb-pod-deleted", "influxdb", flowing_after=4.0))
    assert medians(rows) == {"kafka": 16.0, "influxdb": 4.0}
    played = Scenarios(Pipeline.load())
    for one in rows:
        played.add(one)
    assert "median of 3 with kafka: 16.0 s; the aim is 15 s and is missed" in played.lines()[-2]
    assert played.lines()[-1].endswith("median of 1 with influxdb: 4.0 s; the aim is 15 s")


def test_much_slower_than_five_earlier_runs_is_a_warning_with_both_times() -> None:
    played = Scenarios(Pipeline.load(), lines(past(5, recovered_after=14.0)), here=HERE)
    warning = played.add(row(recovered_after=31.0))
    assert warning == (
        "slower than usual: kafka-pod-deleted: recovered after 31.0 s, the median of 5 earlier runs is 14.0 s"
    )
    assert len(played.rows) == 1


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        (past(4, recovered_after=14.0), row(recovered_after=90.0)),
        (past(5, recovered_after=14.0), row(recovered_after=27.9)),
        (past(5, seen_after=0.4), row(seen_after=5.3)),
        (past(9, recovered_after=1.0), row("another", recovered_after=90.0)),
        (past(5, recovered_after=14.0), Row("kafka-pod-deleted", "kafka", 60.0, {})),
    ],
    ids=["too-few-runs", "not-twice", "not-by-five-seconds", "never-played", "not-measured"],
)
def test_nothing_else_is_called_slow(earlier: scenarios.Past, now: Row) -> None:
    assert slower(now, earlier) == []


def test_runs_of_another_cluster_or_of_an_older_suite_are_not_the_past() -> None:
    usual = past(5, recovered_after=14.0)
    elsewhere = lines(usual, replace(HERE, uid="the one before"))
    for kept in (elsewhere, usual):
        played = Scenarios(Pipeline.load(), kept, here=HERE)
        assert played.add(row(recovered_after=31.0)) == ""
    nowhere = Scenarios(Pipeline.load(), lines(usual))
    assert nowhere.add(row(recovered_after=31.0)) == ""


def test_one_slow_run_does_not_make_slow_usual() -> None:
    earlier = [*past(4, recovered_after=10.0), *past(2, recovered_after=200.0)]
    assert slower(row(recovered_after=31.0), earlier)


def test_the_history_keeps_the_last_runs_and_survives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / scenarios.HISTORY
    file.parent.mkdir()
    played = Scenarios.after(tmp_path, Pipeline.load())
    for number in range(scenarios.RUNS_KEPT + 2):
        played = Scenarios.after(tmp_path, Pipeline.load())
        played.here = HERE
        played.add(row(recovered_after=float(number)))
        played.remember(file, START)
    played = Scenarios.after(tmp_path, Pipeline.load())
    played.here = HERE
    kept = [run["kafka-pod-deleted"]["recovered after"] for run in played.past]
    assert kept == [float(number) for number in range(2, scenarios.RUNS_KEPT + 2)]
    file.write_text(file.read_text() + '{"kafka-pod-del')
    assert len(read(file)) == scenarios.RUNS_KEPT


PLAYS = """
import pytest
from pipeline_services.model.installation import Installation
from pipeline_services.reporting.run.scenarios import Row
from pipeline_services.reporting.run.session import PLUGIN, WARNING

@pytest.mark.chaos
@pytest.mark.runbook("kafka-statefulset-failure")
@pytest.mark.component("kafka")
def test_kafka_recovers(request):
    took = float((request.config.rootpath / "took").read_text())
    figures = {"flowing after": took, "recovered after": took, "lost": 0.0}
    scenarios = request.config.pluginmanager.get_plugin(PLUGIN).scenarios
    scenarios.here = Installation("kind-a", "pipeline", "uid", 0.0)
    warning = scenarios.add(Row("made", "kafka", 60.0, figures))
    if warning:
        request.node.user_properties.append((WARNING, warning))
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(pytester, monkeypatch)
    made.write("chaos", PLAYS)
    return made


def play(project: Project, took: float, *arguments: str) -> pytest.RunResult:
    (project.pytester.path / "took").write_text(str(took))
    return project.run("-m", "chaos", *arguments)


def test_a_chaos_run_ends_with_its_table_and_leaves_it_for_programs(project: Project) -> None:
    run = play(project, 8.0)
    assert run.ret == 0
    run.stdout.fnmatch_lines(
        [
            "scenario (seconds) *",
            "made * 8.0 * 60 * 0 *",
            "readings flow again, median of 1 with kafka: 8.0 s; the aim is 15 s",
            "",
            "ok: kafka 1",
        ]
    )
    document = json.loads((project.home / "chaos" / "chaos.json").read_text())
    assert document["scenarios"] == [
        {
            **{"id": "made", "component": "kafka", "limit": 60.0, "lost": 0.0},
            **{"flowing_after": 8.0, "recovered_after": 8.0},
        }
    ]
    assert document["median_flowing_after"] == {"kafka": 8.0}
    assert document["run"]["installation"]["namespace_uid"] == "uid"
    [line] = read(project.home / looks.FILE)
    assert (line["kind"], line["namespace_uid"], "until" in line) == ("chaos", "uid", True)


def test_the_sixth_run_is_held_against_five_and_warns_without_failing(project: Project) -> None:
    for _ in range(5):
        play(project, 8.0)
    run = play(project, 40.0)
    assert run.ret == 0
    run.stdout.fnmatch_lines(["warning: slower than usual: made: flowing after 40.0 s, *", "PASSED: all 1 checks*"])
    assert len(read(project.home / "chaos" / scenarios.HISTORY)) == 6


def test_a_run_of_some_scenarios_is_warned_too_and_remembers_nothing(project: Project) -> None:
    for _ in range(5):
        play(project, 8.0)
    run = play(project, 40.0, "-k", "kafka")
    run.stdout.fnmatch_lines(["warning: slower than usual: made: *"])
    assert len(read(project.home / "chaos" / scenarios.HISTORY)) == 5


def test_a_stopped_run_tells_what_it_had_found_and_leaves_the_report_as_it_was(project: Project) -> None:
    stopped = (
        "\n\n@pytest.mark.chaos\n@pytest.mark.runbook('x')\n@pytest.mark.component('kafka')\ndef test_%s():\n    %s\n"
    )
    late, long = stopped % ("late", "assert False, 'back too late'"), stopped % ("long", "raise KeyboardInterrupt")
    project.write("chaos", PLAYS + late + long)
    run = play(project, 8.0)
    assert run.ret == 130
    run.stdout.fnmatch_lines(
        [
            "failed * chaos/test_made.py::test_late",
            "  back too late",
            "made * 8.0 *",
            "FAILED  kafka *",
            "Stopped*No report*",
        ]
    )
    assert not (project.home / "chaos" / "chaos.json").exists()
