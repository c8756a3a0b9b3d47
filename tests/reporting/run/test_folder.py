"""The report's folder holds one whole report at any time."""

from __future__ import annotations

from pathlib import Path

from pipeline_services.reporting.run.folder import ReportFolder


def made(path: Path, **files: str) -> ReportFolder:
    folder = ReportFolder(path)
    folder.open()
    for name, text in files.items():
        (folder.draft / name).write_text(text)
    return folder


def test_nothing_is_seen_before_it_is_published(tmp_path: Path) -> None:
    folder = made(tmp_path / "reports", page="new")
    assert [file.name for file in folder.path.iterdir()] == [folder.draft.name]
    folder.publish(("page",))
    folder.discard()
    assert {file.name: file.read_text() for file in folder.path.iterdir()} == {"page": "new"}


def test_what_this_run_did_not_make_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("old")
    (tmp_path / "note").write_text("the operator's own")
    folder = made(tmp_path, other="new")
    folder.publish(("page", "other"))
    folder.discard()
    assert {file.name for file in tmp_path.iterdir()} == {"note", "other"}


def test_a_folder_inside_is_made(tmp_path: Path) -> None:
    folder = made(tmp_path)
    (folder.draft / "history").mkdir()
    (folder.draft / "history" / "runs").write_text("x")
    folder.publish(("history/runs",))
    assert (tmp_path / "history" / "runs").read_text() == "x"


def test_drafts_of_killed_runs_are_swept_and_living_ones_left(tmp_path: Path) -> None:
    dead, living = tmp_path / ".run-999999999", tmp_path / ".run-1"
    dead.mkdir()
    living.mkdir()
    made(tmp_path)
    assert not dead.exists()
    assert living.exists()
