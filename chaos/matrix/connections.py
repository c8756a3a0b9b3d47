"""Faults of the network: policies that are too strict or too loose, services that lead nowhere, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.breakages import Breakage
from pipeline_services import faults
from pipeline_services.faults import network, objects
from pipeline_services.faults.model import Fault, Proof, object_path
from pipeline_services.measure.connectivity import FLOWS
from pipeline_services.model import names

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline


def policy_missing(policy: str, flow_id: str) -> Breakage:
    """The policy that lets a needed flow through is gone, and what was open is cut."""

    def build(pipeline: SteadyPipeline) -> Fault:
        flow, connectivity = FLOWS[flow_id], pipeline.connectivity()
        within = network.POLICY_WITHIN
        fault = objects.deleted(pipeline.api, "networkpolicies", policy, pipeline.namespace).proved(
            Proof(f"{flow.id} not to connect", lambda: not connectivity.connects(flow), within),
            Proof(f"{flow.id} to connect", lambda: connectivity.connects(flow), within),
        )
        return network.with_open_connections_cut(fault, connectivity.addresses(flow.source), flow.port)

    return build


def closed_to(flow_id: str) -> Breakage:
    """The flow's destination lets nobody in on its port, and what was open is cut."""

    def build(pipeline: SteadyPipeline) -> Fault:
        flow, connectivity = FLOWS[flow_id], pipeline.connectivity()
        fault = network.flow_cut(
            pipeline.api,
            flow.destination,
            pipeline.namespace,
            flow.port,
            lambda: connectivity.connects(flow),
            direction="ingress",
        )
        return network.with_open_connections_cut(fault, connectivity.addresses(flow.source), flow.port)

    return build


def no_default_deny(pipeline: SteadyPipeline) -> Fault:
    """The policy that denies what no other allows is gone."""
    return objects.deleted(pipeline.api, "networkpolicies", "default-deny", pipeline.namespace)


def everything_allowed(pipeline: SteadyPipeline) -> Fault:
    """One more policy lets everybody talk to everybody, as is done "only for a moment"."""
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "debug"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]},
    }
    return objects.created(pipeline.api, "networkpolicies", pipeline.namespace, body)


def service_missing(service: str) -> Breakage:
    """A service is gone."""

    def build(pipeline: SteadyPipeline) -> Fault:
        connectivity = pipeline.connectivity()
        fault = objects.deleted(pipeline.api, "services", service, pipeline.namespace)
        return fault.proved(
            gone=Proof(f"{service} to have an endpoint", lambda: connectivity.ready_endpoints(service) > 0)
        )

    return build


def service_port_wrong(service: str, target: int, client: str) -> Breakage:
    """A service leads to a port of its pods where nobody listens; what its client had open is cut."""

    def build(pipeline: SteadyPipeline) -> Fault:
        path = object_path("services", service, pipeline.namespace)
        ports = pipeline.api.call("GET", path)["spec"]["ports"]
        patch = {"spec": {"ports": [{**port, "targetPort": target} for port in ports]}}
        fault = faults.patched(pipeline.api, path, patch, f"{service} leads to the port {target}")
        addresses = pipeline.connectivity().addresses(client)
        return network.with_open_connections_cut(fault, addresses, names.SERVICE_PORTS[service])

    return build


def names_unresolvable(pipeline: SteadyPipeline) -> Fault:
    """Nobody answers name look-ups in the whole cluster."""
    return faults.scaled(pipeline.api, "deployments", "coredns", "kube-system", 0)
