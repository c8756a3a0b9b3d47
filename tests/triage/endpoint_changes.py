"""What the controller of endpoints has missed: all pods are ready, and a Service leads elsewhere."""

from __future__ import annotations

import copy
from typing import Any

from pipeline_services.model.k8s import service_of
from tests.judgements.world import World
from tests.triage.differences import Change


def slice_of(world: World, service: str) -> dict[str, Any]:
    """The EndpointSlice of a Service."""
    return next(item for item in world.answers["endpointslices"] if service_of(item) == service)


def old_address(service: str) -> Change:
    """The pod was made anew, and the address of before stands there still."""

    def change(world: World) -> None:
        slice_of(world, service)["endpoints"][0]["addresses"] = ["10.244.0.3"]

    return change


def pod_of_before(service: str) -> Change:
    """A pod that has gone stands there still, ready as it was."""

    def change(world: World) -> None:
        entries = slice_of(world, service)["endpoints"]
        entries.append(copy.deepcopy(entries[0]))
        entries[-1]["addresses"] = ["10.244.0.77"]
        entries[-1]["targetRef"]["name"] += "9"

    return change


def other_port(service: str) -> Change:
    def change(world: World) -> None:
        slice_of(world, service)["ports"][0]["port"] = 9999

    return change


def no_slice(service: str) -> Change:
    def change(world: World) -> None:
        world.drop("endpointslices", lambda item: service_of(item) == service)

    return change
