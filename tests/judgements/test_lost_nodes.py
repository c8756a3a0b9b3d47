"""A node that is lost explains what is left of it: pods that cannot end there, and what nobody scrapes there."""

from __future__ import annotations

import copy

import pytest

from pipeline_services.model import roles
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.known_bad.cluster import pod_not_gone
from tests.judgements.test_faults_of_acceptance import outcomes
from tests.judgements.world import World, healthy

LOST = "worker-2"


def second_node(world: World, status: str, silent: float) -> None:
    """A worker, Ready or not, whose kubelet has last reported so many seconds ago."""
    node = copy.deepcopy(world.answers["nodes"][0])
    node["metadata"]["name"] = LOST
    node["status"]["conditions"][-1] |= {"status": status, "lastTransitionTime": world.ago(max(silent - 50, 5))}
    world.answers["nodes"].append(node)
    world.answers["node_leases"].append({"metadata": {"name": LOST}, "spec": {"renewTime": world.ago(silent)}})
    labels = {"job": "kubelet", "node": LOST}
    down = {"health": "down", "lastError": "context deadline exceeded", "lastScrape": world.ago(4)}
    world.answers["prometheus_targets"].append({"labels": labels, **down})


def broker_on_it(world: World) -> None:
    """Kafka's only pod was deleted there, and its controller makes no second one."""
    (pod,) = world.pods(roles.KAFKA)
    pod["spec"]["nodeName"] = LOST
    pod["metadata"] |= {"deletionTimestamp": world.ago(1_470), "deletionGracePeriodSeconds": 30}
    pod["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(1_800)}
    world.workload(roles.KAFKA)["status"] |= {"readyReplicas": 0, "availableReplicas": 0}


@pytest.mark.parametrize(
    ("status", "silent", "cause"), [("Unknown", 1_840.0, "node-silent"), ("False", 5.0, "node-not-ready")]
)
def test_the_node_is_the_one_cause_and_nobody_is_told_to_force_a_pod_out(
    status: str, silent: float, cause: str
) -> None:
    world = healthy()
    second_node(world, status, silent)
    broker_on_it(world)
    (found,) = diagnose(world.snapshot()).findings
    assert (found.cause.id, found.subject) == (cause, f"node/{LOST}")
    assert found.summary.endswith("kafka-0 may still run there: force its end only once the node is surely off")
    assert not found.mends


def test_a_pod_of_before_that_a_lost_node_keeps_is_not_its_apps_fault() -> None:
    world = healthy()
    second_node(world, "Unknown", 1_840.0)
    pod_not_gone(world, roles.PRODUCER)
    world.answers["pods"][-1]["spec"]["nodeName"] = LOST
    red, inconclusive = outcomes(world)
    assert "test_pods_ready[producer]" not in {*red, *inconclusive}
    assert ("test_nodes_scraped" in red, "test_nodes_scraped" in inconclusive) == (False, True)
    assert [one.cause.id for one in diagnose(world.snapshot()).findings] == ["node-silent"]


def test_on_a_node_that_is_well_both_are_faults() -> None:
    world = healthy()
    second_node(world, "True", 3.0)
    pod_not_gone(world, roles.PRODUCER)
    world.answers["pods"][-1]["spec"]["nodeName"] = LOST
    assert {"test_pods_ready[producer]", "test_nodes_scraped"} <= set(outcomes(world)[0])


@pytest.mark.parametrize("is_only", [True, False])
def test_who_may_be_draining_a_node_is_asked_where_another_takes_pods(*, is_only: bool) -> None:
    world = healthy()
    if not is_only:
        second_node(world, "True", 3.0)
        world.answers["prometheus_targets"].pop()
    world.answers["nodes"][0]["spec"]["unschedulable"] = True
    (found,) = diagnose(world.snapshot()).findings
    assert (found.cause.id, found.cause.others, found.blocks) == ("node-cordoned", not is_only, is_only)
