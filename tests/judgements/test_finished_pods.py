"""A pod that has done its work, as one of a Job, is no pod of the component whose labels it has."""

from __future__ import annotations

import copy
from typing import Any

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
