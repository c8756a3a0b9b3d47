"""Thousands of pods beside the pipeline's are read in parts and kept in outline; what may concern it stays whole."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from pipeline_services.clients.kubernetes import PAGE
from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.kinds import kind_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.sources.neighbours import shapes
from tests.judgements.world import NOW, healthy
from tests.scale.crowd import pods, usage
from tests.scale.fake_lists import paged
from tests.snapshot.fake_pipeline import NS, PODS, FakePipeline

OWN = Pipeline.load()
BYTES_OF_AN_OUTLINE = 1_000


def stranger(**changes: Any) -> dict[str, Any]:
    (found,) = pods(1, NS, NOW)
    for path, value in changes.items():
        part, key = path.split("_", 1)
        found[part][key] = value
    return deepcopy(found)


def test_a_crowd_is_read_in_parts_and_kept_in_outline(pipeline: FakePipeline) -> None:
    count = 3 * PAGE + 1
    crowd = [*pods(count, NS, NOW), *pipeline.api.routes[PODS][1]["items"]]
    pipeline.api.routes[PODS] = paged(crowd)
    pipeline.api.routes[kind_of("pod_metrics").path(NS)] = paged(usage(count, NS, NOW))
    snapshot = collect(pipeline.cluster)
    kept = snapshot.data("pods")
    assert [one["metadata"]["name"] for one in kept] == [one["metadata"]["name"] for one in crowd]
    assert len(json.dumps(kept)) < count * BYTES_OF_AN_OUTLINE
    assert snapshot.data("pod_metrics") == []
    asked = [path for _, path, _ in pipeline.api.asked if path.startswith(f"{PODS}?")]
    assert len(asked) == 4
    assert all(f"limit={PAGE}" in path for path in asked)


def test_a_list_that_goes_round_in_circles_is_no_list(pipeline: FakePipeline) -> None:
    pipeline.api.routes[PODS] = (200, {"metadata": {"continue": "again"}, "items": []})
    with pytest.raises(UnexpectedAnswer, match="no list"):
        pipeline.cluster.list("pods")


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata_labels": dict(OWN["kafka"].selector)},
        {"metadata_name": f"{OWN['processor'].workload}-7c9d8b5f4-xxxxx"},
        {"status_phase": "Pending"},
        {"status_conditions": [{"type": "Ready", "status": "False"}]},
        {"status_conditions": []},
    ],
)
def test_what_may_concern_the_pipeline_stays_whole(changes: dict[str, Any]) -> None:
    pod = stranger(**changes)
    assert shapes(OWN)["pods"](deepcopy(pod)) == pod


def test_a_well_stranger_keeps_what_is_judged_of_it() -> None:
    kept = shapes(OWN)["pods"](stranger())
    assert kept is not None
    assert kept["metadata"]["labels"]["app"] == "crowd-0"
    assert set(kept["spec"]["containers"][0]) == {"name", "image", "ports", "resources"}
    assert kept["status"]["podIPs"] == [{"ip": "10.96.0.1"}]
    assert "env" not in json.dumps(kept)


def test_a_pod_without_any_field_is_no_error() -> None:
    assert shapes(OWN)["pods"]({"metadata": {"name": "x"}}) == {"metadata": {"name": "x"}}


def test_usage_of_the_pipelines_own_pods_is_kept() -> None:
    own = healthy().answers["pod_metrics"]
    assert [shapes(OWN)["pod_metrics"](one) for one in own] == own


def test_of_the_whole_cluster_what_kubernetes_makes_everywhere_and_the_volumes_of_others_are_left_out() -> None:
    roles = ("system:node", "kubeadm:get-nodes", "cluster-admin", "view", "conveyor-prometheus")
    kept = [name for name in roles if shapes(OWN)["clusterroles"]({"metadata": {"name": name}})]
    assert kept == ["conveyor-prometheus"]
    claims = ({"namespace": NS}, {"namespace": "web"}, None)
    volumes = [{"metadata": {"name": "v"}, "spec": {"claimRef": claim}} for claim in claims]
    assert [bool(shapes(OWN)["persistentvolumes"](volume)) for volume in volumes] == [True, False, False]


def test_a_hand_made_binding_with_the_name_of_a_role_of_kubernetes_is_kept() -> None:
    names = ("system:node", "cluster-admin", "admin", "view")
    kept = [name for name in names if shapes(OWN)["clusterrolebindings"]({"metadata": {"name": name}})]
    assert kept == ["admin", "view"]


def test_what_drivers_of_volumes_are_told_is_not_kept() -> None:
    told = {"parameters": {"restuserkey": "s3cret"}, "mountOptions": ["password=s3cret"]}
    made_by = {"metadata": {"name": "shared"}, "reclaimPolicy": "Retain", **told}
    kept = {"claimRef": {"namespace": NS}, "persistentVolumeReclaimPolicy": "Retain"}
    volume = {"metadata": {"name": "v"}, "spec": {**kept, "flexVolume": {"options": {"password": "s3cret"}}}}
    assert shapes(OWN)["storageclasses"](made_by) == {"metadata": {"name": "shared"}, "reclaimPolicy": "Retain"}
    assert shapes(OWN)["persistentvolumes"](volume) == {"metadata": {"name": "v"}, "spec": kept}


def test_what_a_controller_of_ingresses_is_told_is_not_kept() -> None:
    snippet = {"nginx.ingress.kubernetes.io/configuration-snippet": "proxy_set_header Authorization s3cret;"}
    ingress = {"metadata": {"name": "graphs", "annotations": snippet}, "spec": {"defaultBackend": {}}}
    kept = shapes(OWN)["ingresses"](ingress)
    assert kept == {"metadata": {"name": "graphs"}, "spec": {"defaultBackend": {}}}
