"""Steps as processes: the time box, signals, what is kept; a whole night with made-up steps."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.cli.nightly import cli, history, report, screen
from pipeline_services.cli.nightly.changes import changes
from pipeline_services.cli.nightly.night import Night
from pipeline_services.cli.nightly.plan import Cluster, Step
from pipeline_services.cli.nightly.playing import Player
from pipeline_services.cli.nightly.results import PASSED, State
from pipeline_services.clients import shell
from pipeline_services.model.run_lock import sole_holder
from pipeline_services.model.signals import unwinding
from tests.cli.nightly.receiver import listening

PASSES = "def test_a():\n    pass\n"
# Tells the process that started it to end, as a service manager does, and goes on until it is told to itself.
STOPS = "import os, signal\n\ndef test_b():\n    os.kill(os.getppid(), signal.{})\n    signal.pause()\n"


def step(name: str, code: str, *, usual_s: float = 1.0, needs_repaired: bool = False) -> Step:
    return Step(name, "", (sys.executable, "-c", code), usual_s, needs_repaired=needs_repaired)


def pytest_step(folder: Path, text: str) -> Step:
    (folder / "test_it.py").write_text(text)
    ini = folder / "pytest.ini"
    ini.write_text("[pytest]\njunit_family = xunit1\n")
    options = ("-q", "-c", str(ini), "-p", "no:cacheprovider", str(folder))
    return Step("daily", "", (sys.executable, "-m", "pytest", *options), 1.0, "daily")


@pytest.fixture
def said() -> list[str]:
    return []


def player(folder: Path, said: list[str], seconds: float = 60.0) -> Player:
    return Player(folder, folder, time.monotonic() + seconds, {}, said.append, grace_s=20.0)


def test_each_step_has_its_exit_code_and_its_log(tmp_path: Path, said: list[str]) -> None:
    night = player(tmp_path, said)
    night.play([step("one", "print('fine')"), step("two", "import sys; sys.exit(3)")])
    assert [(one.name, one.state, one.code) for one in night.done] == [("one", State.RAN, 0), ("two", State.RAN, 3)]
    assert (tmp_path / "one.log").read_text() == "fine\n"


def test_what_a_repair_put_right_is_on_the_screen(tmp_path: Path, said: list[str]) -> None:
    night = player(tmp_path, said)
    night.play([step("repair", "print('pulling')\nprint('repaired: removed Deployment stray')")])
    assert night.done[0].notes == ("removed Deployment stray",)
    whole = Night(0.0, 1.0, night.done)
    assert "  REPAIRED: 1\n    removed Deployment stray" in "\n".join(screen.lines(whole, changes([], whole)))


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        ("REFUSED: no kubeconfig\n\n3 deselected", "REFUSED: no kubeconfig"),
        ("building\nno space left\n", "no space left"),
        (
            "ERROR: usage: pytest [options]\npytest: error: unrecognized --x\n  inifile: None",
            "pytest: error: unrecognized --x",
        ),
        ("", "it said nothing"),
    ],
)
def test_a_step_without_a_check_says_why(tmp_path: Path, said: list[str], printed: str, why: str) -> None:
    night = player(tmp_path, said)
    night.play([step("repair", f"import sys; print({printed!r}, end=''); sys.exit(4)")])
    assert night.done[0].why == why
    assert said[-1].startswith(f"  exit code 4; {why}; ")


def test_what_does_not_fit_is_named_and_the_next_may_fit(tmp_path: Path, said: list[str]) -> None:
    night = player(tmp_path, said)
    night.play([step("long", "", usual_s=1200.0), step("short", "")])
    assert [one.state for one in night.done] == [State.NOT_RUN, State.RAN]
    assert said[0] == "long: not run: takes about 20 min, 60 s are left of the time box"


def test_a_step_that_takes_too_long_is_stopped(tmp_path: Path, said: list[str]) -> None:
    night = player(tmp_path, said, 1.0)
    night.play([step("slow", "import signal; signal.pause()", usual_s=0.1)])
    [slow] = night.done
    assert (slow.state, slow.why) == (State.STOPPED, "because the time box was over")


def test_a_step_that_does_not_end_is_forced_to(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "GRACE", 0.5)
    night = player(tmp_path, said, 1.0)
    night.grace_s = 0.5
    deaf = "import signal\nfor one in (2, 15): signal.signal(one, signal.SIG_IGN)\nwhile True: signal.pause()"
    night.play([step("deaf", deaf, usual_s=0.1)])
    assert night.done[0].code == -9


def test_nothing_is_broken_where_the_repair_failed(tmp_path: Path, said: list[str]) -> None:
    night = player(tmp_path, said)
    night.play([step("repair", "import sys; sys.exit(1)"), step("daily", ""), step("chaos", "", needs_repaired=True)])
    assert [(one.state, one.why) for one in night.done[1:]] == [
        (State.RAN, ""),
        (State.NOT_RUN, "the cluster could not be repaired"),
    ]


@pytest.mark.parametrize(("signal", "word"), [("SIGTERM", "SIGTERM"), ("SIGINT", "Ctrl-C")])
def test_a_signal_leaves_what_was_found(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch, signal: str, word: str
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # it starts four seconds sooner
    night = player(tmp_path, said)
    with unwinding():
        night.play([pytest_step(tmp_path, PASSES + STOPS.format(signal)), step("chaos", "")])
    stopped, left = night.done
    assert (stopped.state, stopped.why, night.stopped_by) == (State.STOPPED, f"by {word}", word)
    assert [check.outcome for name, check in stopped.checks.items() if "test_a" in name] == [PASSED]
    assert (left.state, left.why) == (State.NOT_RUN, f"the night was stopped by {word}")


def test_a_report_of_an_earlier_run_is_not_taken_for_this_one(tmp_path: Path, said: list[str]) -> None:
    report = tmp_path / "daily" / "daily.json"
    report.parent.mkdir()
    report.write_text(
        '{"checks": [{"id": "x::y", "outcome": "passed", "message": "", "runbook": "", "escalation": ""}]}'
    )
    kind = Step("daily", "", (sys.executable, "-c", ""), 1.0, "daily")
    (tmp_path / "nights").mkdir()
    night = Player(tmp_path, tmp_path / "nights", time.monotonic() + 60, {}, said.append)
    os.utime(report, (time.time() - 86_400,) * 2)
    night.play([kind])
    assert night.done[0].checks == {}


def writes(reports: Path, outcome: str) -> Step:
    """A step that leaves a report as pytest's does, and ends with its exit code."""
    entry = {"id": "checks/t.py::test_a", "message": "it is wrong\nnext: look", "runbook": "pods", "escalation": "L2"}
    document = json.dumps({"checks": [{**entry, "outcome": outcome}]})
    file = reports / "daily" / "daily.json"
    code = f"import sys, pathlib as p; f = p.Path({str(file)!r}); f.parent.mkdir(exist_ok=True, parents=True)"
    code += f"; f.write_text({document!r}); sys.exit({int(outcome != PASSED)})"
    return Step("daily", "the daily checks", (sys.executable, "-c", code, "--"), 1.0, "daily")


@pytest.mark.parametrize(("outcome", "code"), [("passed", 0), ("failed", 1)])
def test_a_whole_night_leaves_a_report_and_its_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: str, code: int
) -> None:
    def planned(_today: date, _cluster: Cluster, reports: Path, _left: set[str]) -> list[Step]:
        return [writes(reports, outcome)]

    monkeypatch.setattr(cli, "steps", planned)
    for _ in range(2):
        assert cli.main(["--reports", str(tmp_path), "--minutes", "1"]) == code
    document = json.loads((tmp_path / report.VERDICT).read_text())
    assert (document["exit_code"], document["steps"]["daily"]["checks"]) == (code, {"checks/t.py::test_a": outcome})
    assert outcome.upper() in (tmp_path / report.PAGE).read_text()
    assert len(history.read(tmp_path)) == 2
    assert (Path(document["folder"]) / "daily.json").exists()


def test_two_nights_with_one_failure_are_one_notification(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with listening() as receiver:
        monkeypatch.setenv(cli.RECEIVERS, receiver.address)
        for outcome in ("failed", "failed", "passed"):
            monkeypatch.setattr(cli, "steps", lambda _day, _of, reports, _left, seen=outcome: [writes(reports, seen)])
            assert cli.main(["--reports", str(tmp_path), "--link", "https://r/"]) == int(outcome == "failed")
    assert [one.partition(":")[0] for one in receiver.titles] == ["FAILED", "RESOLVED"]
    assert all("report: https://r/" in body for _, body in receiver.posts)
    assert "secret" not in capsys.readouterr().out


def test_an_address_that_is_none_is_refused_before_the_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(cli.RECEIVERS, "nonsense:secret")
    assert cli.main(["--reports", str(tmp_path / "r")]) == 4
    assert "REFUSED: address 1 of 1" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_an_outbox_that_cannot_be_read_takes_no_verdict_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "steps", lambda _day, _cluster, reports, _left: [writes(reports, PASSED)])
    monkeypatch.setenv(cli.RECEIVERS, "json://127.0.0.1/")
    (tmp_path / "outbox.json").write_text("{")
    assert cli.main(["--reports", str(tmp_path)]) == 0
    assert "NOT NOTIFIED: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("in_the_way", "outcome", "code", "said"),
    [
        ("outbox.json", "failed", 1, "NOT NOTIFIED: [Errno 21]"),
        ("outbox.json", "passed", 0, "NOT NOTIFIED: [Errno 21]"),
        (report.PAGE, "failed", 1, "NO REPORT: [Errno 21]"),
        (report.PAGE, "passed", 3, "NO REPORT: [Errno 21]"),
    ],
)
def test_what_cannot_be_written_makes_no_refusal_of_a_night_that_was_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, *, in_the_way: str, outcome: str, code: int, said: str
) -> None:
    (tmp_path / in_the_way).mkdir()
    monkeypatch.setattr(cli, "steps", lambda _day, _cluster, reports, _left: [writes(reports, outcome)])
    with listening() as receiver:
        monkeypatch.setenv(cli.RECEIVERS, receiver.address)
        assert cli.main(["--reports", str(tmp_path)]) == code
    assert said in capsys.readouterr().out
    told = outcome == "failed" and in_the_way != "outbox.json"
    assert receiver.titles == ["FAILED: 1 new problem in the nightly run"] * told


@pytest.mark.parametrize(
    ("trouble", "why"),
    [(OSError(28, "No space left"), "by [Errno 28] No space left"), (KeyboardInterrupt("SIGTERM"), "by SIGTERM")],
)
def test_what_ends_a_step_while_its_result_is_read_does_not_end_the_night(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch, trouble: BaseException, why: str
) -> None:
    def fails(*_: object) -> None:
        raise trouble

    monkeypatch.setattr("pipeline_services.cli.nightly.results.read", fails)
    night = player(tmp_path, said)
    night.play([step("one", ""), step("two", "")])
    assert (night.done[0].state, night.done[0].why) == (State.STOPPED, why)
    assert [one.name for one in night.done] == ["one", "two"]


def test_ctrl_c_before_the_night_begins_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_addresses: str) -> None:
        raise KeyboardInterrupt  # Python's own, which names no signal

    monkeypatch.setattr(cli.Receiver, "of", interrupted)
    assert cli.main(["--reports", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "stopped by Ctrl-C\n"


def test_a_second_night_at_the_same_time_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sole_holder(tmp_path / "lock", "nightly", RuntimeError):  # type: ignore[arg-type]
        assert cli.main(["--reports", str(tmp_path)]) == 4
    assert "(nightly) is at work" in capsys.readouterr().err


def test_a_rehearsal_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--reports", str(tmp_path / "r"), "--dry-run"]) == 0
    assert "-m daily" in capsys.readouterr().out
    assert not (tmp_path / "r").exists()
