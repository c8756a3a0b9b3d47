"""The verdict and the exit code of a night, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_services.cli.nightly import history, report
from pipeline_services.cli.nightly.night import Night
from pipeline_services.cli.nightly.results import FAILED, INCONCLUSIVE, PASSED
from pipeline_services.model.installation import UID, Installation
from tests.cli.nightly.made import CUT_OFF, DAY_S, LEFT_OUT, night, past, ran


@pytest.mark.parametrize(
    ("whole", "code"),
    [
        (night(ran("daily", 0, a=PASSED)), 0),
        (night(ran("daily", 1, a=FAILED, b=INCONCLUSIVE)), 1),
        (night(ran("daily", 2, a=INCONCLUSIVE)), 2),
        (night(ran("daily", 0, a=PASSED), LEFT_OUT), 2),
        (night(ran("daily", 0, a=PASSED), CUT_OFF), 2),
        (night(ran("daily", 0, a=PASSED), ran("chaos", 3)), 3),
        (night(ran("daily", 1, a=FAILED), ran("chaos", 3)), 1),
        (night(ran("daily", 0, a=PASSED), ran("chaos", 4)), 2),
        (night(ran("daily", 0, a=PASSED), ran("chaos", -9)), 2),
        (night(ran("daily", 1, a=FAILED), stopped_by="SIGTERM"), 143),
        (night(stopped_by="Ctrl-C"), 130),
        (night(), 2),
    ],
    ids=lambda one: None if isinstance(one, Night) else str(one),
)
def test_the_exit_code_is_that_of_the_table(whole: Night, code: int) -> None:
    assert whole.code == code


def test_a_check_of_two_steps_has_the_worse_outcome() -> None:
    assert night(ran("daily", 1, a=FAILED), ran("weekly", 0, a=PASSED)).checks["a"].outcome == FAILED


def test_the_history_gives_back_what_was_added(tmp_path: Path) -> None:
    history.add(tmp_path, [], night(ran("daily", 1, a=FAILED), at=5.0).kept())
    (tmp_path / history.FILE).open("a").write('{"started": 9, "st')  # a line that was cut off
    [kept] = history.read(tmp_path)
    assert history.outcomes(kept) == {"a": FAILED}
    assert kept["steps"]["daily"] == {"state": "ran", "code": 1, "seconds": 5.0, "checks": {"a": FAILED}, "notes": []}


def test_a_night_is_about_what_its_last_step_saw() -> None:
    old, new = (Installation("kind", "pipeline", uid, 1.0) for uid in ("old", "new"))
    steps = [replace(ran("daily"), installation=old), replace(ran("chaos"), installation=new), LEFT_OUT]
    assert night(*steps).kept()[UID] == "new"
    assert UID not in night(ran("daily")).kept()


def test_the_history_does_not_grow_for_ever(tmp_path: Path) -> None:
    history.add(tmp_path, past({"a": "." * 200}), night(at=9e9).kept())
    kept = history.read(tmp_path)
    assert len(kept) == history.LINES_KEPT
    assert kept[-1]["started"] == 9e9


@pytest.mark.parametrize(("state", "code"), [("stopped", 130), ("ran", 2), ("ran", 3), ("ran", 4), ("ran", -9)])
def test_only_steps_that_came_to_their_end_tell_how_long_they_take(state: str, code: int) -> None:
    broken_off = {"started": 0, "steps": {"daily": {"state": state, "code": code, "seconds": 1.0}}}
    assert history.durations([*past({"a": ".."}), broken_off]) == {"daily": [5.0, 5.0]}


def test_what_the_last_night_of_a_step_did_not_bring_to_its_end_is_unfinished() -> None:
    nights = [
        night(ran("daily"), CUT_OFF, LEFT_OUT),
        night(ran("daily"), ran(CUT_OFF.name, 1)),  # failed is an end: somebody has to look at it
        night(ran("daily")),
    ]
    assert history.unfinished([one.kept() for one in nights]) == {LEFT_OUT.name}
    assert history.unfinished([]) == set()


def test_old_nights_are_pruned_and_nothing_else(tmp_path: Path) -> None:
    names = ["20261101T020000Z", "20261102T020000Z", "20261103T020000Z", "mine"]
    for name in names:
        (tmp_path / history.NIGHTS / name).mkdir(parents=True)
    assert history.prune(tmp_path, 2) == names[:1]
    assert sorted(one.name for one in (tmp_path / history.NIGHTS).iterdir()) == names[1:]
    assert history.prune(tmp_path, 0) == names[1:2]  # the last one is the night that has just been played


def test_the_page_has_the_nights_so_far_with_links_to_those_that_are_kept(tmp_path: Path) -> None:
    for number, one in enumerate(
        [night(ran("daily", 1, a=FAILED)), night(ran("daily", 0, a=PASSED), LEFT_OUT, CUT_OFF, at=DAY_S)]
    ):
        folder = tmp_path / history.NIGHTS / ("19700102T000000Z" if number else "gone")
        report.write(tmp_path, folder, history.read(tmp_path), one, ["<all> is said"])
    page = (tmp_path / report.PAGE).read_text()
    assert "&lt;all&gt; is said" in page
    link = '<a href="nights/19700102T000000Z/summary.txt">1970-01-02 00:00:00 UTC</a>'
    assert f"inconclusive  {link}  chaos: not run; matrix: stopped, exit code 130" in page
    assert "failed        1970-01-01 00:00:00 UTC  daily: ran, exit code 1" in page
