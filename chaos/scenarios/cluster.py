"""What the pipeline runs on: the node, DNS, the network plugin and the metrics server."""

from __future__ import annotations

from typing import Final

from chaos.fault_builders import autoscalers, network, node_files, services, undeclared, workloads
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import Scenario, finding
from pipeline_services.model import roles

DIAGNOSIS: Final = (
    Scenario(
        "node-cordoned", workloads.cordoned, (finding("node", "node-cordoned"),), (checks.NODES_READY,), sample=True
    ),
    Scenario("node-tainted", workloads.tainted, (finding("node", "node-tainted"),), (checks.NODES_READY,)),
    Scenario(
        "node-in-trouble",
        undeclared.node_in_trouble("KernelDeadlock", "task hung for more than 120 seconds"),
        (finding("node", "node-pressure"),),
        (checks.NODES_WITHOUT_PRESSURE,),
    ),
    Scenario(
        "dns-down",
        network.dns_down,
        (finding("dns", "dns-down"),),
        (checks.CLUSTER_PART_RUNS.of("coredns"),),
        sample=True,
        min_duration_s=45.0,
    ),
    Scenario(
        "metrics-server-scaled-to-zero",
        autoscalers.metrics_server_down,
        (finding("hpa", "usage-unknown"),),
        (checks.CLUSTER_PART_RUNS.of("metrics-server"),),
        min_duration_s=45.0,
    ),
    Scenario(
        "network-plugin-gone",
        network.network_plugin_gone(roles.PROCESSOR),
        (finding("network", "cluster-part-down"),),
        (checks.CLUSTER_PART_RUNS.of("kube-router"),),
        deadline_s=90.0,
        min_duration_s=45.0,
        met=("cloudnativelabs/kube-router#2059",),
    ),
    Scenario(
        "network-plugin-enforces-nothing",
        network.network_plugin_without_firewall,
        (finding("network", "cluster-part-set-otherwise"),),
        (checks.CLUSTER_PART_SET_AS_DECLARED.of("kube-router"),),
        deadline_s=90.0,
    ),
    Scenario(
        "dns-service-leads-nowhere",
        network.dns_service_astray(roles.PRODUCER, but="producer-to-kafka"),
        (finding("dns", "dns-misconfigured"),),
        (checks.NAMES_ANSWERED.of("coredns"),),
        min_duration_s=20.0,
        met=("SREGym/service_dns_resolution_failure",),
    ),
    Scenario(
        "dns-service-port-wrong",
        services.dns_port_wrong(roles.PRODUCER, 5_353),
        (finding("dns", "dns-misconfigured"),),
        (checks.NAMES_ANSWERED.of("coredns"),),
        min_duration_s=20.0,
    ),
    Scenario(
        "metrics-api-astray",
        services.metrics_api_astray,
        (finding("hpa", "usage-unknown"),),
        (checks.HPA_KNOWS_METRICS.of("{hpa:producer}"),),
        deadline_s=150.0,
        min_duration_s=90.0,
    ),
    Scenario(
        "dns-forwards-elsewhere",
        network.dns_forwards_elsewhere,
        (finding("dns", "cluster-part-set-otherwise"),),
        (checks.CLUSTER_PART_SET_AS_DECLARED.of("coredns"),),
    ),
    Scenario(
        "kubelet-stopped",
        workloads.kubelet_stopped,
        (finding("node", "node-silent"),),
        (checks.NODES_REPORT,),
        deadline_s=120.0,
        min_duration_s=75.0,
        met=("SREGym/kubelet_crash",),
    ),
    Scenario(
        "dns-hides-the-services",
        network.names_hidden(roles.PRODUCER),
        (finding("dns", "dns-misconfigured"),),
        (checks.NAMES_ANSWERED.of("coredns"),),
        deadline_s=90.0,
        min_duration_s=45.0,
        met=("SREGym/stale_coredns_config",),
    ),
    Scenario(
        "network-plugin-not-on-the-node",
        node_files.plugin_missing(roles.GRAFANA),
        (finding("network", "pod-without-network"),),
        (checks.PODS_READY.of("grafana"),),
        may_blame=frozenset({roles.GRAFANA}),
        deadline_s=120.0,
        min_duration_s=75.0,
    ),
    Scenario(
        "scheduler-gone",
        node_files.static_pod_gone("kube-scheduler"),
        (finding("node", "cluster-part-down"),),
        (checks.CLUSTER_PART_RUNS.of("kube-scheduler"),),
        deadline_s=150.0,
    ),
    Scenario(
        "controller-manager-gone",
        node_files.static_pod_gone("kube-controller-manager"),
        (finding("node", "cluster-part-down"),),
        (checks.CLUSTER_PART_RUNS.of("kube-controller-manager"),),
        deadline_s=150.0,
    ),
)
