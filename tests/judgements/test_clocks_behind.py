"""A kubelet whose clock is behind reports all the same: its node stays Ready, by the clock of the node controller."""

from __future__ import annotations

import pytest

from pipeline_services.judgements.heartbeats import silent_nodes
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.test_faults_of_acceptance import outcomes
from tests.judgements.world import World, healthy

CONTROLLER = "kube-controller-manager"


def behind(lease: float, ready: str = "True", controller: float | None = 2.0) -> World:
    """The only node's Lease seems so many seconds old, and so does that of the node controller, if it is seen."""
    world = healthy()
    (node,) = world.answers["nodes"]
    node["status"]["conditions"][-1]["status"] = ready
    world.answers["node_leases"][0]["spec"]["renewTime"] = world.ago(lease)
    if controller is None:
        world.drop("system_leases", lambda one: one["metadata"]["name"] == CONTROLLER)
    else:
        world.item("system_leases", CONTROLLER)["spec"]["renewTime"] = world.ago(controller)
    return world


def test_a_node_that_is_ready_by_the_controllers_clock_is_told_as_one_whose_clock_is_behind() -> None:
    world = behind(305)
    world.answers["node_metrics"][0]["timestamp"] = world.ago(315)
    diagnosis = diagnose(world.snapshot())
    (found,) = diagnosis.findings
    assert (found.cause.id, found.component) == ("node-silent", "node")
    assert found.summary.startswith("the clock of node ")
    assert found.summary.endswith(" is 305 s behind; its kubelet does report")
    assert diagnosis.red["test_nodes_report"].endswith("is 305 s behind; expected right to the second")
    assert diagnosis.unanswered == ()
    assert not [one for one in outcomes(world)[1] if one.startswith(("test_pods_ready", "test_cluster_part"))]


@pytest.mark.parametrize(
    ("lease", "ready", "controller"),
    [(60, "True", 2.0), (85, "True", 2.0), (305, "Unknown", 2.0), (305, "True", 290.0), (305, "True", None)],
    ids=["not said yet", "nor now", "not Ready", "the controller is silent, too", "the controller is not seen"],
)
def test_any_other_is_silent(lease: float, ready: str, controller: float | None) -> None:
    snapshot = behind(lease, ready, controller).snapshot()
    assert list(snapshot.derive(silent_nodes).values()) == [lease]
    [summary] = [one.summary for one in diagnose(snapshot).findings if one.cause.id == "node-silent"]
    assert f"has not reported for {lease} s" in summary
