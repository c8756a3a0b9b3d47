"""Faults of the network: policies that are too strict or too loose, services without pods, names without an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chaos.fault_builders.common import fault_builder, own_service, with_new_pods
from pipeline_services import faults
from pipeline_services.experiment.connectivity import Connectivity
from pipeline_services.faults import network, objects, packet_loss
from pipeline_services.faults.model import Fault, Proof, object_path, together
from pipeline_services.model import roles
from pipeline_services.model.errors import NotApplicable
from pipeline_services.model.k8s import containers_of, is_complete, name_of, ports_of, spec_of, template_of
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.own_cluster import SYSTEM_NAMESPACE

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

DNS_PORT: Final = 53
FIREWALL: Final = "--run-firewall"
"""The argument that says whether kube-router enforces policies."""


def policy_for(pipeline: SteadyPipeline, app: str, side: str, port: int) -> str:
    """The name of the policy for an app's pods that lets them connect to a port (``egress``), or be connected to.

    Raises:
        NotApplicable: there is none, or more than one.
    """
    own = {"matchLabels": dict(pipeline.description[app].selector)}

    def lets(spec: Mapping[str, Any]) -> bool:
        return spec.get("podSelector") == own and port in _ports(spec, side)

    return _only(pipeline, f"policy for {side} of {app} on port {port}", lets)


def _only(pipeline: SteadyPipeline, what: str, fits: Callable[[Mapping[str, Any]], bool]) -> str:
    found = [name_of(policy) for policy in pipeline.cluster.list("networkpolicies") if fits(spec_of(policy))]
    if len(found) != 1:
        raise NotApplicable(f"{pipeline.description.name} has not one {what} but {len(found)}")
    return found[0]


def _ports(spec: Mapping[str, Any], side: str) -> list[int | str]:
    return [port["port"] for rule in spec.get(side) or () for port in rule.get("ports") or ()]


def _lets_all_pods_ask(spec: Mapping[str, Any]) -> bool:
    return not spec.get("podSelector") and DNS_PORT in _ports(spec, "egress")


def _denies(spec: Mapping[str, Any]) -> bool:
    return not spec.get("podSelector") and not spec.get("ingress") and not spec.get("egress")


@fault_builder
def cut_off(pipeline: SteadyPipeline, flow_id: str, *, but: str) -> Fault:
    """A NetworkPolicy no longer lets a needed flow out of its source, and what was open is cut. ``but`` still flows."""
    connectivity = pipeline.connectivity()
    flow = connectivity.attempt(flow_id)
    policy = policy_for(pipeline, flow.source, "egress", flow.port)
    fault = network.flow_cut(pipeline.api, policy, pipeline.namespace, flow.port, lambda: connectivity.connects(flow))
    fault = while_connected(fault, connectivity, but)
    return network.with_open_connections_cut(fault, connectivity.addresses(flow.source), flow.port)


@fault_builder
def lossy(pipeline: SteadyPipeline, app: str, share: float) -> Fault:
    """A share (0 to 1) of the packets of the app's pods is lost, as on a bad line; no policy and no event says so."""
    fault = packet_loss.packets_lost(pipeline.api, pipeline.connectivity().addresses(app), share)
    return replace(fault, summary=f"{app}: {fault.summary}")


@fault_builder
def dns_not_allowed(pipeline: SteadyPipeline, app: str, *, but: str) -> Fault:
    """No policy lets name look-ups out any more. Open connections stay, and with them the data."""
    connectivity, name = pipeline.connectivity(), own_service(pipeline, roles.KAFKA).name
    policy = _only(pipeline, "policy that lets every pod ask for names", _lets_all_pods_ask)
    fault = network.flow_cut(
        pipeline.api, policy, pipeline.namespace, DNS_PORT, lambda: connectivity.resolves(app, name)
    )
    return while_connected(fault, connectivity, but)


@fault_builder
def dns_closed(pipeline: SteadyPipeline, app: str, *, but: str) -> Fault:
    """A policy of the DNS servers' own namespace lets nobody ask them any more. Open connections stay."""
    connectivity, name = pipeline.connectivity(), own_service(pipeline, roles.KAFKA).name
    servers = dict(pipeline.description["dns"].selector)
    spec = {"podSelector": {"matchLabels": servers}, "policyTypes": ["Ingress"]}
    fault = objects.created(pipeline.api, "NetworkPolicy", "closed", SYSTEM_NAMESPACE, spec=spec).proved(
        Proof(f"{name} not to resolve", lambda: not connectivity.resolves(app, name), network.POLICY_WITHIN),
        Proof(f"{name} to resolve", lambda: connectivity.resolves(app, name), network.POLICY_WITHIN),
    )
    return while_connected(fault, connectivity, but)


@fault_builder
def dns_service_astray(pipeline: SteadyPipeline, app: str, *, but: str) -> Fault:
    """The Service of the DNS servers selects none of them any more. Open connections stay."""
    connectivity, name = pipeline.connectivity(), own_service(pipeline, roles.KAFKA).name
    path = object_path("services", "kube-dns", SYSTEM_NAMESPACE)
    selector = {key: f"{value}-old" for key, value in pipeline.description["dns"].selector.items()}
    fault = faults.patched(
        pipeline.api, path, {"spec": {"selector": selector}}, "kube-dns selects no DNS server"
    ).proved(
        Proof(f"{name} not to resolve", lambda: not connectivity.resolves(app, name), network.POLICY_WITHIN),
        Proof(f"{name} to resolve", lambda: connectivity.resolves(app, name), network.POLICY_WITHIN),
    )
    return while_connected(fault, connectivity, but)


@fault_builder
def policy_missing(pipeline: SteadyPipeline, flow_id: str) -> Fault:
    """The policy that lets a needed flow out of its source is gone, and what was open is cut."""
    connectivity = pipeline.connectivity()
    flow = connectivity.attempt(flow_id)
    within, policy = network.POLICY_WITHIN, policy_for(pipeline, flow.source, "egress", flow.port)
    fault = objects.deleted(pipeline.api, "networkpolicies", policy, pipeline.namespace).proved(
        Proof(f"{flow.id} not to connect", lambda: not connectivity.connects(flow), within),
        Proof(f"{flow.id} to connect", lambda: connectivity.connects(flow), within),
    )
    return network.with_open_connections_cut(fault, connectivity.addresses(flow.source), flow.port)


@fault_builder
def ingress_closed(pipeline: SteadyPipeline, flow_id: str) -> Fault:
    """The flow's destination lets nobody in on its port, and what was open is cut."""
    connectivity = pipeline.connectivity()
    flow = connectivity.attempt(flow_id)
    fault = network.flow_cut(
        pipeline.api,
        policy_for(pipeline, flow.destination, "ingress", flow.port),
        pipeline.namespace,
        flow.port,
        lambda: connectivity.connects(flow),
        direction="ingress",
    )
    return network.with_open_connections_cut(fault, connectivity.addresses(flow.source), flow.port)


def no_default_deny(pipeline: SteadyPipeline) -> Fault:
    """The policy that denies what no other allows is gone."""
    policy = _only(pipeline, "policy that denies everything", _denies)
    return objects.deleted(pipeline.api, "networkpolicies", policy, pipeline.namespace)


def all_allowed(pipeline: SteadyPipeline) -> Fault:
    """One more policy lets everybody talk to everybody, as is done "only for a moment"."""
    return _policy_added(pipeline, "debug", {}, ingress={}, egress={})


@fault_builder
def let_through(pipeline: SteadyPipeline, attempt_id: str) -> Fault:
    """Two more policies let one component's pods out to another's, and in there, where they have no business."""
    connectivity = pipeline.connectivity()
    attempt = connectivity.attempt(attempt_id)
    source, destination = (
        {"matchLabels": dict(pipeline.description[end].selector)} for end in (attempt.source, attempt.destination)
    )
    port = {"ports": [{"protocol": "TCP", "port": attempt.port}]}
    out = _policy_added(pipeline, "debug-out", source, egress={"to": [{"podSelector": destination}], **port})
    into = _policy_added(pipeline, "debug-in", destination, ingress={"from": [{"podSelector": source}], **port})
    return together(f"two policies let {attempt} through", [out, into]).proved(
        Proof(f"{attempt_id} to connect", lambda: connectivity.connects(attempt), network.POLICY_WITHIN),
        Proof(f"{attempt_id} not to connect", lambda: not connectivity.connects(attempt), network.POLICY_WITHIN),
    )


def _policy_added(pipeline: SteadyPipeline, name: str, pods: dict[str, Any], **rules: dict[str, Any]) -> Fault:
    """A policy for the pods that a selector selects, with a rule for each direction."""
    spec: dict[str, Any] = {"podSelector": pods, "policyTypes": [direction.title() for direction in rules]}
    spec |= {direction: [rule] for direction, rule in rules.items()}
    return objects.created(pipeline.api, "NetworkPolicy", name, pipeline.namespace, spec=spec)


@fault_builder
def service_missing(pipeline: SteadyPipeline, component: str) -> Fault:
    """A component's Service is gone."""
    connectivity, service = pipeline.connectivity(), own_service(pipeline, component).name
    fault = objects.deleted(pipeline.api, "services", service, pipeline.namespace)
    return fault.proved(gone=Proof(f"{service} to have an endpoint", lambda: connectivity.ready_endpoints(service) > 0))


@fault_builder
def names_of_pods_missing(pipeline: SteadyPipeline, component: str, *clients: str) -> Fault:
    """The Service that gives a StatefulSet's pods their names is gone, and its clients are started anew."""
    headless = pipeline.description[component].headless
    if not headless:
        raise NotApplicable(f"{component} of {pipeline.description.name} has no Service that names its pods")
    fault = objects.deleted(pipeline.api, "services", headless, pipeline.namespace)
    return with_new_pods(pipeline, fault, *clients)


@fault_builder
def service_port_wrong(pipeline: SteadyPipeline, component: str, target: int, client: str) -> Fault:
    """A Service leads to a port of its pods where nobody listens; what its client had open is cut."""
    service = own_service(pipeline, component)
    path = object_path("services", service.name, pipeline.namespace)
    ports = ports_of(pipeline.api.call("GET", path))
    patch = {"spec": {"ports": [{**port, "targetPort": target} for port in ports]}}
    fault = faults.patched(pipeline.api, path, patch, f"{service.name} leads to the port {target}")
    addresses = pipeline.connectivity().addresses(client)
    return network.with_open_connections_cut(fault, addresses, service.port)


def dns_down(pipeline: SteadyPipeline) -> Fault:
    """Nobody answers name look-ups in the whole cluster."""
    return faults.scaled(pipeline.api, "deployments", "coredns", SYSTEM_NAMESPACE, 0)


@fault_builder
def network_plugin_gone(pipeline: SteadyPipeline, app: str) -> Fault:
    """The network plugin runs nowhere any more, and the app's pods are started anew."""
    fault = objects.deleted(pipeline.api, "daemonsets", "kube-router", SYSTEM_NAMESPACE)
    return with_new_pods(pipeline, fault, app)


def network_plugin_without_firewall(pipeline: SteadyPipeline) -> Fault:
    """The network plugin is told to enforce no NetworkPolicy, whatever they say."""
    path = KINDS["DaemonSet"].path(SYSTEM_NAMESPACE, "kube-router")
    told = [
        {**one, "args": [*(arg for arg in one.get("args") or () if not arg.startswith(FIREWALL)), f"{FIREWALL}=false"]}
        for one in containers_of(template_of(pipeline.api.call("GET", path)))
    ]
    change = {"spec": {"template": {"spec": {"containers": told}}}}
    rolled_out = Proof("kube-router to be rolled out", lambda: is_complete(pipeline.api.call("GET", path)), within=90.0)
    fault = faults.patched(pipeline.api, path, change, "kube-router enforces no NetworkPolicy")
    return fault.proved(rolled_out, rolled_out)


def dns_forwards_elsewhere(pipeline: SteadyPipeline) -> Fault:
    """CoreDNS asks a server that is not there for all names outside the cluster, of which the pipeline has none."""
    known = pipeline.api.call("GET", object_path("configmaps", "coredns", SYSTEM_NAMESPACE))["data"]["Corefile"]
    told = re.sub(r"(?m)^(\s*forward \.) \S+", r"\1 203.0.113.1", known, count=1)
    fault = faults.config_value(pipeline.api, "coredns", SYSTEM_NAMESPACE, {"Corefile": told})
    return replace(fault, summary="CoreDNS forwards names of elsewhere to nobody")


@fault_builder
def names_hidden(pipeline: SteadyPipeline, app: str) -> Fault:
    """CoreDNS runs, and answers that there are no Services but those of the system. The app asks for one."""
    known = pipeline.api.call("GET", object_path("configmaps", "coredns", SYSTEM_NAMESPACE))["data"]["Corefile"]
    hidden = re.sub(r"(?m)^(\s*)(kubernetes\b.*\{)$", rf"\1\2\n\1   namespaces {SYSTEM_NAMESPACE}", known, count=1)
    fault = faults.config_value(pipeline.api, "coredns", SYSTEM_NAMESPACE, {"Corefile": hidden})
    restarted = faults.with_restart(fault, "deployments", "coredns", SYSTEM_NAMESPACE)
    connectivity, name = pipeline.connectivity(), own_service(pipeline, roles.KAFKA).name
    return replace(restarted, summary="CoreDNS answers for the system's namespace only").proved(
        Proof(f"{name} not to resolve", lambda: not connectivity.resolves(app, name), within=90.0),
        Proof(f"{name} to resolve", lambda: connectivity.resolves(app, name), within=90.0),
    )


@fault_builder
def service_without_pods(pipeline: SteadyPipeline, component: str, client: str, *, but: str) -> Fault:
    """A Service selects nothing; its client's open connections are cut. ``but``, which asks no service, still flows."""
    connectivity, service = pipeline.connectivity(), own_service(pipeline, component)
    fault = network.selects_nothing(
        pipeline.api, service.name, pipeline.namespace, lambda: connectivity.ready_endpoints(service.name)
    )
    fault = while_connected(fault, connectivity, but)
    return network.with_open_connections_cut(fault, connectivity.addresses(client), service.port)


def while_connected(fault: Fault, connectivity: Connectivity, flow_id: str) -> Fault:
    """The fault with its control: it has landed only if a flow that it must not touch still connects.

    Raises:
        ValueError: the fault has no proof that it landed.
    """
    landed = fault.landed
    if landed is None:
        raise ValueError(f"a fault without a proof that it landed cannot be controlled: {fault.summary}")
    what, flow = f"{landed.what}, and {flow_id} still to connect", connectivity.attempt(flow_id)
    return fault.proved(Proof(what, lambda: landed.holds() and connectivity.connects(flow), within=landed.within))
