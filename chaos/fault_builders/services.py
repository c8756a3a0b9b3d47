"""Faults of a Service that goes on leading to its pods, in another way than was declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.fault_builders.common import fault_builder
from pipeline_services.faults import objects
from pipeline_services.faults.model import Fault, Proof

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline


@fault_builder
def without_address(pipeline: SteadyPipeline, component: str) -> Fault:
    """A component's Service is made anew without an address: its name leads to pods, past all that a Service does."""
    connectivity, service = pipeline.connectivity(), pipeline.description.service(component).name
    headless = {"clusterIP": "None", "clusterIPs": ["None"]}
    summary = f"{service} has no address of its own"
    fault = objects.made_anew(pipeline.api, "services", service, pipeline.namespace, summary=summary, spec=headless)
    return fault.proved(gone=Proof(f"{service} to have an endpoint", lambda: connectivity.ready_endpoints(service) > 0))
