"""Faults of a Service that goes on leading to its pods, in another way than was declared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chaos.fault_builders.common import fault_builder, own_service
from pipeline_services.faults import network, objects, packet_loss
from pipeline_services.faults.model import Fault, Proof, object_path, patched
from pipeline_services.model import roles
from pipeline_services.model.k8s import ports_of
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.own_cluster import SYSTEM_NAMESPACE

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline


@fault_builder
def without_address(pipeline: SteadyPipeline, component: str) -> Fault:
    """A component's Service is made anew without an address: its name leads to pods, past all that a Service does."""
    connectivity, service = pipeline.connectivity(), own_service(pipeline, component).name
    headless = {"clusterIP": "None", "clusterIPs": ["None"]}
    summary = f"{service} has no address of its own"
    fault = objects.made_anew(pipeline.api, "services", service, pipeline.namespace, summary=summary, spec=headless)
    return fault.proved(gone=Proof(f"{service} to have an endpoint", lambda: connectivity.ready_endpoints(service) > 0))


@fault_builder
def dns_port_wrong(pipeline: SteadyPipeline, app: str, target: int) -> Fault:
    """The Service of the DNS servers leads to a port of theirs where none listens. The app asks for a name."""
    connectivity, name = pipeline.connectivity(), pipeline.description.service(roles.KAFKA).name
    path = object_path("services", "kube-dns", SYSTEM_NAMESPACE)
    ports = [{**port, "targetPort": target} for port in ports_of(pipeline.api.call("GET", path))]
    return patched(pipeline.api, path, {"spec": {"ports": ports}}, f"kube-dns leads to the port {target}").proved(
        Proof(f"{name} not to resolve", lambda: not connectivity.resolves(app, name), network.POLICY_WITHIN),
        Proof(f"{name} to resolve", lambda: connectivity.resolves(app, name), network.POLICY_WITHIN),
    )


@fault_builder
def partitioned(pipeline: SteadyPipeline, client: str, server: str) -> Fault:
    """What a component's pods send to another's port is dropped in their own network, as a rule of somebody's firewall
    does; no NetworkPolicy says so."""
    port = pipeline.description.service(server).port
    fault = packet_loss.port_dropped(pipeline.api, pipeline.connectivity().addresses(client), port)
    return replace(fault, summary=f"{client} is cut off from {server} by no policy: {fault.summary}")


def metrics_api_astray(pipeline: SteadyPipeline) -> Fault:
    """The API server asks a Service that is not there for usage; metrics-server itself is well."""
    path = KINDS["APIService"].path(name="v1beta1.metrics.k8s.io")
    wrong = {"spec": {"service": {"name": "metrics-server-old"}}}
    return patched(pipeline.api, path, wrong, "the metrics API is asked for at a Service that is not there")
