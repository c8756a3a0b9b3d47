"""Faults of the network: policies that cut a flow, connections that were open before, services without pods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline_services.faults.journal import Command
from pipeline_services.faults.model import RUN, Api, Fault, Proof, object_path, patched
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import spec_of

POLICY_WITHIN = 30.0
"""Seconds that a changed policy may take to have effect."""


def flow_cut(
    api: Api, policy: str, namespace: str, port: int, connects: Callable[[], bool], *, direction: str = "egress"
) -> Fault:
    """The fault that takes from a policy every rule which allows ``port``; all that it had is put back.

    Args:
        connects: whether a fresh connection over the flow comes about now.
        direction: ``egress`` or ``ingress``.

    Raises:
        PreconditionNotMet: the policy allows no such port, so that nothing would be cut.
    """
    path = object_path("networkpolicies", policy, namespace)
    rules = spec_of(api.call("GET", path)).get(direction) or []
    kept = [rule for rule in rules if port not in [entry.get("port") for entry in rule.get("ports") or ()]]
    if kept == rules:
        raise PreconditionNotMet(f"the policy {policy} has no {direction} rule for port {port}: nothing to cut")
    fault = patched(api, path, {"spec": {direction: kept}}, f"policy {policy} no longer allows {direction} to {port}")
    return fault.proved(
        Proof(f"a new connection to port {port} to fail", lambda: not connects(), within=POLICY_WITHIN),
        Proof(f"a new connection to port {port} to succeed", connects, within=POLICY_WITHIN),
    )


def with_open_connections_cut(fault: Fault, pod_addresses: Sequence[str], port: int) -> Fault:
    """``fault``, and once it has landed the pods' connections to ``port`` forgotten that were open before.

    A firewall asks its policies about new connections only. What it has forgotten counts as new with its next packet.
    """
    script = 'for i in 1 2 3; do conntrack -D -p tcp --orig-src "$1" --dport "$2" >/dev/null 2>&1; done; true'
    steps = [
        Command(["sh", "-c", script, "sh", address, str(port)], f"open connections of {address} to port {port} cut")
        for address in pod_addresses
    ]
    return replace(fault, follow_up=[*fault.follow_up, *steps])


def selects_nothing(api: Api, service: str, namespace: str, ready_endpoints: Callable[[], int]) -> Fault:
    """The fault that lets a service select pods that do not exist."""
    path = object_path("services", service, namespace)
    patch = {"spec": {"selector": {"app": f"nobody-{RUN}"}}}
    fault = patched(api, path, patch, f"service {service} selects no pod")
    return fault.proved(
        Proof(f"{service} to have no endpoint", lambda: ready_endpoints() == 0),
        Proof(f"{service} to have an endpoint", lambda: ready_endpoints() > 0),
    )
