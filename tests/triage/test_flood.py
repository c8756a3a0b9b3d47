"""Who floods the broker is named: what runs beside the pipeline and was made by none of its workloads."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipeline_services.model import roles
from pipeline_services.model.k8s import made_by
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.model import Confidence, Finding
from tests.judgements.known_bad.kafka import flooded
from tests.judgements.world import World, healthy


def beside(world: World, name: str, **metadata: Any) -> None:
    """A pod that bears the producer's label."""
    pod = copy.deepcopy(world.pods(roles.PRODUCER)[0])
    pod["metadata"] |= {"name": name, "uid": name, "creationTimestamp": world.ago(90), "ownerReferences": []}
    pod["metadata"] |= metadata
    world.answers["pods"].append(pod)


def kafkas(world: World) -> list[Finding]:
    return [one for one in diagnose(world.snapshot()).findings if one.component == roles.KAFKA]


def test_the_client_is_named_and_its_command_keeps_it_before_it_is_deleted() -> None:
    world = healthy()
    flooded("load-test")(world)
    beside(world, "load-test")
    (found,) = kafkas(world)
    assert (found.cause.id, found.subject, found.confidence) == ("client-floods", "pod/load-test", Confidence.HIGH)
    assert "topic load-test grows by 52.4 MB/s" in found.summary
    assert found.next[1].endswith("get pod/load-test -n conveyor-pipeline -o yaml > pod-load-test.saved.yaml")
    assert found.next[2].endswith("delete pod/load-test -n conveyor-pipeline")
    assert found.undo.endswith("--force -f pod-load-test.saved.yaml")


def test_of_two_the_newest_is_named_and_both_are_told() -> None:
    world = healthy()
    flooded("load-test")(world)
    beside(world, "debug", creationTimestamp=world.ago(3_000))
    beside(world, "load-test")
    (found,) = kafkas(world)
    assert (found.subject, found.confidence) == ("pod/load-test", Confidence.MEDIUM)
    assert any("pod debug is not" in line for line in found.evidence)


def test_where_nobody_is_seen_beside_the_pipeline_the_topic_is_told() -> None:
    world = healthy()
    flooded("load-test")(world)
    (found,) = kafkas(world)
    assert found.cause.id == "unknown"
    assert "topic load-test grows" in found.summary


def test_who_runs_beside_the_pipeline_and_floods_nothing_is_no_finding() -> None:
    world = healthy()
    beside(world, "load-test")
    assert kafkas(world) == []


@pytest.mark.parametrize(
    ("owner", "told"),
    [
        ([], "pod/x"),
        ([{"kind": "ReplicaSet", "name": "load-test-5db98c6ccb"}], "deployment/load-test"),
        ([{"kind": "Job", "name": "load-test"}], "job/load-test"),
    ],
)
def test_what_made_a_pod_is_what_has_to_go(owner: list[dict[str, str]], told: str) -> None:
    assert made_by({"metadata": {"name": "x", "ownerReferences": owner}}) == told
