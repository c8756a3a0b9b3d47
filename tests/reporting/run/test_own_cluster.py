"""The suite's own cluster, before it is judged: what runs that are gone left broken is undone, what lives is named."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pipeline_services import platform
from pipeline_services.checklist import settling
from pipeline_services.faults import aftermath
from pipeline_services.faults.journal import Entry, own_journal
from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.failures import CommandFailed, Interrupted
from pipeline_services.reporting.run import own_cluster
from pipeline_services.snapshot import live
from tests.reporting.samples import Project, snapshot
from tests.runs import run

pytest_plugins = ("pytester",)

GONE = 2**22 + 1


class Cluster:
    """The suite's own cluster, where there is none: what is asked of it is noted."""

    clock = ""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.did: list[str] = []
        self.on_snapshot = lambda: None
        monkeypatch.setattr(platform, "ensure_cluster", lambda **_: self.did.append("ensured"))
        monkeypatch.setattr(aftermath, "undo_left_behind", self.undo)
        monkeypatch.setattr(settling, "settle", lambda *_, since: self.did.append(f"settled: {since}"))
        monkeypatch.setattr(live, "LivePipeline", lambda *_: self)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None: ...

    def undo(self, journal: object, say: object) -> None:
        for entry in own_journal().entries():
            say(f"left behind by run {entry.run}: {entry.summary}; undone")  # type: ignore[operator]
            own_journal().remove(entry.id)
        self.did.append("undone")

    def snapshot(self, **_: object) -> object:
        self.did.append("looked at")
        self.on_snapshot()
        return snapshot()


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = own_journal().folder.parent
    folder.mkdir(parents=True)
    (folder / "reader.kubeconfig").write_text("{}")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    return Cluster(monkeypatch)


def journaled(run: str, pid: int, summary: str = "producer scaled to 0") -> None:
    now = time.time()
    own_journal().write(Entry(f"{run}-{pid}", run, pid, summary, now, now + 900))


def test_with_an_empty_journal_nothing_is_undone_or_waited_for(project: Project, cluster: Cluster) -> None:
    assert project.run("-m", "daily").ret == 0
    assert cluster.did == ["ensured", "looked at"]


def test_what_a_run_that_is_gone_left_behind_is_undone_before_it_is_judged(project: Project, cluster: Cluster) -> None:
    journaled("old", GONE)
    journaled("older", GONE, "kafka cut off")
    run = project.run("-m", "daily")
    assert run.ret == 0
    assert cluster.did == ["ensured", "undone", "settled: undone", "looked at"]
    run.stdout.fnmatch_lines_random(
        [
            "left behind by run old: producer scaled to 0; undone",
            "left behind by run older: kafka cut off; undone",
            "PASSED: all 5 checks; *",
        ]
    )


def refused(run: pytest.RunResult, reason: str) -> None:
    assert run.ret == 4
    assert len([line for line in run.outlines if line]) == 1, run.outlines
    run.stdout.fnmatch_lines([f"REFUSED: {reason}"])


def test_a_fault_of_a_run_that_lives_is_refused_in_one_line_and_nothing_is_touched(
    project: Project, cluster: Cluster
) -> None:
    journaled("old", GONE)
    journaled("busy", os.getpid())
    run = project.run("-m", "daily")
    refused(run, "fault in force since *: producer scaled to 0; made by run busy, which is still running. Next: wait *")
    assert cluster.did == []
    assert len(own_journal().entries()) == 2
    assert not (project.reports / "daily.json").exists()


def test_what_is_broken_while_the_snapshot_is_taken_is_not_judged(project: Project, cluster: Cluster) -> None:
    cluster.on_snapshot = lambda: journaled("quick", os.getpid())
    refused(project.run("-m", "daily"), "fault in force since *; made by run quick, which is still running*")


def test_what_was_broken_and_left_while_the_snapshot_was_taken_is_not_judged(
    project: Project, cluster: Cluster
) -> None:
    cluster.on_snapshot = lambda: journaled("quick", GONE)
    refused(project.run("-m", "daily"), "something was broken on purpose just now. Next: the same command again")


def test_a_named_runs_own_faults_are_judged(project: Project, cluster: Cluster) -> None:
    journaled("mine", os.getpid())
    assert project.run("-m", "daily", "--under-fault", "mine").ret == 0
    assert cluster.did == ["ensured", "looked at"]
    refused(project.run("-m", "daily", "--under-fault", "another"), "*made by run mine, which is still running*")


@pytest.mark.parametrize("named", ["--context", "--kubeconfig", "--snapshot"])
def test_a_foreign_cluster_or_a_file_is_judged_without_a_look_at_the_journal(
    project: Project, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    journaled("old", GONE)
    monkeypatch.setattr(own_cluster, "own_journal", lambda: pytest.fail("looked at the journal"))
    kubeconfig = project.pytester.path / "config"
    kubeconfig.write_text("{}")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    file = project.pytester.path / "seen.json"
    snapshot().save(file)
    value = {"--context": "plant", "--kubeconfig": str(kubeconfig), "--snapshot": str(file)}[named]
    assert project.run("-m", "daily", named, value).ret == 0
    assert "ensured" not in cluster.did
    assert "undone" not in cluster.did


@pytest.mark.parametrize("named", ["--context", "--kubeconfig", "--snapshot"])
def test_under_fault_is_for_the_suites_own_cluster(project: Project, named: str) -> None:
    run = project.run("-m", "daily", "--under-fault", "mine", named, "x")
    assert run.ret == 4
    run.stderr.fnmatch_lines(["*--under-fault is for the suite's own cluster*"])


def test_an_undo_that_was_refused_leaves_nothing_checked(
    project: Project, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UnexpectedAnswer("the fault is still in force, its undo failed: kafka cut off")

    journaled("old", GONE)
    monkeypatch.setattr(aftermath, "undo_left_behind", refuse)
    run = project.run("-m", "daily")
    assert run.ret == 2
    run.stdout.fnmatch_lines(["NOTHING CHECKED: the fault is still in force, its undo failed: kafka cut off"])
    assert cluster.did == ["ensured"]


def test_a_journal_that_cannot_be_read_is_named_and_nothing_is_judged(project: Project, cluster: Cluster) -> None:
    journaled("old", GONE)
    next(own_journal().folder.glob("*.json")).write_text("{")
    run = project.run("-m", "daily")
    assert run.ret == 2
    assert cluster.did == []
    run.stdout.fnmatch_lines(["NOTHING CHECKED: the fault journal's*", "*/old-*.json*"])


def test_a_build_that_was_stopped_is_one_line_and_leaves_the_report_as_it_was(
    project: Project, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(**_: object) -> None:
        raise Interrupted.by(KeyboardInterrupt("SIGTERM"))

    monkeypatch.setattr(platform, "ensure_cluster", stop)
    run = project.run("-m", "daily")
    assert run.ret == 143
    run.stdout.fnmatch_lines(["STOPPED: stopped by SIGTERM. Next: run the same command again: it goes on"])
    assert cluster.did == []
    assert not (project.reports / "daily.json").exists()


def test_a_program_that_stands_in_the_way_says_why(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise CommandFailed("podman images", 125, "Error: cannot set up\nnamespace: no newuidmap")

    monkeypatch.setattr(platform, "ensure_cluster", fail)
    run = project.run("-m", "daily")
    assert run.ret == 2
    said = " ".join(run.outlines)
    assert "podman images failed (exit code 125): Error: cannot set up namespace: no newuidmap" in said


def test_live_tests_without_a_cluster_are_refused_in_one_line(tmp_path: Path) -> None:
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "none")}
    refused = run("pytest", "-q", "-m", "live", "tests/reporting/runbook/test_live.py", env=env)
    assert refused.returncode == 4
    assert refused.stderr.strip() == "ERROR: the suite's own cluster is not there. Next: make up"
    assert len(refused.stdout.splitlines()) < 4
