"""A rollback names the revision that it goes to, its undo the one it came from: typed again, neither does anything."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.model.text import rfc3339
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.revisions import options
from tests.judgements.world import NOW, healthy
from tests.triage.test_rules import crashed


def kept(kind: str, owner: str, number: int) -> dict[str, Any]:
    """A revision as the cluster keeps it: of a Deployment its ReplicaSet, else a ControllerRevision."""
    owners = [{"kind": kind, "name": owner}]
    metadata = {"name": f"{owner}-{number}", "ownerReferences": owners, "creationTimestamp": rfc3339(NOW - 7_200)}
    if kind == "Deployment":
        return {"metadata": {**metadata, "annotations": {"deployment.kubernetes.io/revision": str(number)}}}
    return {"metadata": metadata, "revision": number}


@pytest.mark.parametrize(
    ("numbers", "back", "forward"),
    [((10, 2, 7), " --to-revision=7", " --to-revision=10"), ((10,), "", ""), ((), "", "")],
    ids=["three", "one", "unknown"],
)
@pytest.mark.parametrize(
    ("kind", "source"),
    [("Deployment", "replicasets"), ("StatefulSet", "controllerrevisions"), ("DaemonSet", "controllerrevisions")],
)
def test_the_two_newest_revisions_are_named(
    kind: str, source: str, numbers: tuple[int, ...], back: str, forward: str
) -> None:
    world = healthy()
    owned = [*(("mine", one) for one in numbers), ("other", 8), ("other", 11)]
    world.answers[source] = [kept(kind, owner, one) for owner, one in owned]
    found = options(Evidence(world.snapshot()), f"{kind.lower()}/mine")
    assert found == {"to_previous": back, "to_current": forward}


def test_a_rollback_typed_twice_does_not_bring_the_fault_back() -> None:
    world = healthy()
    crashed(world, 137, "OOMKilled", ready=False)
    change = {"kind": "Deployment", "name": "producer", "manager": "kubectl", "fields": ["spec.template"]}
    world.answers["changes"] = [change | {"time": world.ago(600)}]
    world.answers["replicasets"] = [kept("Deployment", "producer", 3), kept("Deployment", "producer", 4)]
    found = diagnose(world.snapshot()).findings[0]
    assert found.next[-1].endswith(" rollout undo deployment/producer -n conveyor-pipeline --to-revision=3")
    assert found.undo.endswith(" rollout undo deployment/producer -n conveyor-pipeline --to-revision=4")
