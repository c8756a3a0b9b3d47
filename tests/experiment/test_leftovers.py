"""What counts as left behind, and what the cluster itself changes all the time."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.experiment.leftovers import LISTS, differences, inventory
from pipeline_services.model.pipeline import Pipeline

OWN = Pipeline.load()
NODE: dict[str, Any] = {"metadata": {"name": "one"}, "spec": {"podCIDR": "10.0.0.0/24"}}


def namespace(**changes: Any) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {
        "deployments": [
            {
                "metadata": {"name": "producer", "resourceVersion": "1", "generation": 1, "annotations": {"a": "b"}},
                "spec": {"replicas": 1, "template": {"spec": {"containers": [{"image": "one"}]}}},
                "status": {"readyReplicas": 1},
            }
        ],
        "configmaps": [{"metadata": {"name": "pipeline-config"}, "data": {"KAFKA_BROKER": "kafka-service:9092"}}],
        "secrets": [{"metadata": {"name": "pipeline-secrets"}, "data": {"INFLUXDB_TOKEN": "c2VjcmV0"}}],
        "networkpolicies": [],
        "hpas": [],
        "pods": [{"metadata": {"name": "producer-1", "ownerReferences": [{}]}, "spec": {}}],
    }
    return {**found, **changes}


def compared(after: dict[str, list[dict[str, Any]]]) -> list[str]:
    return differences(inventory(namespace(), OWN), inventory(after, OWN))


def test_the_same_namespace_has_no_difference() -> None:
    assert compared(namespace()) == []


def test_what_the_cluster_writes_itself_is_explained() -> None:
    after = namespace(pods=[{"metadata": {"name": "producer-2", "ownerReferences": [{}]}, "spec": {}}])
    deployment = after["deployments"][0]
    deployment["metadata"] |= {"resourceVersion": "9", "generation": 3}
    deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3"
    deployment["metadata"]["annotations"]["deprecated.daemonset.template.generation"] = "3"
    deployment["status"] = {"readyReplicas": 0}
    assert compared(after) == []


def test_a_changed_setting_is_named_with_both_values() -> None:
    after = namespace()
    after["configmaps"][0]["data"]["KAFKA_BROKER"] = "elsewhere:1"
    assert compared(after) == [
        'configmaps/pipeline-config: data.KAFKA_BROKER was "kafka-service:9092" and is "elsewhere:1"'
    ]


def test_a_secrets_value_is_compared_and_not_told() -> None:
    after = namespace()
    after["secrets"][0]["data"]["INFLUXDB_TOKEN"] = "b3RoZXI="
    (line,) = compared(after)
    assert line.startswith("secrets/pipeline-secrets: data.INFLUXDB_TOKEN was ")
    assert "c2VjcmV0" not in line
    assert "b3RoZXI=" not in line


@pytest.mark.parametrize("source", sorted(LISTS.keys() - {"namespaces", "nodes", "system_configmaps"}))
def test_a_new_object_is_named_whatever_its_kind(source: str) -> None:
    item = {"metadata": {"name": "left"}, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "none"}}}
    assert compared(namespace(**{source: [*namespace().get(source, []), item]})) == [f"{source}/left is new"]


@pytest.mark.parametrize(
    ("source", "item"),
    [
        ("namespaces", {"metadata": {"name": "another"}}),
        ("persistentvolumes", {"metadata": {"name": "pv"}, "spec": {"claimRef": {"namespace": "another"}}}),
        ("system_configmaps", {"metadata": {"name": "cluster-autoscaler-status"}}),
        ("replicasets", {"metadata": {"name": "producer-1", "ownerReferences": [{}]}}),
        ("controllerrevisions", {"metadata": {"name": "kafka-1", "ownerReferences": [{}]}, "revision": 2}),
        ("jobs", {"metadata": {"name": "nightly-1", "ownerReferences": [{}]}}),
    ],
)
def test_what_others_change_is_not_ours(source: str, item: dict[str, Any]) -> None:
    assert compared(namespace(**{source: [item]})) == []


def marked(name: str, label: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"mark": label}}}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("namespaces", OWN.namespace),
        *(("system_configmaps", part.config_map) for part in OWN.cluster.values() if part.config_map),
    ],
)
def test_the_pipelines_namespace_and_the_clusters_parts_are_ours(source: str, name: str) -> None:
    before, after = (inventory({source: [marked(name, label)]}, OWN) for label in ("a", "b"))
    assert differences(before, after) == [f'{source}/{name}: metadata.labels.mark was "a" and is "b"']


def nodes(**spec: Any) -> dict[str, Any]:
    return {"nodes": [{**NODE, "spec": {**NODE["spec"], **spec}}]}


def test_a_node_is_as_before_but_for_what_the_cluster_taints_and_says_itself() -> None:
    before = inventory(nodes(), OWN)
    silent = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": "now"}
    assert differences(before, inventory(nodes(taints=[silent]), OWN)) == []
    ready = {"nodes": [{**NODE, "status": {"conditions": [{"type": "Ready", "status": "False"}]}}]}
    assert differences(before, inventory(ready, OWN)) == []
    [cordoned] = differences(before, inventory(nodes(unschedulable=True), OWN))
    [tainted] = differences(before, inventory(nodes(taints=[{"key": "batch", "effect": "NoSchedule"}]), OWN))
    said = {"nodes": [{**NODE, "status": {"conditions": [{"type": "KernelDeadlock", "status": "True"}]}}]}
    [told] = differences(before, inventory(said, OWN))
    assert "unschedulable" in cordoned
    assert "batch" in tainted
    assert "KernelDeadlock" in told


def test_nodes_that_an_autoscaler_adds_or_marks_are_its_own() -> None:
    one = {"nodes": [NODE]}
    two = {"nodes": [NODE, {**NODE, "metadata": {"name": "two"}}]}
    marked = {**NODE, "spec": {**NODE["spec"], "taints": [{"key": "ToBeDeletedByClusterAutoscaler"}]}}
    for before, after in ((one, two), (two, one), (one, {"nodes": [marked]})):
        assert differences(inventory(before, OWN), inventory(after, OWN)) == []


def test_the_day_on_which_a_token_was_used_is_the_api_servers() -> None:
    used = {"name": "token", "labels": {"kubernetes.io/legacy-token-last-used": "2026-11-28"}}
    held = {"secrets": [{"metadata": {"name": "token"}}]}
    assert differences(inventory(held, OWN), inventory({"secrets": [{"metadata": used}]}, OWN)) == []
    other = {"secrets": [{"metadata": {**used, "labels": {"team": "web"}}}]}
    assert len(differences(inventory(held, OWN), inventory(other, OWN))) == 1


def test_an_owner_that_somebody_set_is_named() -> None:
    after = namespace()
    after["secrets"][0]["metadata"]["ownerReferences"] = [{"kind": "ConfigMap", "name": "x", "uid": "u"}]
    (line,) = compared(after)
    assert line.startswith("secrets/pipeline-secrets: owners was ")


def test_a_lost_object_is_named() -> None:
    assert compared(namespace(configmaps=[])) == ["configmaps/pipeline-config is gone"]


def test_an_annotation_that_stayed_is_named() -> None:
    after = namespace()
    after["deployments"][0]["metadata"]["annotations"]["conveyor.io/fault"] = "run"
    assert compared(after) == [
        'deployments/producer: metadata.annotations.conveyor.io/fault was not there and is "run"'
    ]


def test_replicas_are_the_autoscalers_where_there_is_one() -> None:
    scaler = {"metadata": {"name": "hpa"}, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "producer"}}}
    after = namespace(hpas=[scaler])
    after["deployments"][0]["spec"]["replicas"] = 4
    assert differences(inventory(namespace(hpas=[scaler]), OWN), inventory(after, OWN)) == []
    lone = namespace()
    lone["deployments"][0]["spec"]["replicas"] = 4
    assert compared(lone) == ["deployments/producer: spec.replicas was 1 and is 4"]
