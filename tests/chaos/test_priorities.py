"""A pod of higher priority asks for a little more than is free, and both it and its class are taken away again."""

from __future__ import annotations

from typing import Any, cast

from chaos.fault_builders import priorities
from pipeline_services.faults.journal import Call
from tests.chaos.test_fault_builders import PRODUCER, pipeline
from tests.faults.test_object_faults import deployment

NODE = {"metadata": {"name": "one"}, "status": {"allocatable": {"cpu": "2"}}}


def pod(cpu: str, phase: str = "Running") -> dict[str, Any]:
    requests = {"resources": {"requests": {"cpu": cpu}}}
    return {"spec": {"containers": [requests]}, "status": {"phase": phase}}


def test_it_needs_one_of_the_pods_that_are_there_to_go() -> None:
    pods = {"items": [pod("1500m"), pod("250m"), pod("1", phase="Succeeded")]}
    found = pipeline({PRODUCER: deployment(), "/api/v1/nodes/one": NODE, "/api/v1/pods": pods})
    fault = priorities.pushed_away("grafana")(cast("Any", found))
    ranked, made = (cast("Call", step).body for step in fault.inject)
    assert ranked is not None
    assert made is not None
    assert made["spec"]["priorityClassName"] == ranked["metadata"]["name"]
    assert made["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "260m"
    assert [str(step).partition(" ")[0] for step in fault.undo] == ["DELETE", "DELETE"]
