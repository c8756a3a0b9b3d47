"""What the night does first: in which order, and when it touches nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.nightly import repair


class World:
    """A cluster that notes what is done to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entries: list[str] = []
        self.answers = True
        self.alive = False
        self.done: list[str] = []
        self.fails = ""
        access = SimpleNamespace(pipeline=None)
        monkeypatch.setattr(repair, "own_journal", lambda: SimpleNamespace(entries=lambda: self.entries))
        monkeypatch.setattr(repair, "to_undo", self.to_undo)
        monkeypatch.setattr(repair, "answers", lambda _access: self.answers)
        monkeypatch.setattr(repair, "undo_left_behind", lambda _journal, _say: self.do("undo"))
        monkeypatch.setattr(repair.lifecycle, "up", lambda settle: self.do("up") or access)
        monkeypatch.setattr(repair, "resolve_target", lambda pipeline: None)
        monkeypatch.setattr(repair, "settle", lambda *_args, since: self.do(f"settle {since}"))

    def to_undo(self, entries: list[str]) -> list[str]:
        if self.alive:
            raise PreconditionNotMet("fault in force")
        return entries

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
