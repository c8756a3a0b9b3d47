"""Pods of others that the scheduler prefers to the pipeline's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chaos.fault_builders.common import all_pods_ready, fault_builder
from chaos.fault_builders.pods_by_hand import made_by_hand
from chaos.fault_builders.workloads import first_node
from pipeline_services.faults.journal import Call
from pipeline_services.faults.model import Fault, Proof, marks, together
from pipeline_services.model.k8s import allocatable, condition_status, containers_of, phase_of, quantity, requests_of
from pipeline_services.model.kinds import KINDS

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

CLASS: Final = "batch-first"
HOG: Final = "batch"
MORE_THAN_FREE: Final = 0.01
"""CPUs that the other's pod requests beyond those that are free: less than any of the pipeline's pods requests."""


@fault_builder
def pushed_away(pipeline: SteadyPipeline, app: str) -> Fault:
    """Somebody's pod of higher priority needs a little more room than there is: the pod that was started last has to
    make way, which is to be the app's, and finds no place."""
    kind = KINDS["PriorityClass"]
    body = {"apiVersion": kind.api, "kind": kind.name, "metadata": {"name": CLASS, "labels": marks()}, "value": 1_000}
    ranked = Fault(
        f"pods of the class {CLASS} go first",
        [Call("POST", kind.path(), body)],
        [Call("DELETE", kind.path(name=CLASS))],
    )
    room = {"requests": {"cpu": f"{round(1_000 * (_free(pipeline) + MORE_THAN_FREE))}m", "memory": "8Mi"}}
    other = made_by_hand(pipeline, HOG, {}, ["sleep", "infinity"], room, priority_class=CLASS)

    def unplaced() -> bool:
        own = [pod for pod in pipeline.cluster.list("pods") if pipeline.description[app].owns(pod)]
        return any(condition_status(pod, "PodScheduled") == "False" for pod in own)

    both = together(f"a pod of higher priority takes the place of {app}", [ranked, other])
    return both.proved(Proof(f"a pod of {app} to find no node", unplaced, within=60.0), all_pods_ready(pipeline, app))


def _free(pipeline: SteadyPipeline) -> float:
    """The CPUs of the first node that no pod requests."""
    node = pipeline.api.call("GET", KINDS["Node"].path(name=first_node(pipeline)))
    pods = pipeline.api.call("GET", KINDS["Pod"].path()).get("items") or ()
    used = [
        quantity(requests_of(container).get("cpu", 0))
        for pod in pods
        if phase_of(pod) in ("Pending", "Running")
        for container in containers_of(pod)
    ]
    return allocatable(node, "cpu") - sum(used)
