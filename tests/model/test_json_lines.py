"""Lines of JSON: what a killed run cut off, and what is no table, is left out."""

from __future__ import annotations

from pathlib import Path

from pipeline_services.model.json_lines import tables_in, write_tables


def test_only_whole_tables_are_read(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text('{"at": 1}\n[2]\n\n{"at": 3}\n{"at": Infinity}\n{"at": 4, "cut o', encoding="utf-8")
    assert tables_in(file) == [{"at": 1}, {"at": 3}]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    tables = [{"at": 1}, {"at": 2, "é": [None]}]
    assert tables_in(write_tables(tmp_path / "new" / "history.jsonl", tables)) == tables


def test_no_file_has_none(tmp_path: Path) -> None:
    assert tables_in(tmp_path / "none.jsonl") == []
