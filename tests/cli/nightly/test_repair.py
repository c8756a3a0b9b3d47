"""What the night does first: in which order, and when it touches nothing."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from pipeline_services.cli.nightly import repair
from pipeline_services.model.errors import PipelineError, PreconditionNotMet


class World:
    """A cluster that notes what is done to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entries: list[str] = []
        self.answers = True
        self.alive = False
        self.done: list[str] = []
        self.fails = ""
        self.changed: list[str] = []
        monkeypatch.setattr(repair, "own_journal", lambda: SimpleNamespace(entries=lambda: self.entries))
        monkeypatch.setattr(repair, "to_undo", self.to_undo)
        monkeypatch.setattr(repair, "answers", lambda _access: self.answers)
        monkeypatch.setattr(repair, "undo_left_behind", lambda _journal, _say: self.do("undo"))
        monkeypatch.setattr(repair.lifecycle, "up", self.up)
        monkeypatch.setattr(repair, "resolve_target", lambda pipeline: None)
        monkeypatch.setattr(repair, "settle", lambda *_args, since: self.do(f"settle {since}"))

    def to_undo(self, entries: list[str]) -> list[str]:
        if self.alive:
            raise PreconditionNotMet("fault in force")
        return entries

    def up(self, progress: Callable[[str], None], settle: object) -> SimpleNamespace:
        self.do("up")
        for line in self.changed:
            progress(line)
        return SimpleNamespace(pipeline=None)

    def do(self, what: str) -> None:
        if what == self.fails:
            raise PipelineError(f"{what} was refused")
        self.done.append(what)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_faults_are_undone_before_the_roll_out(world: World) -> None:
    world.entries = ["left"]
    assert repair.main(lambda _line: None) == 0
    assert world.done == ["undo", "up", "undo", "settle repaired"]


def test_where_the_cluster_does_not_answer_it_is_brought_up_first(world: World) -> None:
    world.entries, world.answers = ["left"], False
    assert repair.main(lambda _line: None) == 0
    assert world.done == ["up", "undo", "settle repaired"]


def test_a_fault_of_a_run_that_lives_is_left_alone(world: World) -> None:
    world.entries, world.alive = ["theirs"], True
    said: list[str] = []
    assert repair.main(said.append) == 2
    assert (world.done, said) == ([], ["fault in force"])


def test_what_cannot_be_repaired_is_said(world: World) -> None:
    world.fails = "up"
    said: list[str] = []
    assert repair.main(said.append) == 1
    assert said == ["up was refused"]


def test_what_was_put_right_is_said_at_the_end(world: World) -> None:
    world.changed = ["image built", "removed Deployment stray", "Service kafka was changed by hand: restoring it"]
    said: list[str] = []
    assert repair.main(said.append) == 0
    assert said == [f"repaired: {line}" for line in world.changed[1:]]


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("producer: changed", True),
        ("producer was scaled to 0: one replica again", True),
        ("StatefulSet kafka cannot be changed in place: making it anew", True),
        ("replaced pod producer-1", True),
        ("fault in force since 2026-01-01: kafka-0 hung; made by run x, which is gone; undone", True),
        ("producer is ready (4 s)", False),
        ("repaired; figures still to come: 3 (at most 240 s)", False),
        ("loading into the node: apps", False),
    ],
)
def test_the_lines_that_tell_of_a_repair(line: str, is_one: bool) -> None:
    assert repair.put_right([line]) == [line] * is_one
