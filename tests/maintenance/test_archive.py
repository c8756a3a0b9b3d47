"""An archive is whole or is not there; what is damaged is named; the oldest goes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_services.maintenance import archive as archive_module
from pipeline_services.maintenance.archive import (
    MANIFEST,
    Archive,
    Archives,
    FileFact,
    Manifest,
    closed,
    flaws,
    opened,
    require_whole,
)
from pipeline_services.model.errors import NoData, PreconditionNotMet, UnexpectedAnswer

WHOLE = {"a": FileFact(10, "aa"), "b": FileFact(20, "bb")}


@pytest.fixture
def archives(tmp_path: Path) -> Archives:
    return Archives(tmp_path / "kept")


def kept(archives: Archives, at: float) -> Archive:
    with archives.new(at) as folder:
        (folder / "part").mkdir()
        (folder / "part" / "data").write_bytes(b"0123456789")
        closed(folder, at, "here", {"points": 3})
    last = archives.last()
    assert last is not None
    return last


def test_what_was_kept_is_found_again(archives: Archives) -> None:
    archive = kept(archives, 1_000.0)
    assert archive.folder.name == "19700101T001640Z"
    assert (archive.manifest.at, archive.manifest.size, archive.manifest.facts) == (1_000.0, 10, {"points": 3})
    assert list(archive.manifest.files) == ["part/data"]
    require_whole(archive)
    assert archives.root.stat().st_mode & 0o777 == archive.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ({"a": FileFact(10, "aa")}, "the file b is missing"),
        ({**WHOLE, "b": FileFact(19, "xx")}, "the file b is truncated: 19 of 20 bytes"),
        ({**WHOLE, "b": FileFact(20, "xx")}, "the file b is not what was written"),
        ({**WHOLE, "c": FileFact(1, "cc")}, "the file c does not belong to it"),
    ],
)
def test_each_damage_is_named(found: dict[str, FileFact], line: str) -> None:
    assert flaws(Manifest(0.0, "here", WHOLE), found) == [line]


def test_a_whole_archive_has_no_flaw() -> None:
    assert flaws(Manifest(0.0, "here", WHOLE), WHOLE) == []


def test_a_damaged_archive_is_refused(archives: Archives) -> None:
    archive = kept(archives, 0.0)
    (archive.folder / "part" / "data").write_bytes(b"012345678")
    with pytest.raises(UnexpectedAnswer, match="is damaged: the file part/data is truncated: 9 of 10 bytes"):
        require_whole(archive)


def test_an_archive_that_was_broken_off_is_not_there(archives: Archives) -> None:
    with pytest.raises(NoData), archives.new(0.0) as folder:
        opened(closed(folder, 0.0, "here", {}).folder / "part")
    assert archives.names() == []
    assert archives.last() is None
    assert list(archives.root.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next(archives: Archives) -> None:
    for name in (".draft-4711", ".draft"):
        (archives.root / name / "part").mkdir(parents=True)
    kept(archives, 0.0)
    assert [one.name for one in archives.root.iterdir()] == archives.names() == ["19700101T000000Z"]


def test_two_archives_of_one_second_are_refused(archives: Archives) -> None:
    kept(archives, 0.0)
    with pytest.raises(PreconditionNotMet, match="already"), archives.new(0.0):
        pass


def test_the_oldest_go(archives: Archives, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "KEPT", 2)
    for at in (3_000.0, 1_000.0, 2_000.0):
        kept(archives, at)
    assert archives.rotate() == ["19700101T001640Z"]
    assert archives.names() == ["19700101T003320Z", "19700101T005000Z"]
    assert archives.rotate() == []


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="no archive"):
        opened(tmp_path)
    (tmp_path / MANIFEST).write_text('{"files": {}, "unknown": 1}')
    with pytest.raises(UnexpectedAnswer, match="cannot be read"):
        opened(tmp_path)
