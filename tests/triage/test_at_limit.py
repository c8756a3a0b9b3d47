"""An autoscaler that may go no further is told where all the pods that it may have work, and are not enough."""

from __future__ import annotations

import copy

import pytest

from pipeline_services.model import roles
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World, healthy


def at_its_limit(*, ready: int, usage: str = "0.95") -> World:
    """Five producers, so many of them ready, and an autoscaler that wants more.

    Args:
        usage: the CPU that each of them takes, as a share of its limit.
    """
    world = healthy()
    (first,) = world.pods(roles.PRODUCER)
    for number in range(1, 5):
        pod = copy.deepcopy(first)
        pod["metadata"]["name"] = f"{first['metadata']['name'][:-1]}{number}"
        world.answers["pods"].append(pod)
    for row in world.answers["prometheus/cpu-usage"]:
        if row["metric"]["pod"] == first["metadata"]["name"]:
            row["value"][1] = usage
    for source in ("prometheus/cpu-usage", "prometheus/memory-usage"):
        (own,) = (row for row in world.answers[source] if row["metric"]["pod"] == first["metadata"]["name"])
        others = (pod["metadata"]["name"] for pod in world.pods(roles.PRODUCER)[1:])
        world.answers[source] += [{**own, "metric": {**own["metric"], "pod": name}} for name in others]
    for pod in world.pods(roles.PRODUCER)[ready:]:
        pod["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(90)}
        pod["status"]["containerStatuses"][0]["ready"] = False
    status = world.item("hpas", world.pipeline.autoscaler(roles.PRODUCER).name)["status"]
    status |= {"currentReplicas": 5, "desiredReplicas": 5}
    status["conditions"][2] |= {"status": "True", "reason": "TooManyReplicas", "message": "the desired count is more"}
    return world


@pytest.mark.parametrize(("ready", "told"), [(5, True), (4, False), (0, False)])
def test_pods_that_do_not_work_are_no_sign_that_more_are_needed(ready: int, told: bool) -> None:
    causes = {one.cause.id for one in diagnose(at_its_limit(ready=ready).snapshot()).findings}
    assert ("autoscaler-at-limit" in causes) is told


def test_as_many_pods_as_are_allowed_are_no_fault_while_they_are_enough() -> None:
    found = diagnose(at_its_limit(ready=5, usage="0.4").snapshot())
    assert "autoscaler-at-limit" not in {one.cause.id for one in found.findings}


def test_what_is_told_is_red() -> None:
    found = diagnose(at_its_limit(ready=5).snapshot())
    assert "autoscaler-at-limit" in {one.cause.id for one in found.findings}
    assert "test_key_metric[cpu-usage-producer]" in found.red
