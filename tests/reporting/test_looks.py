"""What each run saw is kept for reviews: whole lines, bounded, and only of the same pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.reporting.run import looks
from tests.judgements.faults import scale_to_0
from tests.judgements.world import World, healthy

HOUR = 3600.0


def kept(at: float, **more: Any) -> dict[str, Any]:
    return {"at": at, "context": "c", "namespace": "n", "readings": {}, **more}


def test_a_look_has_every_reading_that_is_known() -> None:
    world = healthy()
    seen = looks.look(world.snapshot())
    assert seen["at"] == round(world.now)
    assert {"producer-rate", "consumer-lag", "memory-usage/kafka", "volume-usage/prometheus"} <= seen["readings"].keys()
    scale_to_0(world, "kafka")
    assert "pod-restarts/kafka" not in looks.look(world.snapshot())["readings"]


def test_a_review_reads_what_runs_left_by_day_and_by_night(tmp_path: Path) -> None:
    snapshot = healthy().snapshot()
    for folder, ago in ((tmp_path, 2 * HOUR), (tmp_path / "daily", HOUR)):
        looks.add(folder, replace(snapshot, taken_at=snapshot.taken_at - ago))
    assert [round(snapshot.taken_at - look["at"]) for look in looks.read(tmp_path, snapshot)] == [7200, 3600]
    assert looks.read(tmp_path, replace(snapshot, context="another")) == []
    assert looks.read(tmp_path / "empty", snapshot) == []


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"at": 1}', '{"at": "x", "readings": {}}'])
def test_a_line_that_cannot_be_read_is_none(tmp_path: Path, line: str) -> None:
    world: World = healthy()
    looks.add(tmp_path, world.snapshot())
    file = tmp_path / looks.FILE
    file.write_text(f"{line}\n{file.read_text()}{line}", encoding="utf-8")
    assert len(looks.read(tmp_path, world.snapshot())) == 1


def test_old_looks_are_thinned_and_go() -> None:
    now = 1_000 * 86_400.0
    many = [kept(now - minutes * 60) for minutes in range(0, 40 * 24 * 60, 10)]
    left = looks.thinned(many, now)
    assert [look["at"] for look in left] == sorted(look["at"] for look in left)
    assert len(left) == pytest.approx(24 * 6 + 34 * 24, abs=2)
    assert now - left[0]["at"] <= looks.KEPT_S
