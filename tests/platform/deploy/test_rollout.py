"""A rollout is complete when only new and ready pods are there; else the reason is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pipeline_services.platform.deploy import rollout

IMAGE = "localhost/conveyor/apps:1"


def deployment(**status: Any) -> dict[str, Any]:
    full = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, **status}
    return {
        "kind": "Deployment",
        "metadata": {"name": "producer", "generation": 2},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "producer"}},
            "template": {"spec": {"containers": [{"name": "producer", "image": IMAGE}]}},
        },
        "status": full,
    }


def pod(reason: str = "", *, restarts: int = 0, image: str = IMAGE, ready: bool = False) -> dict[str, Any]:
    state: dict[str, Any] = {"waiting": {"reason": reason, "message": "because"}} if reason else {"running": {}}
    ended = {"terminated": {"reason": "Error", "exitCode": 2}} if restarts else {}
    return {
        "metadata": {"name": "producer-1-x", "labels": {"app": "producer"}, "ownerReferences": [{}]},
        "spec": {"containers": [{"name": "producer", "image": image}]},
        "status": {
            "phase": "Pending",
            "containerStatuses": [{"state": state, "lastState": ended, "restartCount": restarts}],
            "conditions": [{"type": "Ready", "status": str(ready)}],
        },
    }


class FakeApi:
    def __init__(self, workloads: list[dict[str, Any]], pods: list[dict[str, Any]]) -> None:
        self.objects = {"Deployment": workloads, "Pod": pods}

    def list(self, kind: str, *, managed: bool) -> list[dict[str, Any]]:
        assert managed
        return self.objects.get(kind, [])

    def logs(self, pod: str, container: str, *, lines: int, previous: bool, timestamps: bool) -> Any:
        assert not timestamps
        return [f"the last words of {container}{' before' if previous else ''}"]


def wait(workloads: list[dict[str, Any]], pods: list[dict[str, Any]], within: float = 0.0) -> list[str]:
    said: list[str] = []
    api: Any = FakeApi(workloads, pods)
    with ThreadPoolExecutor(4) as pool:
        rollout.wait_for(api, pool, ["producer"], said.append, within)
    return said


def test_complete() -> None:
    assert wait([deployment()], [pod(ready=True)]) == []


def test_a_workload_that_is_not_there_is_not_complete() -> None:
    with pytest.raises(rollout.RolloutFailed):
        wait([], [])


def test_says_which_pod_why_and_its_last_words() -> None:
    with pytest.raises(rollout.RolloutFailed) as caught:
        wait([deployment(availableReplicas=0)], [pod("CrashLoopBackOff", restarts=1)])
    text = str(caught.value)
    assert "pod producer-1-x is not ready: CrashLoopBackOff: because" in text
    assert "it last ended with Error, exit code 2" in text
    assert "the last words of producer before" in text


def test_an_image_that_is_not_there_is_not_waited_for() -> None:
    with pytest.raises(rollout.RolloutFailed, match="producer will not start"):
        wait([deployment(availableReplicas=0)], [pod("ErrImageNeverPull")], within=60)


def test_an_old_pod_that_never_started_is_no_reason_to_give_up() -> None:
    state = rollout.State((deployment(updatedReplicas=0),), (pod("ImagePullBackOff", image="wrong:1"),))
    assert rollout._hopeless(state) is None


def test_a_container_that_keeps_crashing_is_not_waited_for() -> None:
    with pytest.raises(rollout.RolloutFailed, match="will not start"):
        wait([deployment(availableReplicas=0)], [pod("CrashLoopBackOff", restarts=rollout.CRASHES)], within=60)


@pytest.mark.parametrize("reason", sorted(rollout.STUCK))
def test_stuck_pods_are_found(reason: str) -> None:
    assert rollout.stuck_pods([pod(reason), pod(ready=True)]) == [pod(reason)]


def test_an_unschedulable_pod_says_so() -> None:
    waiting = pod()
    waiting["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "message": "Insufficient cpu"}]
    assert "Insufficient cpu" in rollout.why(waiting)
