"""What counts as left behind, and what the cluster itself changes all the time."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.experiment.leftovers import differences, inventory


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
    return differences(inventory(namespace()), inventory(after))


def test_the_same_namespace_has_no_difference() -> None:
    assert compared(namespace()) == []


def test_what_the_cluster_writes_itself_is_explained() -> None:
    after = namespace(pods=[{"metadata": {"name": "producer-2", "ownerReferences": [{}]}, "spec": {}}])
    deployment = after["deployments"][0]
    deployment["metadata"] |= {"resourceVersion": "9", "generation": 3}
    deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3"
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


@pytest.mark.parametrize(
    ("kind", "item", "told"),
    [
        ("networkpolicies", {"metadata": {"name": "cut"}, "spec": {}}, "networkpolicies/cut is new"),
        ("pods", {"metadata": {"name": "load"}, "spec": {}}, "pods/load is new"),
    ],
)
def test_a_new_object_is_named(kind: str, item: dict[str, Any], told: str) -> None:
    assert compared(namespace(**{kind: [*namespace()[kind], item]})) == [told]


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
    assert differences(inventory(namespace(hpas=[scaler])), inventory(after)) == []
    lone = namespace()
    lone["deployments"][0]["spec"]["replicas"] = 4
    assert compared(lone) == ["deployments/producer: spec.replicas was 1 and is 4"]
