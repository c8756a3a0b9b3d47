"""What an admission plugin makes of all pods alike is no edit of theirs; what one pod alone has, or its program, is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline_services.judgements.edited_pods import edited_pods
from tests.judgements.world import World
from tests.triage.test_known_differences import recorded

Change = Callable[[dict[str, Any]], None]


def told(world: World) -> set[str]:
    """The components with pods that are told to be edited."""
    snapshot = world.snapshot()
    return {one.component for app in world.pipeline.judged_workloads for one in edited_pods(snapshot, app)}


def of_containers(**fields: Any) -> Change:
    def change(pod: dict[str, Any]) -> None:
        for one in pod["spec"]["containers"]:
            one.update(fields)

    return change


def by_digest(pod: dict[str, Any]) -> None:
    for one in pod["spec"]["containers"]:
        one["image"] += f"@sha256:{'ab' * 32}"


def without_tag(pod: dict[str, Any]) -> None:
    for one in pod["spec"]["containers"]:
        one["image"] = f"{one['image'].rpartition(':')[0]}@sha256:{'ab' * 32}"


def beside(pod: dict[str, Any]) -> None:
    pod["spec"]["containers"].append({"name": "proxy", "image": "proxy:2"})


BY_PLUGINS: dict[str, Change] = {
    "pulled anew": of_containers(imagePullPolicy="Always"),
    "by its digest": by_digest,
    "by its digest alone": without_tag,
    "a proxy beside": beside,
}
EDITS: dict[str, Change] = {
    "another program": of_containers(command=["sleep"]),
    "another image": of_containers(image="localhost/other:1"),
    "other names": lambda pod: pod["spec"].update(hostAliases=[{"ip": "10.9.9.9"}]),
    "debugged": lambda pod: pod["spec"].update(ephemeralContainers=[{"name": "debugger", "image": "busybox"}]),
}


@pytest.mark.parametrize("change", BY_PLUGINS.values(), ids=BY_PLUGINS)
def test_what_all_pods_were_given_is_no_edit(change: Change) -> None:
    world = recorded()
    for pod in world.answers["pods"]:
        change(pod)
    assert told(world) == set()


@pytest.mark.parametrize("change", BY_PLUGINS.values(), ids=BY_PLUGINS)
def test_pods_from_before_the_plugin_have_nothing_of_it(change: Change) -> None:
    world = recorded()
    for app, ago in (("grafana", 400), ("producer", 300)):
        for pod in world.pods(app):
            pod["metadata"]["creationTimestamp"] = world.ago(ago)
            change(pod)
    for pod in world.answers["pods"]:
        if pod["metadata"]["creationTimestamp"] not in (world.ago(400), world.ago(300)):
            pod["metadata"]["creationTimestamp"] = world.ago(9_000)
    assert told(world) == set()
    newest = world.pods("influxdb")[0]
    newest["metadata"]["creationTimestamp"] = world.ago(200)
    assert told(world) == {"grafana", "producer"}


@pytest.mark.parametrize("change", [*BY_PLUGINS.values(), *EDITS.values()], ids=[*BY_PLUGINS, *EDITS])
def test_what_one_pod_alone_has_is_told(change: Change) -> None:
    world = recorded()
    change(world.pods("grafana")[0])
    assert told(world) == {"grafana"}


@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS)
def test_other_programs_and_names_are_told_though_all_have_them(change: Change) -> None:
    world = recorded()
    for app in ("grafana", "producer"):
        for pod in world.pods(app):
            change(pod)
    assert told(world) == {"grafana", "producer"}
