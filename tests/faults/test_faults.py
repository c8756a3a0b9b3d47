"""Faults as data: what they send, that their undo restores just what they changed, that they are journaled first."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_services import faults
from pipeline_services.faults.injection import IDENTITY
from pipeline_services.faults.journal import Call, Command, Entry, Journal
from pipeline_services.model.errors import NoData, ServiceUnreachable, UnexpectedAnswer

DEPLOYMENT = "/apis/apps/v1/namespaces/ns/deployments/producer"


def merge(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


class Store:
    """An API server for objects in memory; it refuses the change whose number is ``refuse``."""

    def __init__(self, objects: dict[str, Any], refuse: int = -1, uid: str = "here") -> None:
        self.objects = {IDENTITY: {"metadata": {"uid": uid}}, **objects}
        self.changes: list[tuple[str, Any]] = []
        self.refuse = refuse

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        if method == "PATCH":
            if len(self.changes) == self.refuse:
                raise UnexpectedAnswer("409 Conflict")
            self.changes.append((path, body))
            self.objects[path] = merge(self.objects[path], body)
        if path not in self.objects:
            raise NoData(f"no {path}")
        return self.objects[path]


def store(**options: Any) -> Store:
    return Store(
        {
            DEPLOYMENT: {
                "metadata": {"annotations": {"c": "d"}},
                "spec": {"replicas": 2, "template": {"metadata": {"annotations": {"a": "b"}}}},
            }
        },
        **options,
    )


def test_a_fault_is_in_force_within_the_block_and_undone_after_it(tmp_path: Path) -> None:
    api, journal = store(), Journal(tmp_path)
    fault = faults.scaled(api, "deployments", "producer", "ns", 0)
    with faults.injected(api, journal, fault):
        assert api.objects[DEPLOYMENT]["spec"]["replicas"] == 0
        assert [entry.summary for entry in journal.entries()] == ["deployments/producer scaled to 0"]
    assert api.objects[DEPLOYMENT]["spec"]["replicas"] == 2
    assert journal.entries() == []


def test_a_fault_is_undone_when_the_block_fails(tmp_path: Path) -> None:
    api, journal = store(), Journal(tmp_path)
    with (
        pytest.raises(KeyboardInterrupt),
        faults.injected(api, journal, faults.scaled(api, "deployments", "producer", "ns", 0)),
    ):
        raise KeyboardInterrupt
    assert api.objects == store().objects


def test_what_cannot_be_journaled_is_neither_made_nor_undone(tmp_path: Path) -> None:
    api = store()
    fault = faults.scaled(api, "deployments", "producer", "ns", 0)
    (tmp_path / "full").write_text("")  # no folder can be made there, as on a full disk
    with pytest.raises(OSError, match="full"), faults.injected(api, Journal(tmp_path / "full"), fault):
        pytest.fail("the fault is in force, and no other run would know of it")
    assert api.changes == []


def test_a_refused_undo_fails_loudly_and_stays_journaled(tmp_path: Path) -> None:
    api, journal = store(refuse=1), Journal(tmp_path)
    with (
        pytest.raises(UnexpectedAnswer, match=r"still in force.*PATCH .*/deployments/producer was refused"),
        faults.injected(api, journal, faults.scaled(api, "deployments", "producer", "ns", 0)),
    ):
        pass
    assert len(journal.entries()) == 1


def test_a_restart_goes_with_the_change_and_leaves_nothing_behind(tmp_path: Path) -> None:
    api = store()
    fault = faults.with_restart(faults.scaled(api, "deployments", "producer", "ns", 3), "deployments", "producer", "ns")
    with faults.injected(api, Journal(tmp_path), fault):
        annotations = api.objects[DEPLOYMENT]["spec"]["template"]["metadata"]["annotations"]
        assert "conveyor.io/restarted-by-fault" in annotations
    assert api.objects == store().objects


def test_the_sweep_undoes_what_a_dead_run_left_and_nothing_of_a_live_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, journal = store(), Journal(tmp_path)
    said: list[str] = []
    with faults.injected(api, journal, faults.scaled(api, "deployments", "producer", "ns", 0)) as entry:
        assert faults.sweep(api, journal, said.append) == said == []
        monkeypatch.setattr("pipeline_services.faults.journal.Entry.owner_alive", property(lambda self: False))
        assert faults.sweep(api, journal, said.append) == ["deployments/producer scaled to 0"]
        assert len(said) == 1
        assert said[0].startswith(f"left behind by run {faults.RUN} (process {entry.pid}) since ")
        assert said[0].endswith(" UTC: deployments/producer scaled to 0; undone")
        assert api.objects[DEPLOYMENT]["spec"]["replicas"] == 2


def test_what_was_left_in_a_cluster_that_is_gone_is_only_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, successor = Journal(tmp_path), store(uid="another")
    monkeypatch.setattr("pipeline_services.faults.journal.Entry.owner_alive", property(lambda self: False))
    with faults.injected(store(), journal, faults.scaled(store(), "deployments", "producer", "ns", 0)):
        said: list[str] = []
        assert faults.sweep(successor, journal, said.append) == []
        assert said[0].endswith("scaled to 0; its cluster is no more, so it is forgotten")
        assert successor.changes == []
        assert journal.entries() == []


def test_nothing_is_forgotten_where_the_cluster_does_not_say_which_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, unknown = Journal(tmp_path), store(uid="")
    monkeypatch.setattr("pipeline_services.faults.journal.Entry.owner_alive", property(lambda self: False))
    with faults.injected(store(), journal, faults.scaled(store(), "deployments", "producer", "ns", 0)):
        with pytest.raises(UnexpectedAnswer, match="has no UID: it is not known whether deployments/producer scaled"):
            faults.sweep(unknown, journal)
        assert unknown.changes == []
        assert len(journal.entries()) == 1


def test_what_heals_by_itself_is_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api, journal, said = store(), Journal(tmp_path), list[str]()
    monkeypatch.setattr("pipeline_services.faults.journal.Entry.owner_alive", property(lambda self: False))
    with faults.injected(api, journal, faults.Fault("pod kafka-0 deleted", [])):
        faults.sweep(api, journal, said.append)
    assert said[0].endswith("pod kafka-0 deleted; there is nothing to undo")


def test_of_two_left_behind_the_one_that_was_undone_is_told_though_the_other_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, journal, said = store(refuse=1), Journal(tmp_path), list[str]()
    monkeypatch.setattr("pipeline_services.faults.journal.Entry.owner_alive", property(lambda self: False))
    for number in (1, 2):
        undo: list[Call | Command] = [Call("PATCH", DEPLOYMENT, {"spec": {"replicas": number}})]
        journal.write(Entry(f"{number}", "old", 1, f"fault {number}", float(number), 9.0, undo))
    with pytest.raises(UnexpectedAnswer, match="still in force, its undo failed: fault 2"):
        faults.sweep(api, journal, said.append)
    assert [line.rpartition(": ")[2] for line in said] == ["fault 1; undone"]
    assert [entry.id for entry in journal.entries()] == ["2"]


def test_a_changed_object_carries_the_run_and_the_expiry_while_the_fault_is_in_force(tmp_path: Path) -> None:
    api = store()
    with faults.injected(api, Journal(tmp_path), faults.scaled(api, "deployments", "producer", "ns", 0)):
        annotations = api.objects[DEPLOYMENT]["metadata"]["annotations"]
        assert annotations["conveyor.io/fault"] == faults.RUN
        assert annotations["conveyor.io/fault-expires"] > "2026"
    assert api.objects[DEPLOYMENT]["metadata"] == {"annotations": {"c": "d"}}


def test_all_steps_of_an_undo_are_tried_when_one_is_refused(tmp_path: Path) -> None:
    api, path = store(), "/api/v1/namespaces/ns/configmaps/gone"
    kind = "application/merge-patch+json"
    undo: list[Call | Command] = [
        Call("PATCH", path, {"data": {}}, kind),
        Call("PATCH", DEPLOYMENT, {"spec": {"replicas": 7}}, kind),
    ]
    api.objects.pop(path, None)
    with (
        pytest.raises(UnexpectedAnswer, match=r"still in force.*configmaps/gone"),
        faults.injected(Refusing(api, path), Journal(tmp_path), faults.Fault("two things", [], undo)),
    ):
        pass
    assert api.objects[DEPLOYMENT]["spec"]["replicas"] == 7


class Refusing:
    """Answers for one path that there is no such object."""

    def __init__(self, api: Store, path: str) -> None:
        self.api, self.path = api, path

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        if path == self.path:
            raise NoData("no such object")
        return self.api.call(method, path, body, content_type)


def test_an_undo_waits_for_an_api_server_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = store()
    fault = faults.scaled(api, "deployments", "producer", "ns", 0)
    away = iter([True, True])
    answers = api.call

    def call(method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        if method == "PATCH" and api.changes and next(away, False):
            raise ServiceUnreachable("no route")
        return answers(method, path, body, content_type)

    monkeypatch.setattr(api, "call", call)
    monkeypatch.setattr("pipeline_services.model.waiting.time.sleep", lambda seconds: None)
    with faults.injected(api, Journal(tmp_path), fault):
        pass
    assert api.objects[DEPLOYMENT]["spec"]["replicas"] == 2


def test_a_fault_that_misses_is_told_from_one_that_lands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = store()
    proof = faults.Proof("no replicas", lambda: api.objects[DEPLOYMENT]["spec"]["replicas"] == 0, within=0.05)
    hit = faults.scaled(api, "deployments", "producer", "ns", 0).proved(landed=proof)
    with faults.injected(api, Journal(tmp_path), hit) as entry:
        assert faults.landed(api, hit) >= entry.injected_at
    miss = replace(hit, inject=[])
    with (
        pytest.raises(faults.FaultDidNotLand, match="the fault did not land: deployments/producer scaled to 0"),
        faults.injected(api, Journal(tmp_path), miss),
    ):
        faults.landed(api, miss)


def test_a_polite_signal_undoes_the_fault(tmp_path: Path) -> None:
    api = store()
    with (
        pytest.raises(KeyboardInterrupt, match="SIGTERM"),
        faults.injected(api, Journal(tmp_path), faults.scaled(api, "deployments", "producer", "ns", 0)),
    ):
        os.kill(os.getpid(), signal.SIGTERM)
    assert api.objects[DEPLOYMENT]["spec"]["replicas"] == 2


@pytest.mark.parametrize(("kind", "name", "namespace"), [("pods", "", "ns"), ("pods", "x", ""), ("nodes", "x", "ns")])
def test_a_target_must_be_explicit_and_known(kind: str, name: str, namespace: str) -> None:
    with pytest.raises(ValueError, match=r"target|do not know"):
        faults.object_path(kind, name, namespace)


json_objects = st.dictionaries(
    st.sampled_from("abcd"),
    st.recursive(st.integers() | st.text(max_size=3), lambda inner: st.dictionaries(st.sampled_from("abcd"), inner)),
)


@given(json_objects, json_objects)
def test_the_inverse_patch_restores_every_value(current: dict[str, Any], patch: dict[str, Any]) -> None:
    patched = merge(current, patch)
    assert merge(patched, faults.inverse_patch(current, patch)) == current
