"""A new node, and a part of the cluster that rolls out or restarts, are no fault for as long as that may take."""

from __future__ import annotations

import copy

import pytest

from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import warning
from tests.judgements.test_faults_of_acceptance import outcomes
from tests.judgements.world import World, healthy

NEW = "worker-2"
AMONG_OTHERS = pytest.mark.parametrize(("age", "is_red"), [(40, False), (130, True)])


def node_added(world: World, *, age: float, ready: bool) -> None:
    """Its DaemonSets' pods do not run yet, and nobody scrapes it."""
    node = copy.deepcopy(world.answers["nodes"][0])
    node["metadata"] = {"name": NEW, "creationTimestamp": world.ago(age)}
    node["status"]["conditions"][-1]["status"] = str(ready)
    world.answers["nodes"].append(node)
    world.answers["node_leases"].append({"metadata": {"name": NEW}, "spec": {"renewTime": world.ago(3)}})
    for part in world.answers["system_daemonsets"]:
        part["status"] |= {"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberAvailable": 1}
    world.answers["prometheus_targets"].append(
        {
            "labels": {"job": "kubelet", "node": NEW},
            "health": "down",
            "lastError": "refused",
            "lastScrape": world.ago(4),
        }
    )


@AMONG_OTHERS
def test_a_new_node_is_given_time(age: float, *, is_red: bool) -> None:
    world = healthy()
    node_added(world, age=age, ready=False)
    red, inconclusive = outcomes(world)
    assert ("test_nodes_ready" in red, "test_nodes_ready" in inconclusive) == (is_red, not is_red)
    assert [one.self_healing for one in diagnose(world.snapshot()).findings if one.component == "node"] == [not is_red]


@AMONG_OTHERS
def test_the_pods_of_a_new_node_and_its_scrapes_are_given_time(age: float, *, is_red: bool) -> None:
    world = healthy()
    node_added(world, age=age, ready=True)
    cases = {"test_cluster_part_runs[kube-proxy]", "test_nodes_scraped"}
    assert cases <= set(outcomes(world)[not is_red])


def test_a_new_node_excuses_no_other() -> None:
    world = healthy()
    node_added(world, age=40, ready=False)
    world.answers["nodes"][0]["status"]["conditions"][-1]["status"] = "False"
    assert "test_nodes_ready" in outcomes(world)[0]


def restarts(world: World, part: str, *, away_s: float = 0.0, back_s: float = 0.0) -> None:
    """A part of the cluster that has had no ready pod for so long, or has one again."""
    status = {"status": "True" if back_s else "False", "lastTransitionTime": world.ago(back_s or away_s)}
    deployment = world.item("system_deployments", part)
    deployment["status"] |= {"availableReplicas": 2 if back_s else 0, "conditions": [{"type": "Available", **status}]}


def blind(world: World, *, ago: float) -> None:
    """No autoscaler has had figures since."""
    why = "unable to fetch metrics from resource metrics API: the server is currently unable to handle the request"
    for name in world.pipeline.autoscalers:
        hpa = world.item("hpas", name)["status"]
        hpa["conditions"][1] |= {"status": "False", "reason": "FailedGetResourceMetric", "message": why}
        hpa["conditions"][1]["lastTransitionTime"] = world.ago(ago)
        warning(world, "HorizontalPodAutoscaler", name, "FailedGetResourceMetric", why, ago=1)


@pytest.mark.parametrize("part", ["coredns", "metrics-server"])
@pytest.mark.parametrize(("away_s", "is_red"), [(30, False), (70, True)])
def test_a_part_that_is_replaced_is_not_known_yet(part: str, away_s: float, *, is_red: bool) -> None:
    world = healthy()
    restarts(world, part, away_s=away_s)
    if part == "metrics-server":
        blind(world, ago=away_s - 5)
    red, inconclusive = outcomes(world)
    assert f"test_cluster_part_runs[{part}]" in (red if is_red else inconclusive)
    assert bool(red) is is_red
    findings = diagnose(world.snapshot()).findings
    assert is_red or all(one.self_healing for one in findings)
    assert is_red or not any(one.mends or one.undo for one in findings)


@pytest.mark.parametrize(("back_s", "is_red"), [(20, False), (60, True)])
def test_autoscalers_have_figures_soon_after_metrics_server_is_back(back_s: float, *, is_red: bool) -> None:
    world = healthy()
    restarts(world, "metrics-server", back_s=back_s)
    blind(world, ago=80)
    assert {"test_hpa_knows_metrics[producer-hpa]", "test_no_open_warning_event[hpa]"} <= set(
        outcomes(world)[not is_red]
    )
