"""Why a pod is not placed, or has no network where it is: in the scheduler's and the kubelet's own words."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import pytest

from pipeline_services.model import roles
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import warning
from tests.judgements.world import World, healthy
from tests.triage.test_rules import pending

CONTROL_PLANE: Final = "node-role.kubernetes.io/control-plane"


def unconnected(world: World) -> None:
    pod = world.pods(roles.GRAFANA)[0]
    pod["metadata"]["creationTimestamp"] = world.ago(90)
    placed = {"type": "PodScheduled", "status": "True", "lastTransitionTime": world.ago(90)}
    pod["status"] = {"phase": "Pending", "conditions": [placed]}
    message = 'Failed to create pod sandbox: plugin type="bridge" failed (add): no IP addresses available in range set'
    warning(world, "Pod", pod["metadata"]["name"], "FailedCreatePodSandBox", message)
    world.answers["events"][-1]["firstTimestamp"] = world.ago(85)


def test_a_pod_that_its_node_cannot_connect_is_the_network_plugins() -> None:
    world = healthy()
    unconnected(world)
    first = diagnose(world.snapshot()).findings[0]
    assert (first.component, first.cause.id) == ("network", "pod-without-network")
    assert first.summary.endswith("(add): no IP addresses available in range set")


@pytest.mark.parametrize(
    ("message", "cause", "said"),
    [
        (
            "1 node(s) didn't match Pod's node affinity/selector. preemption: x",
            "placement-impossible",
            "affinity/selector",
        ),
        (
            "1 node(s) didn't match pod topology spread constraints (missing required label).",
            "placement-impossible",
            "(missing required label)",
        ),
        ("1 node(s) didn't match pod affinity rules.", "placement-impossible", "didn't match pod affinity rules"),
        ("1 node(s) didn't match pod anti-affinity rules.", "placement-impossible", "pod anti-affinity rules"),
        ("1 node(s) were unheard of.", "placement-impossible", "no node matches processor: node(s) were unheard of"),
        (
            "1 node(s) didn't have free ports for the requested pod ports.",
            "placement-impossible",
            "another pod has the port of the node",
        ),
        (
            "1 node(s) had volume node affinity conflict.",
            "volume-unbound",
            "where none of the nodes that take pods can reach it",
        ),
    ],
)
def test_a_pod_that_no_node_takes_is_told_with_the_schedulers_reason(message: str, cause: str, said: str) -> None:
    world = healthy()
    pending(world, f"0/1 nodes are available: {message}")
    first = diagnose(world.snapshot()).findings[0]
    assert first.cause.id == cause
    assert said in first.summary


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"nodeSelector": {"disk": "ssd"}}, ": none has its nodeSelector, disk=ssd"),
        ({"nodeSelector": {"disk": "ssd"}, "affinity": {"nodeAffinity": {}}}, "affinity/selector"),
    ],
)
def test_the_labels_that_no_node_has_are_named(spec: dict[str, Any], said: str) -> None:
    world = healthy()
    pending(world, "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")
    for pod in world.answers["pods"]:
        if pod["status"]["phase"] == "Pending":
            pod["spec"] |= spec
    assert diagnose(world.snapshot()).findings[0].summary.endswith(said)


def test_a_pod_that_was_pushed_away_is_told_to_have_been() -> None:
    world = healthy()
    pending(world, "0/1 nodes are available: 1 Insufficient cpu.")
    assert "higher priority" not in diagnose(world.snapshot()).findings[0].summary
    warning(world, "Pod", "processor-7c9d8f6b5-gone1", "Preempted", "Preempted by pod 8d1e on node one")
    first = diagnose(world.snapshot()).findings[0]
    assert first.cause.id == "node-full"
    assert "pods of higher priority have pushed its own away" in first.summary
    assert any("priorityclasses" in step for step in first.next)


@pytest.mark.parametrize(
    ("age", "message"), [(20, "network"), (90, 'no runtime for "gvisor" is configured')], ids=["young", "of-a-runtime"]
)
def test_a_pod_is_not_without_network_for_another_reason(age: float, message: str) -> None:
    world = healthy()
    unconnected(world)
    world.pods(roles.GRAFANA)[0]["metadata"]["creationTimestamp"] = world.ago(age)
    world.answers["events"][-1]["message"] = f"Failed to create pod sandbox: {message}"
    assert all(one.cause.id != "pod-without-network" for one in diagnose(world.snapshot()).findings)


def test_a_pod_that_runs_has_its_network_whatever_was_before() -> None:
    world = healthy()
    unconnected(world)
    world.pods(roles.GRAFANA)[0]["status"] |= {
        "phase": "Running",
        "containerStatuses": [
            {"name": "grafana", "ready": False, "restartCount": 0, "state": {"running": {"startedAt": world.ago(80)}}}
        ],
    }
    assert all(one.cause.id != "pod-without-network" for one in diagnose(world.snapshot()).findings)


def test_an_old_pod_of_a_node_that_has_just_restarted_is_given_time() -> None:
    world = healthy()
    unconnected(world)
    world.pods(roles.GRAFANA)[0]["metadata"]["creationTimestamp"] = world.ago(86_400)
    world.answers["events"][-1]["firstTimestamp"] = world.ago(30)
    assert all(one.cause.id != "pod-without-network" for one in diagnose(world.snapshot()).findings)


def cordoned(node: dict[str, Any]) -> None:
    node["spec"]["unschedulable"] = True


def not_ready(node: dict[str, Any]) -> None:
    next(one for one in node["status"]["conditions"] if one["type"] == "Ready")["status"] = "False"


def tainted(node: dict[str, Any]) -> None:
    node["spec"]["taints"] = [{"key": "maintenance", "effect": "NoSchedule"}]


@pytest.mark.parametrize(
    ("reason", "edit", "cause"),
    [
        ("1 Insufficient cpu", None, "node-full"),
        ("1 node(s) didn't match Pod's node affinity/selector", None, "placement-impossible"),
        ("1 node(s) didn't match PersistentVolume's node affinity", None, "volume-unbound"),
        ("1 node(s) were unschedulable", cordoned, "node-cordoned"),
        ("1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }", not_ready, "node-not-ready"),
        ("1 node(s) had untolerated taint {maintenance: }", tainted, "node-tainted"),
    ],
)
@pytest.mark.parametrize("words", ["untolerated taint {%s: }", "taint {%s: }, that the pod didn't tolerate"])
def test_nobody_is_told_to_open_the_control_plane_while_a_worker_takes_no_pod(
    reason: str, edit: Callable[[dict[str, Any]], None] | None, cause: str, words: str
) -> None:
    world = healthy()
    (worker,) = world.answers["nodes"]
    control_plane = copy.deepcopy(worker)
    control_plane["metadata"]["name"] = "control-plane-1"
    control_plane["spec"]["taints"] = [{"key": CONTROL_PLANE, "effect": "NoSchedule"}]
    world.answers["nodes"].insert(0, control_plane)
    if edit:
        edit(worker)
    pending(world, f"0/2 nodes are available: 1 node(s) had {words % CONTROL_PLANE}, {reason}. preemption: x")
    found = diagnose(world.snapshot()).findings
    assert found[0].cause.id == cause
    assert not any("control-plane-1" in command for one in found for command in (one.subject, *one.next, one.undo))


def test_a_control_plane_that_is_the_only_node_is_named() -> None:
    world = healthy()
    (node,) = world.answers["nodes"]
    node["spec"]["taints"] = [{"key": CONTROL_PLANE, "effect": "NoSchedule"}]
    pending(world, f"0/1 nodes are available: 1 node(s) had untolerated taint {{{CONTROL_PLANE}: }}.")
    first = diagnose(world.snapshot()).findings[0]
    assert first.cause.id == "node-tainted"
    assert CONTROL_PLANE in first.summary


@pytest.mark.parametrize("is_pending", [True, False])
@pytest.mark.parametrize(
    ("taints", "put_back"),
    [
        ([("dedicated", "gpu", "NoSchedule")], "dedicated=gpu:NoSchedule"),
        ([("dedicated", "", "NoExecute")], "dedicated:NoExecute"),
        (
            [("dedicated", "gpu", "NoSchedule"), ("dedicated", "gpu", "NoExecute"), ("zone", "b", "NoSchedule")],
            "dedicated=gpu:NoSchedule dedicated=gpu:NoExecute",
        ),
    ],
)
def test_a_taint_is_put_back_as_it_was(taints: list[tuple[str, str, str]], put_back: str, *, is_pending: bool) -> None:
    world = healthy()
    (node,) = world.answers["nodes"]
    node["spec"]["taints"] = [{"key": key, "value": value, "effect": effect} for key, value, effect in taints]
    if is_pending:
        pending(world, "0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: gpu}.")
    first = diagnose(world.snapshot()).findings[0]
    assert first.next[-1].endswith(" dedicated-")
    assert first.undo.partition(f" taint node {node['metadata']['name']} ")[2] == put_back
