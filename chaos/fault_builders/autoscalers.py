"""Faults of the autoscalers: missing, with other bounds or another target, without the metrics that they scale on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chaos.fault_builders.common import fault_builder
from pipeline_services import faults
from pipeline_services.experiment.scenario import FaultBuilder
from pipeline_services.faults import objects
from pipeline_services.faults.model import Fault, Proof, object_path
from pipeline_services.model.k8s import spec_of
from pipeline_services.model.kinds import KINDS

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline


@fault_builder
def missing(pipeline: SteadyPipeline, component: str) -> Fault:
    """A component's autoscaler is gone."""
    hpa = pipeline.description.autoscaler(component).name
    return objects.deleted(pipeline.api, "horizontalpodautoscalers", hpa, pipeline.namespace)


def bounds(component: str, most: int) -> FaultBuilder:
    """An autoscaler may make fewer pods, or more."""
    return _patched(component, {"maxReplicas": most}, f"may make {most} pods")


def target(component: str, workload: str) -> FaultBuilder:
    """An autoscaler scales something that does not exist."""
    target = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload}}
    return _patched(component, target, f"scales {workload}")


@fault_builder
def _patched(pipeline: SteadyPipeline, component: str, spec: Mapping[str, object], summary: str) -> Fault:
    hpa = pipeline.description.autoscaler(component).name
    path = object_path("horizontalpodautoscalers", hpa, pipeline.namespace)
    return faults.patched(pipeline.api, path, {"spec": dict(spec)}, f"{hpa} {summary}")


@fault_builder
def doubled(pipeline: SteadyPipeline, component: str) -> Fault:
    """A second autoscaler scales the component's pods, too."""
    hpa = pipeline.description.autoscaler(component).name
    known = pipeline.api.call("GET", object_path("horizontalpodautoscalers", hpa, pipeline.namespace))
    name = f"{component}-by-cpu"
    return objects.created(pipeline.api, "HorizontalPodAutoscaler", name, pipeline.namespace, spec=spec_of(known))


def metrics_server_down(pipeline: SteadyPipeline) -> Fault:
    """Nobody measures the pods' usage."""
    fault = faults.scaled(pipeline.api, "deployments", "metrics-server", "kube-system", 0)

    def answers() -> bool:
        return bool(pipeline.api.call("GET", KINDS["NodeMetrics"].path())["items"])

    return fault.proved(gone=Proof("the metrics API to answer", answers, within=90.0))
