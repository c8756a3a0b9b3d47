"""What each run saw is kept for reviews: whole lines, bounded, and only of the same pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.model.installation import UID, Installation
from pipeline_services.reporting.run import looks
from pipeline_services.snapshot.snapshot import INSTALLATION, Snapshot
from tests.judgements.faults import scale_to_0
from tests.judgements.world import World, healthy

HOUR = 3600.0


def kept(at: float, **more: Any) -> dict[str, Any]:
    return {"at": at, "context": "c", "namespace": "n", "kind": "daily", "readings": {}, "seen": [], **more}


def of(uid: str, *, age: float = 86_400.0) -> Snapshot:
    """A snapshot of a namespace that is so old."""
    world = healthy(age=age)
    here = Installation("kind-conveyor", "conveyor-pipeline", uid, world.now - age)
    world.answers[INSTALLATION] = here.document()
    return world.snapshot()


def test_a_look_has_every_reading_that_is_known() -> None:
    world = healthy()
    seen = looks.look(world.snapshot(), "daily")
    assert seen["at"] == round(world.now)
    assert {"producer-rate", "consumer-lag", "memory-usage/kafka", "volume-usage/prometheus"} <= seen["readings"].keys()
    scale_to_0(world, "kafka")
    assert "pod-restarts/kafka" not in looks.look(world.snapshot(), "daily")["readings"]


def test_a_review_reads_what_runs_left_by_day_and_by_night(tmp_path: Path) -> None:
    snapshot = healthy(age=86_400.0).snapshot()
    for folder, ago in ((tmp_path, 2 * HOUR), (tmp_path / "daily", HOUR)):
        looks.add(folder, looks.look(replace(snapshot, taken_at=snapshot.taken_at - ago), "daily"))
    assert [round(snapshot.taken_at - look["at"]) for look in looks.read(tmp_path, snapshot)] == [7200, 3600]
    assert looks.read(tmp_path, replace(snapshot, context="another")) == []
    assert looks.read(tmp_path / "empty", snapshot) == []


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"at": 1}', '{"at": "x", "readings": {}}'])
def test_a_line_that_cannot_be_read_is_none(tmp_path: Path, line: str) -> None:
    world: World = healthy()
    looks.add(tmp_path, looks.look(world.snapshot(), "daily"))
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


def test_a_review_and_a_run_that_breaks_things_are_kept_among_others() -> None:
    now = 1_000 * 86_400.0
    day, hour = now - 5 * 86_400, 3_600
    lines = [kept(day + 60), kept(day + 120, kind="weekly"), kept(day + 180), kept(day + hour, kind="chaos", until=day)]
    assert [(one["kind"], one["at"] - day) for one in looks.thinned(lines, now)] == [
        ("weekly", 120),
        ("daily", 180),
        ("chaos", hour),
    ]


def test_a_cluster_that_was_made_again_has_no_past(tmp_path: Path) -> None:
    old, new = of("old"), of("new", age=HOUR)
    for ago in (3 * HOUR, 0.5 * HOUR):  # the second, as if the clocks of the two were apart
        looks.add(tmp_path, looks.look(replace(old, taken_at=old.taken_at - ago), "daily"))
    looks.add(tmp_path, looks.look(replace(new, taken_at=new.taken_at - 0.4 * HOUR), "daily"))
    assert [look[UID] for look in looks.read(tmp_path, new)] == ["new"]
    assert [look[UID] for look in looks.read(tmp_path, old)] == ["old", "old"]


def test_a_look_of_an_older_suite_is_told_by_its_time(tmp_path: Path) -> None:
    snapshot = of("new", age=HOUR)
    place = {"context": snapshot.context, "namespace": snapshot.namespace}
    for ago in (2 * HOUR, 0.5 * HOUR):
        looks.add(tmp_path, kept(snapshot.taken_at - ago, **place))
    assert [snapshot.taken_at - look["at"] for look in looks.read(tmp_path, snapshot)] == [0.5 * HOUR]


def test_an_account_that_may_not_read_the_namespace_goes_by_the_oldest_workload(tmp_path: Path) -> None:
    snapshot = of("", age=HOUR)
    for ago in (2 * HOUR, 0.5 * HOUR):
        looks.add(tmp_path, looks.look(replace(snapshot, taken_at=snapshot.taken_at - ago), "daily"))
    assert [round(snapshot.taken_at - look["at"]) for look in looks.read(tmp_path, snapshot)] == [1_800]


def test_of_one_hour_each_installation_keeps_its_own_look() -> None:
    now = 1_000 * 86_400.0
    lines = [kept(now - 3 * 86_400 + second, **{UID: uid}) for second, uid in enumerate(("a", "b", "a"))]
    assert [one[UID] for one in looks.thinned(lines, now)] == ["b", "a"]


def test_what_was_logged_is_for_the_owner_s_eyes(tmp_path: Path) -> None:
    looks.add(tmp_path, kept(1.0))
    assert (tmp_path / looks.FILE).stat().st_mode & 0o777 == 0o600


def test_a_run_that_breaks_things_leaves_its_time(tmp_path: Path) -> None:
    snapshot = of("a")
    begin, end = snapshot.taken_at - 900, snapshot.taken_at - 300
    for uid in ("another", "a"):
        looks.add(tmp_path, looks.break_of("chaos", Installation("c", "n", uid), begin, end))
    [line] = looks.read(tmp_path, snapshot)
    assert (line["at"], line["until"], line["readings"], line["seen"]) == (round(begin), round(end), {}, [])
