"""A deep look says who changed what and when, how the neighbours are and how the last half hour went."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings
from pipeline_services.snapshot.collector import collect, main
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.snapshot.sources.changes import MOST_FIELDS, fields_of
from pipeline_services.snapshot.sources.deep import LOOK_BACK, ONSET
from pipeline_services.snapshot.sources.upkeep import TRENDS, UPKEEP, upkeep_reads
from tests.snapshot.fake_pipeline import CANARY, NS, OWN, PODS, UNSERVED, FakePipeline, pod, secret

SYSTEM = "kube-system"
EMPTY = {".": {}}
IMAGE = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"kafka"}': {**EMPTY, "f:image": {}}}}}}}
DEEP = {"changes", "replicasets", "controllerrevisions", "system_pods", "onset"}


def entry(manager: str, time: str, tree: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "time": time, "fieldsType": "FieldsV1", "fieldsV1": tree, **more}


def written(name: str, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "managedFields": list(entries)}, **more}


def test_what_it_adds_is_there_and_only_then(pipeline: FakePipeline) -> None:
    shallow, deep = collect(pipeline.cluster), collect(pipeline.cluster, deep=True)
    assert deep.failures.keys() == shallow.failures.keys()
    assert deep.answers.keys() - shallow.answers.keys() == DEEP | {
        f"logs/{app}" for app in OWN.workloads if app not in OWN.data_path
    }


def test_a_daily_snapshot_asks_for_nothing_more(pipeline: FakePipeline) -> None:
    collect(pipeline.cluster)
    asked = " ".join(path for _, path, _ in pipeline.api.asked + pipeline.prometheus.asked)
    assert not [word for word in ("replicasets", f"{SYSTEM}/pods") if word in asked]


def test_changes_say_who_what_and_when_the_newest_last(pipeline: FakePipeline) -> None:
    scaled = entry("kubectl", "2026-11-23T08:00:00Z", {"f:spec": {"f:replicas": {}}}, subresource="scale")
    reported = entry("controller", "2026-11-23T09:00:00Z", {"f:status": {}}, subresource="status")
    pipeline.serve("deployments", written("producer", scaled, reported))
    pipeline.serve("configmaps", written("c", entry("edit", "2026-11-23T07:00:00Z", {"f:data": {"f:BROKER": {}}})))
    pipeline.serve("deployments", written("coredns", entry("k", "2026-11-23T08:30:00Z", {})), namespace=SYSTEM)
    snapshot = collect(pipeline.cluster, deep=True)
    first, second, third = snapshot.data("changes")
    assert first == {
        **{"kind": "ConfigMap", "name": "c", "manager": "edit", "operation": "Update"},
        **{"time": "2026-11-23T07:00:00Z", "fields": ["data.BROKER"]},
    }
    assert (second["kind"], second["name"], second["fields"]) == ("Deployment", "producer", ["spec.replicas"])
    assert (third["name"], third["fields"]) == ("coredns", [])
    assert "managedFields" not in snapshot.to_json()


def test_no_value_is_in_the_changes(pipeline: FakePipeline) -> None:
    tree = {"f:metadata": {"f:finalizers": {**EMPTY, f'v:"{CANARY}"': {}}}, "f:data": {"f:INFLUXDB_TOKEN": {}}}
    token = secret("pipeline-secrets", INFLUXDB_TOKEN=CANARY.encode())
    token["metadata"]["managedFields"] = [entry("edit", "2026-11-23T07:00:00Z", tree)]
    pipeline.serve("secrets", token)
    snapshot = collect(pipeline.cluster, deep=True)
    assert snapshot.data("changes")[0]["fields"] == ["metadata.finalizers", "data.INFLUXDB_TOKEN"]
    assert CANARY not in snapshot.to_json()


def test_changes_of_what_can_be_read_outlive_what_cannot(pipeline: FakePipeline) -> None:
    pipeline.serve("services", written("s", entry("edit", "2026-11-23T07:00:00Z", IMAGE)))
    pipeline.forbid("configmaps")
    snapshot = collect(pipeline.cluster, deep=True)
    assert [change["name"] for change in snapshot.data("changes")] == ["s"]
    assert snapshot.failures["configmaps"].kind == "AccessDenied"


def test_paths_name_list_entries_by_their_keys() -> None:
    port = {"f:ports": {'k:{"containerPort":9092,"protocol":"TCP"}': {"f:name": {}}}}
    assert fields_of(IMAGE) == ["spec.template.spec.containers[kafka].image"]
    assert fields_of({"f:spec": port}) == ["spec.ports[9092/TCP].name"]
    assert fields_of({}) == []


def test_who_wrote_everything_is_told_in_broad_paths() -> None:
    many = {f"f:key-{number}": {"f:deep": {}} for number in range(MOST_FIELDS + 1)}
    assert fields_of({"f:spec": {"f:template": many, "f:replicas": {}}}) == ["spec.template", "spec.replicas"]
    assert len(fields_of({"f:data": many})) == MOST_FIELDS


def test_quotas_say_what_is_used(pipeline: FakePipeline) -> None:
    hard, used = {"pods": "8"}, {"pods": "8"}
    pipeline.serve("resourcequotas", {"metadata": {"name": "q"}, "spec": {}, "status": {"hard": hard, "used": used}})
    limits = [{"type": "Container", "max": {"memory": "64Mi"}}]
    pipeline.serve("limitranges", {"metadata": {"name": "l"}, "spec": {"limits": limits}})
    assert collect(pipeline.cluster, deep=True).data("quotas") == [
        {"kind": "ResourceQuota", "name": "q", "hard": hard, "used": used},
        {"kind": "LimitRange", "name": "l", "limits": limits},
    ]


def test_neighbours_are_looked_at_by_their_labels(pipeline: FakePipeline) -> None:
    pipeline.serve("pods", pod("coredns"), namespace=SYSTEM)
    (found,) = collect(pipeline.cluster, deep=True).data("system_pods")
    assert found == pod("coredns")
    [asked] = [path for _, path, _ in pipeline.api.asked if f"{SYSTEM}/pods" in path]
    assert "labelSelector=k8s-app+in+%28kube-dns%2C" in asked


def test_what_an_environment_does_not_grant_is_named_and_the_rest_is_read(pipeline: FakePipeline) -> None:
    for kind, namespace in (("pods", SYSTEM), ("deployments", SYSTEM), ("limitranges", NS), ("replicasets", NS)):
        pipeline.forbid(kind, namespace=namespace)
    snapshot = collect(pipeline.cluster, deep=True)
    failures = {source: failure for source, failure in snapshot.failures.items() if source not in UNSERVED}
    assert {source: (failure.kind, failure.resource) for source, failure in failures.items()} == {
        "system_pods": ("AccessDenied", "pods in kube-system"),
        "system_deployments": ("AccessDenied", "deployments.apps in kube-system"),
        "quotas": ("AccessDenied", "limitranges"),
        "replicasets": ("AccessDenied", "replicasets.apps"),
    }
    assert snapshot.data("changes") == []


def test_the_last_half_hour_has_a_series_for_each_app(pipeline: FakePipeline) -> None:
    points = [[1763870400.4, "1"], [1763870415.4, "NaN"], [1763870430.4, "0.12345"]]

    def answer(query: dict[str, str]) -> tuple[int, Any]:
        by_app = "by (app) (up" in query["query"]
        assert not by_app or f'app=~"{"|".join(Pipeline.load().data_path)}"' in query["query"]
        series = [{"metric": {"app": "kafka"} if by_app else {}, "values": points}]
        result = series if by_app or "produced" in query["query"] else []
        assert float(query["end"]) - float(query["start"]) == pytest.approx(LOOK_BACK)
        return 200, {"status": "success", "data": {"resultType": "matrix", "result": result}}

    pipeline.prometheus.routes["/api/v1/query_range"] = answer
    found = collect(pipeline.cluster, deep=True).data("onset")
    kept = [[1763870400, 1.0], [1763870430, 0.123]]
    empty: dict[str, Any] = {key: [] for key in ONSET.keys() - {"answering"}}
    assert found == {**empty, "answering/kafka": kept, "producer-rate": kept}


def test_without_prometheus_there_is_no_look_back(pipeline: FakePipeline) -> None:
    pipeline.prometheus.routes["/api/v1/query_range"] = (503, {})
    assert collect(pipeline.cluster, deep=True).failures["onset"].kind == "ServiceUnreachable"
    absent = collect(pipeline.cluster, Settings(absent=frozenset({"prometheus", "loki"})), deep=True)
    left = {"onset", "logs/prometheus", "logs/loki", "logs/log-shipper"}
    assert not left & (absent.answers.keys() | absent.failures.keys())


def test_a_review_looks_back_as_far_as_prometheus_remembers(pipeline: FakePipeline) -> None:
    claim = {"metric": {"persistentvolumeclaim": "data-kafka-0"}, "values": [[1763870400, "0.5"]]}

    def answer(query: dict[str, str]) -> tuple[int, Any]:
        result = [claim] if "persistentvolumeclaim" in query["query"] else []
        return 200, {"status": "success", "data": {"resultType": "matrix", "result": result}}

    pipeline.prometheus.routes["/api/v1/query_range"] = answer
    deep, review = collect(pipeline.cluster, deep=True), collect(pipeline.cluster, upkeep=True)
    assert review.answers.keys() - deep.answers.keys() == {*upkeep_reads(0.0, review.pipeline), "loki/loud"}
    assert review.data("trends") == {
        **{key: [] for key in TRENDS.keys() - {"volume"}},
        "volume/data-kafka-0": [[1763870400, 0.5]],
    }


@pytest.mark.parametrize(("age", "known"), [(86_400.0, "[86400s]"), (30 * 86_400.0, "[604800s]"), (5.0, "[600s]")])
def test_a_review_counts_restarts_of_the_namespace_s_own_life(age: float, known: str) -> None:
    reads = upkeep_reads(1e9, Pipeline.load(), 1e9 - age)
    asked = [
        read.keywords["promql"] for source, read in reads.items() if source in UPKEEP and isinstance(read, partial)
    ]
    assert len(asked) == len(UPKEEP)
    assert all(known in query for query in asked)


def test_prometheus_is_asked_about_the_pipeline_s_own_series(pipeline: FakePipeline) -> None:
    collect(pipeline.cluster, upkeep=True)
    asked = [unquote_plus(path) for _, path, _ in pipeline.prometheus.asked if "/query" in path]
    assert len(asked) > len(ONSET) + len(UPKEEP) + len(TRENDS)
    assert not [query for query in asked if f'namespace="{NS}"' not in query or "$" in query]


def test_the_observers_logs_are_read_as_the_others(pipeline: FakePipeline) -> None:
    pipeline.serve("pods", pod("loki"))
    pipeline.api.routes[f"{PODS}/loki-0/log"] = (200, b"2026-11-23T06:00:00Z level=error\n")
    snapshot = collect(pipeline.cluster, deep=True)
    assert snapshot.data("logs/loki")[0]["lines"] == ["2026-11-23T06:00:00Z level=error"]
    assert snapshot.data("logs/grafana") == []


def test_a_deep_recording_from_the_command_line(pipeline: FakePipeline, tmp_path: Path) -> None:
    out, config = tmp_path / "snapshot.json", tmp_path / "config"
    assert main(["--deep", "--out", str(out), "--kubeconfig", str(config), "--namespace", NS]) == 0
    assert Snapshot.load(out).data("changes") == []
