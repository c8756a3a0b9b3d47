"""What costs time is made once."""

from __future__ import annotations

from pathlib import Path

from pipeline_services.reporting.text_cache import kept


def test_the_same_is_made_once_and_another_takes_its_place(tmp_path: Path) -> None:
    made: list[str] = []

    def make() -> str:
        made.append("x")
        return f"text {len(made)}"

    folder = tmp_path / "new"
    assert [kept(folder, "a", make), kept(folder, "a", make), kept(folder, "b", make)] == ["text 1", "text 1", "text 2"]
    assert len(list(folder.iterdir())) == 1


def test_without_a_folder_it_is_made_each_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert kept(tmp_path / "file" / "in", "a", lambda: "text") == "text"
