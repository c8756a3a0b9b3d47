"""The journal of faults: durable, private, and never silently unreadable."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_services.faults.journal import Call, Command, Entry, Journal, Step, own_journal
from pipeline_services.model.errors import UnexpectedAnswer


def entry(entry_id: str = "run-1", *, pid: int | None = None, injected_at: float | None = None) -> Entry:
    now = time.time() if injected_at is None else injected_at
    return Entry(
        id=entry_id,
        run="run",
        pid=pid or os.getpid(),
        summary="producer scaled to 0",
        injected_at=now,
        expires_at=now + 900,
        undo=[Call("PATCH", "/apis/x", {"spec": {"replicas": 1}}, "application/merge-patch+json")],
    )


def test_an_entry_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    journal, written = Journal(tmp_path / "journal"), entry()
    journal.write(written)
    assert journal.entries() == [written]


def test_entries_come_oldest_first_and_go_when_removed(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(entry("young", injected_at=200.0))
    journal.write(entry("old", injected_at=100.0))
    assert [one.id for one in journal.entries()] == ["old", "young"]
    journal.remove("old")
    assert [one.id for one in journal.entries()] == ["young"]


HERE = Call("PATCH", "/apis/apps/v1/namespaces/plain/deployments/producer")


@pytest.mark.parametrize(
    ("undo", "forgotten"),
    [
        ([HERE, Call("DELETE", "/api/v1/namespaces/plain/pods?labelSelector=app%3Dproducer")], True),
        ([Call("PATCH", "/api/v1/namespaces/plain")], True),
        ([HERE, Call("PATCH", "/api/v1/namespaces/plain-too/configmaps/plain")], False),
        ([HERE, Call("PATCH", "/api/v1/nodes/plain")], False),
        ([HERE, Command(["true"])], False),
        ([HERE, Command(["true"], namespace="plain")], True),
        ([Command(["true"], namespace="plain-too")], False),
        ([], False),
    ],
)
def test_what_has_to_be_undone_in_a_deleted_namespace_alone_is_forgotten(
    tmp_path: Path, undo: list[Step], forgotten: bool
) -> None:
    journal, made = Journal(tmp_path), replace(entry(), undo=undo)
    journal.write(made)
    assert journal.forget("plain") == ([made] if forgotten else [])
    assert journal.entries() == ([] if forgotten else [made])


def test_no_folder_is_no_faults(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").entries() == []


def test_only_the_owner_may_read_an_entry(tmp_path: Path) -> None:
    Journal(tmp_path).write(entry())
    assert (tmp_path / "run-1.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id": "x"}', '{"undo": [{"verb": "GET"}]}'])
def test_an_unreadable_entry_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(UnexpectedAnswer, match=r"bad\.json cannot be read"):
        Journal(tmp_path).entries()


def test_the_owner_is_alive_while_its_process_runs() -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        made = entry(pid=child.pid)
        assert made.owner_alive
    finally:
        child.kill()
        child.wait()
    assert not made.owner_alive


def test_a_process_that_nobody_has_buried_yet_has_ended() -> None:
    child = subprocess.Popen(["true"])
    made = entry(pid=child.pid)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert Path(f"/proc/{child.pid}").exists()
    assert not made.owner_alive
    child.wait()


def test_the_own_journal_belongs_to_the_cluster_and_not_to_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert own_journal().folder == tmp_path / "conveyor" / "clusters" / "conveyor" / "journal"


def test_a_process_that_took_over_the_number_is_not_the_owner() -> None:
    assert not entry(injected_at=time.time() - 10 * 365 * 86400).owner_alive
