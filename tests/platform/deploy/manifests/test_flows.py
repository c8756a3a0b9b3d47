"""The NetworkPolicies allow just the connections that the description lists, and the accounts just the verbs."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.checklist import checks
from pipeline_services.checklist.run import run_checks
from pipeline_services.judgements import network_policies
from pipeline_services.model import own_cluster
from pipeline_services.model.kinds import WORKLOAD_KINDS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.roles import PROMETHEUS
from pipeline_services.platform.deploy import described
from pipeline_services.platform.deploy import network_policies as generator
from pipeline_services.snapshot.snapshot import Snapshot
from tests.judgements.world import healthy
from tests.other_pipeline import other_pipeline, without

PIPELINE = Pipeline.load()
FLOWS = {(flow.source, flow.destination, flow.port) for flow in PIPELINE.flows if PIPELINE[flow.destination].workload}
WRITES = {"create", "update", "patch", "delete", "deletecollection", "bind", "escalate", "impersonate", "*"}


def test_nothing_is_allowed_by_default(manifests: Any) -> None:
    spec = manifests.one("NetworkPolicy", "default-deny")["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("pipeline", described.declared(), ids=lambda pipeline: pipeline.name)
def test_what_follows_from_the_description_is_written_from_it(pipeline: Pipeline) -> None:
    written = described.file_of(pipeline).read_text(encoding="utf-8")
    assert written == described.text(pipeline), f"run: python -m {described.__name__}"


def test_every_pod_may_look_up_names_and_ask_nothing_else_of_other_namespaces(manifests: Any) -> None:
    spec = manifests.one("NetworkPolicy", "allow-dns")["spec"]
    assert (spec["podSelector"], spec["policyTypes"]) == ({}, ["Egress"])
    [rule] = spec["egress"]
    [peer] = rule["to"]
    assert peer["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 53), ("TCP", 53)}
    others = [item for item in manifests.of("NetworkPolicy") if item["metadata"]["name"] != "allow-dns"]
    assert "namespaceSelector" not in str(others)


@pytest.mark.parametrize("pipeline", [other_pipeline(), without("grafana")], ids=lambda pipeline: pipeline.name)
def test_those_of_another_pipeline_let_through_what_it_describes(pipeline: Pipeline) -> None:
    world = healthy(pipeline=pipeline)
    world.answers["networkpolicies"] = generator.network_policies(pipeline)
    daily = [case for case in checks.cases(pipeline, run="daily") if case.component == "network"]
    cases = [case for case in daily if case.check is not checks.SET_AS_DECLARED]
    assert run_checks(world.snapshot(), cases) == {}
    world.answers["networkpolicies"] = generator.network_policies(without("kafka"))
    assert run_checks(world.snapshot(), cases)


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


@pytest.mark.parametrize(
    "role", [*("daily-reader", "conveyor-node-reader", "conveyor-system-reader", "conveyor-node-lease-reader")]
)
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
    [named] = [rule for rule in rules if rule["resources"] == ["configmaps"]]
    assert (named["resourceNames"], named["verbs"]) == (["coredns"], ["get"])
    everything = {resource for rule in rules for resource in rule["resources"]}
    assert everything == {*("pods", "deployments", "daemonsets", "services"), "networkpolicies", "leases", "configmaps"}


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
