"""A fault's time: whoever made it undoes it when that is up, and so does the next run where its maker hangs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline_services import faults
from pipeline_services.faults import aftermath, injection
from pipeline_services.faults.__main__ import main
from pipeline_services.faults.expiry import FAULT_LIFETIME_S, FaultExpired
from pipeline_services.faults.journal import Call, Entry, Journal, own_journal
from pipeline_services.faults.model import EXPIRY, MARK, marks, overdue
from pipeline_services.faults.safety import authorize_target, chaos_lock, describe, require_none_in_force, to_undo
from pipeline_services.model.errors import PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.run_lock import sole_holder
from pipeline_services.model.waiting import wait_until
from tests.faults.test_aftermath import Hands, hands
from tests.faults.test_faults import DEPLOYMENT, Store, store

__all__ = ["hands"]
SHORT_S = 0.1
LOOK_EVERY_S = 0.01


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(injection, "FAULT_LIFETIME_S", SHORT_S)
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def replicas(api: Store) -> int:
    return int(api.objects[DEPLOYMENT]["spec"]["replicas"])


def scaled(api: Store) -> faults.Fault:
    return faults.scaled(api, "deployments", "producer", "ns", 0)


def hung(run: str = "hung") -> Entry:
    """A fault of a process that lives, whose time is up."""
    now = time.time()
    undo: list[Call] = [Call("PATCH", DEPLOYMENT, {"spec": {"replicas": 2}})]
    return Entry(run, run, os.getppid(), "producer scaled to 0", now, now - 0.1, [*undo], "here")


class Refusing(Store):
    """Takes the change that makes the fault, and refuses so many of the changes after it."""

    def __init__(self, refusals: int) -> None:
        super().__init__(store().objects)
        self.left = refusals
        self.refused = 0

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        if method == "PATCH" and self.changes and self.left:
            self.left -= 1
            self.refused += 1
            raise UnexpectedAnswer("409 Conflict")
        return super().call(method, path, body, content_type)


def outlive(api: Store, journal: Journal, then: BaseException | None = None) -> None:
    """A run that does nothing until the fault has been undone for it, and then ends so."""
    with faults.injected(api, journal, scaled(api)):
        assert replicas(api) == 0
        wait_until(lambda: not journal.entries(), within=5, what="the undo", every=LOOK_EVERY_S)
        if then is not None:
            raise then


@pytest.mark.usefixtures("short")
def test_a_run_that_hangs_has_its_fault_undone_meanwhile_and_fails(tmp_path: Path) -> None:
    api = store()
    with pytest.raises(FaultExpired, match=r"the fault was undone after its 0 s: deployments/producer scaled to 0$"):
        outlive(api, Journal(tmp_path))
    assert replicas(api) == 2
    assert len(api.changes) == 2, "what was undone is not undone again"


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("refusals", [1, 2])
def test_an_undo_that_is_refused_is_tried_again_at_the_end_and_told(tmp_path: Path, refusals: int) -> None:
    api, journal = Refusing(refusals), Journal(tmp_path)
    with pytest.raises((FaultExpired, UnexpectedAnswer)) as caught:
        outlast(api, journal)
    if refusals == 1:
        assert "; its undo was refused at first: the fault is still in force, its undo failed: " in str(caught.value)
    assert replicas(api) == (2 if refusals == 1 else 0)
    assert len(journal.entries()) == refusals - 1


def outlast(api: Refusing, journal: Journal) -> None:
    """A run that does nothing until the watchdog has been refused."""
    with faults.injected(api, journal, scaled(api)):
        wait_until(lambda: api.refused, within=5, what="the watchdog", every=LOOK_EVERY_S)


@pytest.mark.usefixtures("short")
def test_what_the_run_found_meanwhile_is_kept_beside_the_error(tmp_path: Path) -> None:
    with pytest.raises(FaultExpired) as caught:
        outlive(store(), Journal(tmp_path), AssertionError("no reading is lost"))
    assert str(caught.value.__cause__) == "no reading is lost"


@pytest.mark.usefixtures("short")
def test_a_person_who_stops_the_run_stops_it(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        outlive(store(), Journal(tmp_path), KeyboardInterrupt())


def test_a_fault_that_ends_in_time_is_undone_once(tmp_path: Path) -> None:
    api, before = store(), threading.active_count()
    with faults.injected(api, Journal(tmp_path), scaled(api)):
        pass
    assert len(api.changes) == 2
    assert threading.active_count() == before


@pytest.mark.usefixtures("short")
def test_a_process_that_stood_still_leaves_alone_what_another_run_has_made_since(tmp_path: Path) -> None:
    api, journal = store(), Journal(tmp_path)

    def stand_still() -> None:
        with faults.injected(api, journal, scaled(api)) as entry:
            journal.remove(entry.id)  # as the next run does, once it has undone it
            api.objects[DEPLOYMENT]["spec"]["replicas"] = 7
            wait_until(lambda: entry.is_expired, within=5, what="the end of its time", every=LOOK_EVERY_S)

    with pytest.raises(FaultExpired):
        stand_still()
    assert replicas(api) == 7


def test_the_next_run_undoes_what_a_process_that_hangs_keeps_too_long(tmp_path: Path) -> None:
    api, journal, said = store(), Journal(tmp_path), list[str]()
    api.objects[DEPLOYMENT]["spec"]["replicas"] = 0
    journal.write(hung())
    assert hung().owner_alive
    assert faults.sweep(api, journal, said.append) == ["producer scaled to 0"]
    assert replicas(api) == 2
    assert said[0].startswith(f"kept too long by run hung (process {os.getppid()}) since ")
    assert journal.entries() == []


def test_one_run_sweeps_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(injection, "SWEEP_TIMEOUT_S", 0.0)
    journal = Journal(tmp_path)
    journal.write(hung())
    with (
        sole_holder(tmp_path / "sweep.lock", "sweep", PreconditionNotMet),
        pytest.raises(PreconditionNotMet, match=r"\(sweep\) is undoing what was left behind"),
    ):
        faults.sweep(store(), journal)


def test_what_has_expired_stops_no_judgement_and_is_to_be_undone() -> None:
    entry = hung()
    assert to_undo([entry]) == [entry]
    assert describe(entry).endswith("made by run hung, which is still running, its time is up")


def test_a_run_is_refused_with_the_command_that_undoes_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(hung())
    with pytest.raises(PreconditionNotMet, match=r"its time is up\. Next: python -m pipeline_services\.faults sweep"):
        require_none_in_force(journal)


def test_the_lock_of_a_process_that_hangs_does_not_keep_its_fault(hands: Hands) -> None:
    own_journal().write(hung())
    said: list[str] = []
    with chaos_lock(authorize_target(), "chaos"):
        aftermath.undo_left_behind(own_journal(), said.append)
    assert hands.did == ["GET /api/v1/namespaces/kube-system", f"PATCH {DEPLOYMENT}"]
    assert len(said) == 1
    assert own_journal().entries() == []


def test_the_command_sweeps_what_has_expired(hands: Hands, capsys: pytest.CaptureFixture[str]) -> None:
    own_journal().write(hung())
    assert main(["sweep"]) == 0
    assert f"PATCH {DEPLOYMENT}" in hands.did
    assert "its time is up" in capsys.readouterr().out


def test_where_nothing_has_expired_chaos_looks_for_no_administrator(hands: Hands) -> None:
    own_journal().write(Entry("left", "old", 2**22 + 1, "something broken", 1.0, 2.0))
    aftermath.undo_expired(authorize_target(), lambda _line: None)
    assert hands.did == []


def test_a_mark_says_until_when_and_is_read_where_no_journal_knows_of_it() -> None:
    now = time.time()
    annotated = {"metadata": {"name": "producer", "annotations": marks()}}
    labelled = {"metadata": {"name": "debug", "labels": marks()}}
    owned = {"metadata": {"name": "producer-5c", "annotations": marks(), "ownerReferences": [{"name": "producer"}]}}
    lists = {"deployments": [annotated, owned], "networkpolicies": [labelled], "kafka_lag": [{"at": 1}], "tls": {}}
    assert overdue(lists, now) == []
    told = overdue(lists, now + FAULT_LIFETIME_S + 1)
    assert [line.partition(" ")[0] for line in told] == ["deployments/producer", "networkpolicies/debug"]
    assert f"{MARK} of run {faults.RUN}" in told[0]
    labelled["metadata"]["labels"][EXPIRY] = "when?"  # type: ignore[index]
    assert len(overdue(lists, now)) == 1
