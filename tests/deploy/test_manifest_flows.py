"""The NetworkPolicies allow just the connections that the description lists, and the accounts just the verbs."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.judgements import network_policies
from pipeline_services.model import own_cluster
from pipeline_services.model.kinds import WORKLOAD_KINDS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.roles import PROMETHEUS
from pipeline_services.snapshot.snapshot import Snapshot

PIPELINE = Pipeline.load()
FLOWS = {(flow.source, flow.destination, flow.port) for flow in PIPELINE.flows if PIPELINE[flow.destination].workload}
WRITES = {"create", "update", "patch", "delete", "deletecollection", "bind", "escalate", "impersonate", "*"}


def test_nothing_is_allowed_by_default(manifests: Any) -> None:
    spec = manifests.one("NetworkPolicy", "default-deny")["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_just_the_needed_connections_may_leave(manifests: Any) -> None:
    assert {flow for flow in ends(manifests, "egress", "to") if flow[1]} == FLOWS


def test_just_the_needed_connections_may_arrive(manifests: Any) -> None:
    assert {(peer, app, port) for app, peer, port in ends(manifests, "ingress", "from")} == FLOWS


def test_only_prometheus_reaches_the_node(manifests: Any) -> None:
    outside = {(app, port) for app, peer, port in ends(manifests, "egress", "to") if not peer}
    assert outside == {(flow.source, flow.port) for flow in PIPELINE.flows if flow.destination == "node"}
    assert {app for app, _ in outside} == {PROMETHEUS}


def test_every_pod_may_look_up_names_and_ask_nothing_else_of_other_namespaces(manifests: Any) -> None:
    spec = manifests.one("NetworkPolicy", "allow-dns")["spec"]
    assert (spec["podSelector"], spec["policyTypes"]) == ({}, ["Egress"])
    [rule] = spec["egress"]
    [peer] = rule["to"]
    assert peer["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 53), ("TCP", 53)}
    others = [item for item in manifests.of("NetworkPolicy") if item["metadata"]["name"] != "allow-dns"]
    assert "namespaceSelector" not in str(others)


def test_what_the_policies_let_through_is_just_what_is_described(manifests: Any) -> None:
    lists = {kind.plural: manifests.of(kind.name) for kind in WORKLOAD_KINDS}
    answers = {**lists, "pods": [], "networkpolicies": manifests.of("NetworkPolicy")}
    snapshot = Snapshot(0.0, "", PIPELINE.namespace, answers)
    network_policies.deny_by_default(snapshot)
    for flow in network_policies.needed(PIPELINE):
        network_policies.allow(snapshot, flow)
    for attempt in network_policies.denied(PIPELINE):
        network_policies.deny(snapshot, attempt)
    for destination in network_policies.destinations(PIPELINE):
        network_policies.allow_nothing_else(snapshot, destination)


def test_the_ports_are_those_of_the_pods(manifests: Any) -> None:
    for _, target, port in FLOWS:
        assert port in {entry["containerPort"] for entry in manifests.container(PIPELINE[target].workload)["ports"]}


@pytest.mark.parametrize("role", ["daily-reader", "conveyor-node-reader", "conveyor-system-reader"])
def test_the_reader_only_reads_and_forwards_ports(manifests: Any, role: str) -> None:
    [found] = [item for item in manifests.of("Role", "ClusterRole") if item["metadata"]["name"] == role]
    for rule in found["rules"]:
        assert "*" not in rule["resources"]
        if rule["resources"] == ["pods/portforward"]:
            assert set(rule["verbs"]) == {"get", "create"}
        else:
            assert not WRITES & set(rule["verbs"]), rule
            assert "pods/exec" not in rule["resources"]


def test_the_reader_sees_no_secret_and_no_log_of_the_cluster_itself(manifests: Any) -> None:
    rules = manifests.one("Role", "conveyor-system-reader")["rules"]
    assert {resource for rule in rules for resource in rule["resources"]} == {"pods", "deployments"}


def test_prometheus_may_not_enter_containers_through_the_kubelet(manifests: Any) -> None:
    rules = manifests.one("ClusterRole", "conveyor-prometheus")["rules"]
    assert all("nodes/proxy" not in rule["resources"] and not WRITES & set(rule["verbs"]) for rule in rules)


def test_accounts_are_bound_in_the_namespace(manifests: Any) -> None:
    accounts = manifests.names("ServiceAccount")
    assert accounts == {own_cluster.READER_ACCOUNT, PROMETHEUS}
    for binding in manifests.of("RoleBinding", "ClusterRoleBinding"):
        [subject] = binding["subjects"]
        assert subject["name"] in accounts
        assert subject["namespace"] == PIPELINE.namespace


def ends(manifests: Any, direction: str, side: str) -> set[tuple[str, str, int]]:
    """(component of the policy, that of the peer or "" for an address, port) of every rule for a component."""
    found = set()
    for policy in manifests.of("NetworkPolicy"):
        selected = policy["spec"]["podSelector"]
        for rule in policy["spec"].get(direction, []) if selected else []:
            for peer in rule[side]:
                assert ("podSelector" in peer) != ("ipBlock" in peer)
                other = component(peer["podSelector"]) if "podSelector" in peer else ""
                found |= {(component(selected), other, port["port"]) for port in rule["ports"]}
    return found


def component(selector: dict[str, Any]) -> str:
    """The one component whose pods a selector of a policy means."""
    assert selector.keys() == {"matchLabels"}
    [found] = [part.id for part in PIPELINE.workloads.values() if part.selector == selector["matchLabels"]]
    return found
