"""What a run that is gone left behind is undone with the administrator's rights, by one run at a time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.faults import aftermath
from pipeline_services.faults.journal import Call, Command, Entry, Step, own_journal
from pipeline_services.faults.safety import authorize_target, chaos_lock
from pipeline_services.model.errors import PreconditionNotMet

GONE = 2**22 + 1


class Hands:
    """The administrator, who notes what is asked of it."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.node: object = None
        self.closed = False

    def made(self, _access: object, _namespace: str, node: object) -> Hands:
        self.node = node
        return self

    def call(self, method: str, path: str, body: Any = None, content_type: str = "") -> Any:
        self.did.append(f"{method} {path}")
        return {"metadata": {"uid": "here"}}

    def on_node(self, words: list[str]) -> str:
        self.did.append(words[0])
        return ""

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def hands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hands:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = own_journal().folder.parent
    folder.mkdir(parents=True)
    (folder / "kubeconfig").write_text("", encoding="utf-8")
    made = Hands()
    monkeypatch.setattr(aftermath.Access, "load", lambda *_: None)
    monkeypatch.setattr(aftermath, "Admin", made.made)
    monkeypatch.setattr(aftermath.KindNode, "of", lambda cluster: f"node of {cluster}")
    return made


def left(step: Step) -> None:
    now = time.time()
    own_journal().write(Entry("left", "old", GONE, "something broken", now, now + 900, [step], "here"))


def test_it_is_undone_told_and_forgotten(hands: Hands) -> None:
    left(Call("PATCH", "/apis/x"))
    said: list[str] = []
    aftermath.undo_left_behind(own_journal(), said.append)
    assert hands.did == ["GET /api/v1/namespaces/kube-system", "PATCH /apis/x"]
    assert [line.partition(": ")[2] for line in said] == ["something broken; undone"]
    assert own_journal().entries() == []
    assert hands.closed


def test_the_node_is_looked_for_only_where_the_undo_needs_it(hands: Hands) -> None:
    left(Call("PATCH", "/apis/x"))
    aftermath.undo_left_behind(own_journal(), lambda _line: None)
    assert hands.node is None
    left(Command(["kill"]))
    aftermath.undo_left_behind(own_journal(), lambda _line: None)
    assert hands.node == "node of conveyor"


def test_nothing_is_undone_while_another_run_is_at_work(hands: Hands) -> None:
    left(Call("PATCH", "/apis/x"))
    with (
        chaos_lock(authorize_target(), "chaos"),
        pytest.raises(PreconditionNotMet, match=r"\(chaos\) is breaking this pipeline already"),
    ):
        aftermath.undo_left_behind(own_journal(), lambda _line: None)
    assert hands.did == []
    assert len(own_journal().entries()) == 1
