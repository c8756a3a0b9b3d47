"""Known-bad examples of the cluster's own parts; a part of ``known_bad``."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from pipeline_services.model.kinds import KINDS, SYSTEM
from tests.judgements.world import World

Breakage = Callable[..., None]


def list_of(world: World, part: str) -> str:
    return f"{SYSTEM}{KINDS[world.pipeline.cluster[part].kind].source}"


def part_gone(world: World, part: str) -> None:
    world.drop(list_of(world, part), lambda item: item["metadata"]["name"] == part)


def part_without_pods(world: World, part: str) -> None:
    """Its pods, or its renewals, are missing."""
    found: dict[str, Any] = world.item(list_of(world, part), part)
    if "renewTime" in found.get("spec", {}):
        found["spec"]["renewTime"] = world.ago(90)
    elif "replicas" in found["spec"]:
        found["status"]["availableReplicas"] = 0
    else:
        found["status"]["numberAvailable"] = 0


def part_wanted_nowhere(world: World, part: str) -> None:
    """Nobody asks for any of its pods."""
    found: dict[str, Any] = world.item(list_of(world, part), part)
    if "renewTime" in found.get("spec", {}):
        found["spec"]["renewTime"] = world.ago(90)
    elif "replicas" in found["spec"]:
        found["spec"]["replicas"] = 0
    else:
        found["status"]["desiredNumberScheduled"] = 0


def pod_not_gone(world: World, component: str) -> None:
    """A pod of before should have ended a minute and a half ago; another has taken its place."""
    old = copy.deepcopy(world.pods(world.pipeline.parts_of(component)[0].id)[0])
    old["metadata"] |= {"name": f"{old['metadata']['name'][:-5]}old01", "deletionTimestamp": world.ago(90)}
    world.answers["pods"].append(old)


def corefile(old: str, new: str) -> Breakage:
    """The Corefile with something in the place of something else."""

    def breakage(world: World, server: str) -> None:
        known = world.answers["dns_config"][server]
        assert old in known
        world.answers["dns_config"][server] = known.replace(old, new)

    return breakage


def corefile_gone(world: World, server: str) -> None:
    world.answers["dns_config"][server] = None


def kubelet_silent(world: World) -> None:
    world.answers["node_leases"][0]["spec"]["renewTime"] = world.ago(45)


def clock_behind(world: World) -> None:
    """The kubelet's word seems minutes old, and the node controller, which goes by its own clock, finds it Ready."""
    world.answers["node_leases"][0]["spec"]["renewTime"] = world.ago(305)


def dns_service_astray(world: World, _server: str) -> None:
    """The address that all pods ask leads to no pod."""
    found = copy.deepcopy(world.answers["system_services"][0])
    found["spec"]["selector"] = {"k8s-app": "kube-dns-old"}
    world.answers["system_services"] = [found]


def part_told_otherwise(world: World, part: str) -> None:
    """It runs as before, with another argument, or another line of its Corefile."""
    if part in world.pipeline.name_servers:
        corefile("cache 30", "cache 3600")(world, part)
        return
    found = world.item(list_of(world, part), part)
    found["spec"]["template"]["spec"]["containers"][0]["args"] = ["--v=1", "--run-firewall=false"]


TEMPLATE = "template IN ANY svc.cluster.local {\n rcode NXDOMAIN\n }\n"


def node_in_trouble(world: World) -> None:
    """The daemon that watches the kernel says so; the kubelet knows nothing of it."""
    said = {"type": "KernelDeadlock", "status": "True", "message": "task hung for more than 120 seconds"}
    world.answers["nodes"][0]["status"]["conditions"].append(said)


KNOWN_BAD_CLUSTER: dict[str, tuple[Breakage, ...]] = {
    "test_cluster_part_runs": (part_gone, part_without_pods, part_wanted_nowhere),
    "test_cluster_part_set_as_declared": (part_told_otherwise,),
    "test_nodes_report": (kubelet_silent, clock_behind),
    "test_names_answered": (
        corefile_gone,
        corefile("    kubernetes", f"    {TEMPLATE}    kubernetes"),
        corefile("ttl 30", "namespaces kube-system"),
        corefile("cluster.local in-addr", "cluster.lan in-addr"),
        dns_service_astray,
    ),
}
