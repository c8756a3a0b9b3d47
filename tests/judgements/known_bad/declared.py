"""Known-bad examples of what is live and was not declared so; a part of ``known_bad``."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from pipeline_services.model.processor_log import NOT_DELIVERED
from tests.judgements.world import World

Breakage = Callable[..., None]


def place_of(world: World, component: str) -> tuple[str, str]:
    """The list and the name of an object of the component: of its first workload, where it has one."""
    named = {
        "network": ("services", world.pipeline.service("kafka").name),
        "hpa": ("hpas", world.pipeline.autoscaler("producer").name),
        "config": ("configmaps", world.pipeline.config.config_map),
        "storage": ("pvcs", world.pipeline["kafka"].volume),
    }
    if component in named:
        return named[component]
    part = world.pipeline.parts_of(component)[0]
    return part.list_name, part.workload


def object_of(world: World, component: str) -> dict[str, Any]:
    return world.item(*place_of(world, component))


def one_field(world: World, component: str) -> None:
    """A field that nobody looks at by itself."""
    found = object_of(world, component)
    if "data" in found:
        found["data"]["MORE"] = "a word"
    else:
        found.setdefault("spec", {})["more"] = {"of": "it"}


def object_gone(world: World, component: str) -> None:
    """Something that is there for workloads is not there at all; of a workload itself other checks say so."""
    source, name = place_of(world, component)
    if component in ("network", "hpa", "config"):
        world.drop(source, lambda item: item["metadata"]["name"] == name)
    else:
        one_field(world, component)


def pod_field(**changes: Any) -> Breakage:
    """The pods' own fields, of the workloads that there are."""

    def breakage(world: World, component: str) -> None:
        found = object_of(world, component)
        if "template" in found.get("spec", {}):
            found["spec"]["template"]["spec"] |= copy.deepcopy(changes)
        else:
            one_field(world, component)

    return breakage


def second_autoscaler(world: World) -> dict[str, Any]:
    """One more for the producer, under another name."""
    other = copy.deepcopy(world.item("hpas", world.pipeline.autoscaler("producer").name))
    other["metadata"]["name"] = "producer-more"
    world.answers["hpas"].append(other)
    return other


def token_replaced(world: World) -> None:
    """In the Secret, while the processor runs on with the one that is refused now."""
    held = world.pipeline.config.write_token
    [secret] = [one for one in world.answers["secrets"] if one["name"] == held.secret]
    secret["keys"][held.key]["written"] = world.ago(90)
    line = f'{world.ago(5)} {{"level": "ERROR", "message": "{NOT_DELIVERED} (unauthorized): HTTP 401"}}'
    world.answers["logs/processor"][0]["lines"] = [line]


KNOWN_BAD_DECLARED: dict[str, tuple[Breakage, ...]] = {
    "test_set_as_declared": (
        one_field,
        object_gone,
        pod_field(dnsPolicy="None", dnsConfig={"nameservers": ["203.0.113.1"]}),
        pod_field(initContainers=[{"name": "wait", "image": "apps:1", "command": ["sleep", "infinity"]}]),
    ),
    "test_pods_hold_the_token": (token_replaced,),
}
