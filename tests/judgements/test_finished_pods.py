"""A pod that has done its work, as one of a Job, is no pod of the component whose labels it has."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipeline_services.model import roles
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World, healthy


def finished(world: World) -> dict[str, Any]:
    pod = copy.deepcopy(world.pods(roles.PROCESSOR)[0])
    ended = {"exitCode": 0, "reason": "Completed", "finishedAt": world.ago(80_000)}
    pod["metadata"] |= {"name": "migrate-x7z2k", "creationTimestamp": world.ago(90_000)}
    pod["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "migrate", "controller": True}]
    pod["status"] = {
        "phase": "Succeeded",
        "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": world.ago(80_000)}],
        "containerStatuses": [{"name": "processor", "ready": False, "restartCount": 0, "state": {"terminated": ended}}],
    }
    world.answers["pods"].append(pod)
    return pod


def test_a_finished_pod_with_a_components_labels_is_none_of_its_pods() -> None:
    world = healthy()
    finished(world)
    assert diagnose(world.snapshot()).healthy


def test_a_finished_pod_does_not_stand_in_for_one_that_runs() -> None:
    world = healthy()
    done = finished(world)
    world.drop_pods(roles.PROCESSOR)
    world.answers["pods"].append(done)
    assert "test_pods_ready[processor]" in diagnose(world.snapshot()).red


def test_a_pod_that_failed_is_told() -> None:
    world = healthy()
    finished(world)["status"]["phase"] = "Failed"
    assert "test_pods_ready[processor]" in diagnose(world.snapshot()).red


def replaced(world: World, reason: str, ago: float) -> dict[str, Any]:
    """A pod of the producer that failed so long ago; another has taken its place."""
    pod = copy.deepcopy(world.pods(roles.PRODUCER)[0])
    pod["metadata"] |= {"name": "producer-697bd5cbf8-zzzzz", "uid": "gone", "creationTimestamp": world.ago(200_000)}
    condition = {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": world.ago(ago)}
    pod["status"] = {"phase": "Failed", "conditions": [condition]} | ({"reason": reason} if reason else {})
    world.answers["pods"].append(pod)
    return pod


@pytest.mark.parametrize("reason", ["Evicted", "Terminated", "NodeAffinity", "Preempting", ""])
def test_a_failed_pod_that_was_replaced_is_told_for_a_while_only(reason: str) -> None:
    world = healthy()
    replaced(world, reason, 86_400)
    assert diagnose(world.snapshot()).healthy
    world = healthy()
    replaced(world, reason, 300)
    (told,) = diagnose(world.snapshot()).findings
    assert told.cause.id == "pod-evicted"
    assert ("was evicted by its node" in told.summary) == (reason == "Evicted")


def test_a_failed_pod_that_nothing_replaced_is_told_however_old() -> None:
    world = healthy()
    replaced(world, "Evicted", 86_400)
    world.pods(roles.PRODUCER)[0]["status"]["conditions"][1]["status"] = "False"
    assert "pod-evicted" in [one.cause.id for one in diagnose(world.snapshot()).findings]


def test_a_failed_job_of_another_program_is_nobodys_outage() -> None:
    world = healthy()
    pod = finished(world)
    pod["status"]["phase"] = "Failed"
    pod["spec"]["containers"][0]["name"] = "backup"
    assert diagnose(world.snapshot()).healthy
