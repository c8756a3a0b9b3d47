"""Two builds under one tag are told; one build that is called otherwise on another node is not."""

from __future__ import annotations

import pytest

from pipeline_services.judgements.edited_pods import edited_pods
from tests.judgements.world import World
from tests.triage.added_objects import second_pod
from tests.triage.test_known_differences import recorded

OTHER = f"sha256:{'5e' * 32}"


def told(world: World) -> list[str]:
    return [one.observed for one in edited_pods(world.snapshot(), "producer")]


def test_the_newer_of_two_builds_is_told() -> None:
    world = recorded()
    second_pod(world, "producer")["status"]["containerStatuses"][0]["imageID"] = OTHER
    name = world.answers["pods"][-1]["metadata"]["name"]
    assert told(world) == [
        f"pod/{name}: imageID[producer] is sha256:5e5e5e5e5e5e, declared: sha256:75c61329506a, as its like"
    ]


@pytest.mark.parametrize("called", ["as the first", "by its registry", "nothing yet", "on another kind of node"])
def test_what_cannot_be_compared_is_no_other_build(called: str) -> None:
    world = recorded()
    pod = second_pod(world, "producer")
    status = pod["status"]["containerStatuses"][0]
    if called == "by its registry":
        status["imageID"] = f"registry.example.com/apps@{OTHER}"
    elif called == "nothing yet":
        status["imageID"] = ""
    elif called == "on another kind of node":
        status["imageID"], pod["spec"]["nodeName"] = OTHER, "arm"
        node = {"metadata": {"name": "arm", "labels": {"kubernetes.io/arch": "arm64"}}}
        world.answers["nodes"].append(node)
    assert told(world) == []
