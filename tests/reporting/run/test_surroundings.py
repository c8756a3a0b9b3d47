"""A verdict, or one line with the next step, wherever and however a run is started and ended."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from allure_commons import hookimpl
from allure_commons.logger import AllureFileLogger

from pipeline_services.reporting.allure import node, results
from tests.reporting.samples import CHECKS, Project, snapshot
from tests.runs import run

pytest_plugins = ("pytester",)

SIGNALLED = CHECKS.replace(
    '["phase"] ==', '["phase"] != "Stop" or _stop()\n    assert snapshot.data("volume")["phase"] =='
)
SIGNALLED += "\n\ndef _stop():\n    import os, signal\n    os.kill(os.getpid(), signal.{name})\n"


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def whole(project: Project) -> dict[str, bytes]:
    """The report as it lies there; nothing of a draft is beside it."""
    return {file.name: file.read_bytes() for file in project.reports.iterdir()}


@hookimpl
def no_room_beside(self: object, body: object, file_name: str) -> None:
    no_room(self, body, file_name)


def test_on_a_full_disk_the_verdict_stands(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.judge(snapshot())
    before = whole(project)
    monkeypatch.setattr(results, "_attach", no_room)
    assert_not_reported(project.judge(snapshot({"pods": []})))
    assert whole(project) == before


def test_what_a_case_cannot_attach_ends_no_case(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    attaching = CHECKS.replace("    assert snapshot.data", "    allure.attach('x', 'seen')\n    assert snapshot.data")
    project.write("checks", f"import allure\n{attaching}")
    monkeypatch.setattr(AllureFileLogger, "report_attached_data", no_room_beside)
    assert_not_reported(project.judge(snapshot({"pods": []})))


def assert_not_reported(run: pytest.RunResult) -> None:
    assert run.ret == 1
    run.stdout.fnmatch_lines(["NO REPORT: cannot write to */reports/*: No space left*", "FAILED: 2 failed *"])


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/proc/here", "No such"),
        ("x" * 300, "File name"),
        ("taken", "it is no folder"),
        ("taken/below", "Not a directory"),
    ],
)
def test_a_folder_that_cannot_be_written_costs_the_report_alone(project: Project, target: str, why: str) -> None:
    (project.pytester.path / "taken").write_text("")
    run = project.judge(snapshot({"pods": []}), "--reports", target)
    assert run.ret == 1
    run.stdout.fnmatch_lines(
        [f"NO REPORT: cannot write to *: {why}*. The verdict is still valid. Next: *", "FAILED: 2 failed *"]
    )


def test_a_junit_file_that_cannot_be_written_costs_no_verdict(project: Project) -> None:
    run = project.judge(snapshot(), "--junitxml=/proc/here.xml")
    assert run.ret == 0
    run.stdout.fnmatch_lines(["NO REPORT: cannot write to /proc/here.xml: *", "PASSED: all 5 checks; *"])


def test_a_home_that_cannot_be_written_costs_the_page_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/here")
    monkeypatch.setattr(node, "node_command", lambda: (Path("node"), ["npm"]))
    with pytest.raises(node.PageUnavailable, match="cannot write to /proc/here/"):
        node.generator(lambda _line: None)


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_signal_ends_the_run_in_one_line_and_leaves_the_report_whole(project: Project, name: str, code: int) -> None:
    project.write("checks", SIGNALLED.replace("{name}", name))
    project.judge(snapshot())
    before = whole(project)
    run = project.judge(snapshot({"volume": {"phase": "Stop"}}))
    assert run.ret == code
    said = [line for line in run.outlines if line and not line.startswith("The snapshot is ")]
    assert (
        said[0]
        == f"Stopped by {name.replace('SIGINT', 'Ctrl-C')}. No report was written; {project.reports} is as it was."
    )
    assert len(said) == 2
    assert whole(project) == before


@pytest.mark.parametrize(("by", "said", "code"), [("SIGTERM", "SIGTERM", 143), ("", "Ctrl-C", 130)])
@pytest.mark.parametrize("hook", ["pytest_configure", "pytest_sessionstart"])
def test_a_run_that_is_stopped_while_it_is_set_up_says_so(
    project: Project, hook: str, by: str, said: str, code: int
) -> None:
    stops = project.pytester.path / "stops.py"
    stops.write_text(f"def {hook}():\n    raise KeyboardInterrupt({by!r})\n")
    snapshot().save(project.pytester.path / "seen.json")
    done = run("pytest", "-p", "stops", "-m", "daily", "--snapshot=seen.json", cwd=project.pytester.path)
    assert (done.returncode, done.stdout.strip()) == (code, "")
    assert done.stderr == f"Stopped by {said}. Nothing was judged or written.\n"
    assert not project.reports.exists() or not list(project.reports.iterdir())
