"""Incidents and archives do not fill the disk."""

from __future__ import annotations

from pathlib import Path

from pipeline_services.triage.incident.kept import KEPT, prune


def test_the_oldest_go_and_nothing_else_does(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"incident-202611{number:02}T000000Z.md").touch()
        (tmp_path / f"evidence-202611{number:02}T000000Z.tar.gz").touch()
    (tmp_path / "incident-notes.txt").touch()
    prune(tmp_path)
    for pattern, count in KEPT.items():
        kept = sorted(file.name for file in tmp_path.glob(pattern))
        assert len(kept) == count
        assert "20261159T" in kept[-1]
    assert (tmp_path / "incident-notes.txt").exists()
