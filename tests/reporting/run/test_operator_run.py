"""The plugin at work: verdict, exit code and files, on snapshots made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_services.model.errors import NoData, ServiceUnreachable
from tests.clients.fake_servers import kubeconfig
from tests.other_pipeline import without
from tests.reporting.samples import CHECKS, Project, pod, snapshot

pytest_plugins = ("pytester",)

AWAY = ServiceUnreachable("Prometheus does not answer")
FIELDS = {"id", "component", "outcome", "message", "runbook", "escalation", "cause"}
FILES = {"daily.json", "junit.xml", "snapshot.json", "index.html", "runbook.html"}


def daily(project: Project, folder: Path | None = None) -> dict[str, object]:
    document = json.loads(((folder or project.reports) / "daily.json").read_text())
    assert isinstance(document, dict)
    return document


def outcomes(project: Project) -> dict[str, str]:
    checks = daily(project)["checks"]
    assert isinstance(checks, list)
    assert all(set(check) == FIELDS and all(isinstance(value, str) for value in check.values()) for check in checks)
    return {check["id"].partition("::")[2]: check["outcome"] for check in checks}


def test_a_healthy_pipeline_passes_quietly(project: Project) -> None:
    run = project.judge(snapshot())
    assert run.ret == 0
    assert len([line for line in run.outlines if line]) <= 6
    assert run.outlines[-1].startswith("5 passed in")
    assert daily(project)["verdict"] == "passed"
    assert set(outcomes(project).values()) == {"passed"}


def test_the_report_is_whole_and_nothing_else_lies_about(project: Project) -> None:
    project.judge(snapshot())
    assert {file.name for file in project.reports.iterdir()} == FILES


def test_a_fault_fails_the_right_case_with_its_five_lines(project: Project) -> None:
    run = project.judge(snapshot({"pods": [pod("kafka")]}))
    assert run.ret == 1
    run.stdout.fnmatch_lines(
        [
            "FAILED  producer *test_pods_ready?producer?",
            "  there is no pod of producer; expected *",
            "  escalate to: L2*",
        ]
    )
    assert run.outlines[-1].startswith("1 failed, 4 passed in")
    assert {case for case, outcome in outcomes(project).items() if outcome == "failed"} == {"test_pods_ready[producer]"}
    failed = next(check for check in daily(project)["checks"] if check["outcome"] == "failed")  # type: ignore[attr-defined]
    assert (failed["component"], failed["escalation"], failed["runbook"]) == ("producer", "L2", "producer-pod-failure")


def test_not_knowing_is_no_pass_and_no_failure(project: Project) -> None:
    run = project.judge(snapshot({"prometheus/consumer-lag": AWAY, "prometheus/latency": AWAY}))
    assert run.ret == 2
    run.stdout.fnmatch_lines(["INCONCLUSIVE  2 checks of processor: Prometheus does not answer"])
    assert run.outlines[-1].startswith("3 passed, 2 inconclusive in")
    assert daily(project)["verdict"] == "inconclusive"


def test_a_failure_outranks_what_is_not_known(project: Project) -> None:
    run = project.judge(snapshot({"volume": {"phase": "Lost"}, "prometheus/latency": AWAY}))
    assert run.ret == 1
    assert daily(project)["verdict"] == "failed"


def test_a_fault_of_the_suite_is_inconclusive_and_shows_where(project: Project) -> None:
    run = project.judge(snapshot({"volume": {}}))
    assert run.ret == 2
    run.stdout.fnmatch_lines(["SUITE ERROR  1 check of storage: KeyError: 'phase' (test_made.py:*"])


def test_a_skipped_check_is_not_known(project: Project) -> None:
    skipping = CHECKS.replace(
        '    assert snapshot.data("volume")', '    pytest.skip("later")\n    assert snapshot.data("volume")'
    )
    project.write("checks", skipping)
    assert project.judge(snapshot()).ret == 2
    assert outcomes(project)["test_volume"] == "inconclusive"


def test_a_saved_snapshot_gives_the_same_verdicts_again(project: Project) -> None:
    project.judge(snapshot({"pods": [pod("kafka")], "prometheus/latency": NoData("NaN")}))
    first = outcomes(project)
    again = project.run("-m", "daily", "--snapshot", str(project.reports / "snapshot.json"))
    assert again.ret == 1
    assert outcomes(project) == first


def test_collecting_asks_no_cluster_and_writes_nothing(project: Project) -> None:
    run = project.run("-m", "daily", "--collect-only", "--context", "no-such")
    assert run.ret == 0
    assert not project.reports.exists()


def test_junit_has_each_case_and_its_outcome(project: Project) -> None:
    project.judge(snapshot({"prometheus/latency": AWAY}))
    text = (project.reports / "junit.xml").read_text()
    assert text.count("<testcase") == 5
    assert '<property name="outcome" value="inconclusive"' in text


def test_some_checks_alone_leave_the_report_as_it_was(project: Project) -> None:
    project.judge(snapshot())
    before = (project.reports / "daily.json").read_text()
    run = project.judge(snapshot({"pods": []}), "-k", "kafka")
    assert run.ret == 1
    assert (project.reports / "daily.json").read_text() == before


def test_a_part_that_is_declared_absent_is_not_judged(project: Project) -> None:
    run = project.judge(snapshot({"volume": AWAY}), *project.settings('[absent]\ncomponents = ["storage"]\n'))
    assert run.ret == 0
    run.stdout.fnmatch_lines(["not here, by the settings: storage"])
    assert "test_volume" not in outcomes(project)


def test_without_node_the_verdict_stands_and_the_page_is_plain(project: Project) -> None:
    run = project.judge(snapshot({"volume": {"phase": "<Lost>"}}))
    assert run.ret == 1
    run.stdout.fnmatch_lines(["NO REPORT PAGE: there is no Node*"])
    assert "FAILED: 1 failed (storage 1)" in (project.reports / "index.html").read_text()


def test_a_check_must_name_its_component(project: Project) -> None:
    project.write("checks", CHECKS.replace('@component("storage")', '@component("cellar")'))
    run = project.judge(snapshot())
    assert run.ret == 4
    run.stderr.fnmatch_lines(["*test_volume needs @pytest.mark.component with one of: *"])


def silent(project: Project) -> Path:
    """A kubeconfig of a cluster at a port where nothing listens."""
    return kubeconfig(project.pytester.path / "silent.kubeconfig", 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--snapshot", "none.json"], "cannot read the snapshot*none.json*"),
        (["--kubeconfig", "none"], "there is no kubeconfig*none*"),
        (["--kubeconfig", "silent.kubeconfig", "--context", "b"], "there is no context b in*silent.kubeconfig*"),
    ],
    ids=["snapshot", "kubeconfig", "context"],
)
def test_what_is_not_there_is_refused_in_one_line(project: Project, arguments: list[str], says: str) -> None:
    silent(project)
    run = project.run("-m", "daily", *arguments)
    assert run.ret == 4
    said = [line for line in run.outlines if line]
    assert len(said) == 1, said
    run.stdout.fnmatch_lines([f"REFUSED: {says}"])
    assert not (project.reports / "daily.json").exists()


def test_a_cluster_that_does_not_answer_is_one_line_and_exit_2(project: Project) -> None:
    file = silent(project)
    before = file.read_bytes()
    run = project.run("-m", "daily", "--kubeconfig", str(file))
    assert run.ret == 2
    assert len([line for line in run.outlines if line.startswith("NOTHING CHECKED")]) == 1
    assert daily(project, project.home)["verdict"] == "inconclusive"
    assert file.read_bytes() == before


def test_a_run_that_could_ask_nothing_leaves_a_good_report(project: Project) -> None:
    project.judge(snapshot(), "--reports", "reports")
    before = {path.name: path.read_bytes() for path in project.home.iterdir() if path.is_file()}
    run = project.run("-m", "daily", "--kubeconfig", str(silent(project)))
    assert run.ret == 2
    assert {path.name: path.read_bytes() for path in project.home.iterdir() if path.is_file()} == before
    assert daily(project, project.home / "unanswered")["verdict"] == "inconclusive"
    run.stdout.fnmatch_lines(["Report: reports/unanswered/index.html*; reports keeps the last report that had answers"])


def test_a_run_that_could_ask_nothing_replaces_one_that_could_not_either(project: Project) -> None:
    file = str(silent(project))
    project.run("-m", "daily", "--kubeconfig", file)
    project.run("-m", "daily", "--kubeconfig", file)
    assert not (project.home / "unanswered").exists()


def test_a_saved_snapshot_replaces_no_report_of_a_cluster(project: Project) -> None:
    project.judge(snapshot())
    assert not (project.home / "daily.json").exists()
    project.judge(snapshot(), "--reports", "reports")
    assert daily(project, project.home)["verdict"] == "passed", "where it is asked for"


def test_a_file_that_is_no_snapshot_is_refused(project: Project) -> None:
    (project.pytester.path / "other.json").write_text("{}")
    run = project.run("-m", "daily", "--snapshot", "other.json")
    assert run.ret == 4
    run.stdout.fnmatch_lines(["REFUSED: *other.json: this is not a snapshot*"])


def test_ctrl_c_while_the_page_is_made_leaves_the_last_report_whole(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.judge(snapshot())
    before = (project.reports / "daily.json").read_bytes()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline_services.reporting.allure.page.make", stop)
    run = project.judge(snapshot({"pods": []}))
    assert run.ret == 130
    run.stdout.fnmatch_lines(["FAILED: 2 failed *", "Stopped by Ctrl-C. No report was written*"])
    assert (project.reports / "daily.json").read_bytes() == before


def test_settings_with_an_unknown_key_are_refused(project: Project) -> None:
    run = project.judge(snapshot(), *project.settings("[treshold]\n"))
    assert run.ret == 4
    run.stderr.fnmatch_lines(["*unknown key 'treshold'*"])


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "cannot read the profile of the pipeline"), ("topicz = 1\n", "unknown key 'topicz' in pipeline; did")],
    ids=["no file", "unknown key"],
)
def test_a_description_that_cannot_be_read_is_refused(project: Project, text: str | None, says: str) -> None:
    file = project.pytester.path / "plant.toml"
    if text:
        file.write_text(text)
    run = project.judge(snapshot(), "--pipeline", str(file))
    assert run.ret == 4
    said = [line for line in run.errlines if line]
    assert len(said) == 1
    assert f"ERROR: {file}: {says}" in said[0]


def test_what_the_pipeline_does_not_have_is_left_out(project: Project) -> None:
    seen = snapshot()
    run = project.judge(replace(seen, pipeline=without("kafka")))
    assert run.ret == 0
    assert outcomes(project).keys() == {f"test_key_metric[{one}]" for one in ("consumer-lag", "latency")} | {
        "test_pods_ready[producer]",
        "test_volume",
    }


def test_a_file_is_judged_without_a_cluster(project: Project) -> None:
    run = project.judge(snapshot(), "--context", "kind-conveyor")
    assert run.ret == 4
    run.stderr.fnmatch_lines(["*--snapshot judges a file*"])


def test_a_review_of_a_daily_snapshot_says_why_it_knows_nothing(project: Project) -> None:
    snapshot().save(project.pytester.path / "seen.json")
    project.write("checks", CHECKS.replace("mark.daily", "mark.weekly"))
    run = project.run("-m", "weekly", "--snapshot", "seen.json")
    run.stdout.fnmatch_lines(["The snapshot is not of a weekly or monthly run, so it lacks what a review reads: *"])
    assert not any("of a weekly or monthly run" in line for line in project.judge(snapshot()).outlines)
