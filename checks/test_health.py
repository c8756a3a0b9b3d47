"""Sections 1 and 2: pods, workloads, usage, nodes, autoscalers and volumes are as the daily commands should show."""

from __future__ import annotations

import pytest

from pipeline_services.judgements import cluster_parts, heartbeats, hpas, nodes, pods, resources, volumes, workloads
from pipeline_services.snapshot.snapshot import Snapshot


@pytest.mark.runbook("pod-status")
def test_pods_ready(snapshot: Snapshot, component: str) -> None:
    """Every pod is Running and READY; none is in CrashLoopBackOff, Error, Pending, ImagePullBackOff or OOMKilled."""
    pods.are_ready(snapshot, component)


@pytest.mark.runbook("health-checks")
def test_rollout_complete(snapshot: Snapshot, component: str) -> None:
    """The component's workloads run all the pods of their newest template, and at least one."""
    workloads.is_rolled_out(snapshot, component)


@pytest.mark.runbook("high-resource-usage")
def test_usage_within_limits(snapshot: Snapshot, component: str) -> None:
    """No container of the component uses more CPU or memory than its limit."""
    resources.are_within_limits(snapshot, component)


@pytest.mark.runbook("health-checks")
def test_nodes_ready(snapshot: Snapshot) -> None:
    """Every node is Ready and takes pods."""
    nodes.are_ready(snapshot)


@pytest.mark.runbook("the-cluster-itself")
def test_nodes_report(snapshot: Snapshot) -> None:
    """The kubelet of every node has reported lately, so that what is known of its pods is not old."""
    heartbeats.nodes_report(snapshot)


@pytest.mark.runbook("high-resource-usage")
def test_nodes_without_pressure(snapshot: Snapshot) -> None:
    """No node is short of memory, disk or process ids."""
    nodes.have_no_pressure(snapshot)


@pytest.mark.runbook("high-resource-usage")
def test_nodes_have_room(snapshot: Snapshot, resource: str) -> None:
    """No node has used up its CPU or memory."""
    nodes.have_room(snapshot, resource)


@pytest.mark.runbook("the-cluster-itself")
def test_cluster_part_runs(snapshot: Snapshot, part: str) -> None:
    """The part of the cluster itself runs: DNS, the network plugin, Services, usage, scheduling, replacing pods."""
    cluster_parts.part_runs(snapshot, part)


@pytest.mark.runbook("the-cluster-itself")
def test_cluster_part_set_as_declared(snapshot: Snapshot, part: str) -> None:
    """The part of the cluster itself is set as this checkout's manifest declares it."""
    cluster_parts.part_is_as_declared(snapshot, part)


@pytest.mark.runbook("the-cluster-itself")
def test_names_answered(snapshot: Snapshot, server: str) -> None:
    """The DNS server's configuration answers the names of the pipeline's Services."""
    cluster_parts.names_are_answered(snapshot, server)


@pytest.mark.runbook("health-checks")
def test_hpa_knows_metrics(snapshot: Snapshot, hpa: str) -> None:
    """The autoscaler can scale and shows valid metrics, not ``<unknown>``."""
    hpas.knows_metrics(snapshot, hpa)


@pytest.mark.runbook("high-resource-usage")
def test_hpa_set_as_documented(snapshot: Snapshot, hpa: str) -> None:
    """The autoscaler has the bounds and the target that section 3.5 promises."""
    hpas.is_set_as_documented(snapshot, hpa)


@pytest.mark.runbook("storage")
def test_volume_bound(snapshot: Snapshot, component: str) -> None:
    """The volume claims of the StatefulSet are Bound."""
    volumes.are_bound(snapshot, component)
