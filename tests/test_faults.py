"""Faults as data: what they send, that their undo restores just what they changed, that they are journaled first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_services import faults
from pipeline_services.errors import UnexpectedAnswer
from pipeline_services.journal import Journal

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
    """An API server for objects in memory; it refuses the request whose number is ``refuse``."""

    def __init__(self, objects: dict[str, Any], refuse: int = -1) -> None:
        self.objects = objects
        self.changes: list[tuple[str, Any]] = []
        self.refuse = refuse

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        if method == "PATCH":
            if len(self.changes) == self.refuse:
                raise UnexpectedAnswer("409 Conflict")
            self.changes.append((path, body))
            self.objects[path] = merge(self.objects[path], body)
        return self.objects[path]


def store(**options: Any) -> Store:
    return Store(
        {DEPLOYMENT: {"spec": {"replicas": 2, "template": {"metadata": {"annotations": {"a": "b"}}}}}}, **options
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


def test_a_refused_undo_fails_loudly_and_stays_journaled(tmp_path: Path) -> None:
    api, journal = store(refuse=1), Journal(tmp_path)
    with (
        pytest.raises(UnexpectedAnswer, match=r"PATCH .*/deployments/producer was refused: 409 Conflict"),
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
    with faults.injected(api, journal, faults.scaled(api, "deployments", "producer", "ns", 0)):
        assert faults.sweep(api, journal) == []
        monkeypatch.setattr("pipeline_services.journal.Entry.owner_alive", property(lambda self: False))
        assert faults.sweep(api, journal) == ["deployments/producer scaled to 0"]
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
