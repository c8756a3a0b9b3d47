"""Nodes that an autoscaler adds and takes away: nobody asks for the share of one that is not there."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from pipeline_services.judgements.nodes import have_room
from pipeline_services.model.errors import NoData
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World, healthy


def left(world: World) -> None:
    """metrics-server still has the usage of a node that is gone."""
    usage = copy.deepcopy(world.answers["node_metrics"][0])
    usage["metadata"]["name"] = "gone"
    usage["timestamp"] = world.ago(600)
    world.answers["node_metrics"].append(usage)


def registered(world: World) -> None:
    """A node has come and its kubelet has not reported yet."""
    node = copy.deepcopy(world.answers["nodes"][0])
    node["metadata"]["name"], node["status"] = "new", {}
    world.answers["nodes"].append(node)


def joined(world: World) -> None:
    """A node is Ready, and its usage has not been measured yet."""
    node = copy.deepcopy(world.answers["nodes"][0])
    node["metadata"]["name"] = "new"
    world.answers["nodes"].append(node)


def without_room(world: World) -> None:
    world.answers["nodes"][0]["status"]["allocatable"] = {"cpu": "0", "memory": "0"}


def test_a_node_that_is_gone_counts_for_nothing() -> None:
    world = healthy()
    left(world)
    have_room(world.snapshot(), "cpu")
    assert diagnose(world.snapshot()).healthy


@pytest.mark.parametrize("edit", [joined, without_room])
def test_a_node_of_which_nothing_is_known_is_no_pass(edit: Callable[[World], None]) -> None:
    world = healthy()
    edit(world)
    with pytest.raises(NoData, match="it is not known how much cpu node"):
        have_room(world.snapshot(), "cpu")


def test_a_node_that_has_not_reported_yet_ends_no_look() -> None:
    world = healthy()
    registered(world)
    have_room(world.snapshot(), "memory")
    assert diagnose(world.snapshot()).findings
