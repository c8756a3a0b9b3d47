"""The collection reads everything that answers, records why the rest does not, and lets no secret out."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipeline_services.clients.http import READ_TIMEOUT
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.kinds import kind_of
from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.snapshot.sources.cluster_parts import SYSTEM_LISTS
from pipeline_services.snapshot.sources.declared import BESIDE
from pipeline_services.snapshot.sources.deep import QUOTAS
from pipeline_services.snapshot.sources.kubernetes import LISTS, newest_within
from pipeline_services.snapshot.sources.services import SERVICES
from tests.other_pipeline import other_pipeline, without
from tests.snapshot.fake_pipeline import (
    CANARY,
    NS,
    PODS,
    SYSTEM,
    UNSERVED,
    WITHOUT_SERVER,
    FakePipeline,
    fake_pipeline,
    pod,
    secret,
)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakePipeline]:
    """A pipeline for all tests that change nothing of it."""
    with fake_pipeline(tmp_path_factory.mktemp("untouched")) as running:
        yield running


@pytest.fixture(scope="module")
def snapshot(untouched: FakePipeline) -> Snapshot:
    """What the collector sees of it."""
    return collect(untouched.cluster)


def test_every_source_is_read_or_has_a_reason(snapshot: Snapshot) -> None:
    assert set(snapshot.failures) == UNSERVED
    asked = [metric.id for metric in KEY_METRICS.values() if metric.tool == "prometheus"]
    metrics = {f"{kind}/{metric}" for kind in ("prometheus", "metric_history") for metric in asked}
    assert set(snapshot.answers) == {
        *(*LISTS, *metrics, "prometheus_targets", "loki_ready", "loki/all", "loki/errors", "loki/pods", "tls"),
        *(f"logs/{component}" for component in Pipeline.load().data_path),
        *(f"grafana_datasources/{uid}" for uid in Pipeline.load().dashboard.datasources.values()),
        *(f"grafana_panels/{panel}" for panel in Pipeline.load().dashboard.panels),
        *(
            "grafana_health",
            "grafana_dashboard",
            "declared",
            "namespaces",
            "installation",
            *SYSTEM_LISTS,
            "dns_config",
            "declared_parts",
        ),
        *(BESIDE.keys() - QUOTAS),
        "quotas",
        *("influxdb_health", "influxdb_newest", "influxdb_token", "influxdb_read_token", "influxdb_write"),
        *("influxdb_bucket", "influxdb_at_work"),
    }


def test_answers_have_the_shapes_that_judgements_expect(untouched: FakePipeline) -> None:
    snapshot = collect(untouched.cluster)
    assert (snapshot.context, snapshot.namespace) == ("fake", NS)
    assert abs(snapshot.taken_at - time.time()) < 10
    assert snapshot.data("influxdb_health") == {"status": 200, "body": {"status": "pass"}}
    newest = snapshot.data("influxdb_newest")
    assert (newest["time"], newest["points_1m"]) == (1763870400.0, 5)
    assert snapshot.taken_at <= newest["asked_at"] <= time.time()
    assert snapshot.data("influxdb_token") == {"status": 200}
    assert snapshot.data("loki_ready") == {"status": 200, "body": "ready\n"}
    assert snapshot.data("grafana_datasources/loki") == {"status": 200, "message": "a query was answered"}
    assert set(snapshot.data("grafana_panels/1")) == {*("title", "datasource", "newest", "points", "error", "series")}
    assert snapshot.data("logs/kafka") == [
        {"pod": "kafka-0", "container": "kafka", "lines": ["2026-11-23T06:00:00Z all is well"]}
    ]
    tls = snapshot.data("tls")
    assert tls["verified"] is True
    assert tls["secret"] == tls["served"]


def test_the_clusters_own_parts_are_looked_at_and_no_file_but_the_dns_servers(pipeline: FakePipeline) -> None:
    lease = {"metadata": {"name": "kube-scheduler", "uid": "u"}, "spec": {"renewTime": "T", "holderIdentity": "node_x"}}
    pipeline.serve("leases", lease, namespace=SYSTEM)
    snapshot = collect(pipeline.cluster)
    assert snapshot.data("system_leases") == [{"metadata": {"name": "kube-scheduler"}, "spec": {"renewTime": "T"}}]
    assert snapshot.data("dns_config") == {"coredns": "."}
    pipeline.api.routes[kind_of("configmaps").path(SYSTEM, "coredns")] = (404, {})
    assert collect(pipeline.cluster).data("dns_config") == {"coredns": None}


def test_a_pipeline_that_stands_on_no_part_of_the_cluster_asks_for_none(untouched: FakePipeline) -> None:
    described = replace(Pipeline.load(), cluster={})
    seen = collect(untouched.cluster, pipeline=described)
    assert not [source for source in seen.answers if source.startswith("system_") or source == "dns_config"]


def test_a_canary_gets_out_nowhere(pipeline: FakePipeline) -> None:
    other = "0ther-c4n4ry-5Gh7Jk2Lm9"
    leaky = pod("producer")
    leaky["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = CANARY
    leaky["metadata"]["annotations"]["note"] = f"made with {CANARY}"
    leaky["spec"]["containers"][0]["env"] = [{"name": "API_TOKEN", "value": other}]
    pipeline.serve("pods", leaky)
    lines = f"2026-11-23T06:00:00Z token={other}\n2026 {CANARY}\n"
    pipeline.api.routes[f"{PODS}/producer-0/log"] = (200, lines.encode())
    pipeline.serve("configmaps", {"metadata": {"name": "c"}, "data": {"password": other}})
    pipeline.serve("events", {"metadata": {"name": "e"}, "message": f"Bearer {other}"})
    pipeline.grafana.routes["/api/ds/query"] = (500, {"message": f"cannot use {CANARY}"})
    pipeline.prometheus.routes["/api/v1/query"] = (400, {"status": "error", "error": f"no {CANARY}"})
    text = collect(pipeline.cluster).to_json()
    assert CANARY not in text
    assert other not in text
    assert text.count("[redacted]") > 5


def test_what_identifies_a_machine_is_not_kept(pipeline: FakePipeline) -> None:
    info = {"machineID": "7095f2", "systemUUID": "a", "bootID": "b", "kubeletVersion": "v1.34.4"}
    node = {"metadata": {"name": "n"}, "status": {"nodeInfo": info, "images": [{"names": ["kafka"]}]}}
    pipeline.serve("nodes", node)
    assert collect(pipeline.cluster).data("nodes") == [
        {"metadata": {"name": "n"}, "status": {"nodeInfo": {"kubeletVersion": "v1.34.4"}}}
    ]


@pytest.mark.parametrize("described", [Pipeline.load(), other_pipeline()], ids=lambda pipeline: pipeline.name)
def test_names_stay_readable_though_a_secret_holds_the_same_words(pipeline: FakePipeline, described: Pipeline) -> None:
    topics, store = described.topics, described.store
    names = [store.org, store.bucket, store.measurement, topics.readings, topics.dead_letters, topics.group]
    names += [*described.services, *described.autoscalers, *described.config.secrets, described.config.config_map]
    values = {f"word{number}": name.encode() for number, name in enumerate(names)}
    everything = secret("settings", **values, password=CANARY.encode(), url=f"{store.bucket}/{CANARY}".encode())
    pipeline.serve("secrets", everything)
    message = " ".join((*names, NS, "settings"))
    told = {"metadata": {"name": "e"}, "message": f"{message} password={CANARY}"}
    pipeline.serve("events", told)
    [event] = collect(pipeline.cluster, pipeline=described).data("events")
    assert event["message"] == f"{message} password=[redacted]"


@pytest.mark.parametrize("component", [*SERVICES, "hpa"])
def test_of_a_component_that_is_not_described_nothing_is_asked(
    untouched: FakePipeline, snapshot: Snapshot, component: str
) -> None:
    less = collect(untouched.cluster, pipeline=without(component))
    gone = {*snapshot.answers, *snapshot.failures} - {*less.answers, *less.failures}
    assert gone
    assert not [source for source in less.failures if source not in snapshot.failures]


def test_a_user_name_is_no_secret(pipeline: FakePipeline) -> None:
    account = secret("influxdb-admin", username=b"operator", password=CANARY.encode())
    pipeline.serve("secrets", account)
    pipeline.serve("events", {"metadata": {}, "message": "by operator"})
    assert collect(pipeline.cluster).data("events")[0]["message"] == "by operator"


def test_an_absent_component_is_not_asked(pipeline: FakePipeline) -> None:
    snapshot = collect(pipeline.cluster, Settings(absent=frozenset({*WITHOUT_SERVER, "loki", "hpa"})))
    assert not snapshot.failures
    assert not [source for source in snapshot.answers if "kafka" in source or "loki" in source or source == "hpas"]
    assert pipeline.loki.asked == []
    assert not [path for _, path, _ in pipeline.api.asked if "autoscalers" in path]


def test_where_nodes_are_absent_nothing_of_the_whole_cluster_is_listed(pipeline: FakePipeline) -> None:
    collect(pipeline.cluster, Settings(absent=frozenset({*WITHOUT_SERVER, "node"})))
    asked = [path.partition("?")[0] for _, path, _ in pipeline.api.asked]
    assert not [kind for kind in BESIDE if not kind_of(kind).namespaced and kind_of(kind).path() in asked]
    assert kind_of("ingresses").path(NS) in asked


def test_a_kind_that_an_older_api_server_does_not_know_has_no_objects(pipeline: FakePipeline) -> None:
    for kind in ("validatingadmissionpolicybindings", "storageclasses"):
        pipeline.api.routes[kind_of(kind).path()] = (404, {})
    snapshot = collect(pipeline.cluster)
    assert snapshot.data("validatingadmissionpolicybindings") == []
    assert snapshot.failures["storageclasses"].kind == "NoData"


def test_what_may_not_be_read_is_named_and_the_rest_is_read(pipeline: FakePipeline) -> None:
    for kind in ("nodes", "node_metrics", "secrets"):
        pipeline.forbid(kind)
    snapshot = collect(pipeline.cluster)
    failures = {source: failure for source, failure in snapshot.failures.items() if source not in UNSERVED}
    assert {source: (failure.verb, failure.resource) for source, failure in failures.items()} == {
        "nodes": ("list", "nodes"),
        "node_metrics": ("list", "nodes.metrics.k8s.io"),
        **dict.fromkeys(("secrets", "tls", "influxdb_newest"), ("list", "secrets")),
        **dict.fromkeys(("influxdb_token", "influxdb_read_token", "influxdb_write"), ("list", "secrets")),
        **dict.fromkeys(("influxdb_bucket", "influxdb_at_work"), ("list", "secrets")),
    }
    assert snapshot.data("influxdb_health")["status"] == 200


def test_without_the_right_to_forward_every_service_says_so(pipeline: FakePipeline) -> None:
    pipeline.api.forward_status = 403
    snapshot = collect(pipeline.cluster)
    resources = {failure.resource for source, failure in snapshot.failures.items() if source not in UNSERVED}
    assert resources == {"pods/portforward"}
    assert "served" not in snapshot.data("tls")
    assert len(snapshot.data("pods")) == 4


def test_a_container_without_a_log_says_why(pipeline: FakePipeline) -> None:
    pipeline.api.routes[f"{PODS}/kafka-0/log"] = (400, {"message": "container is waiting to start"})
    (entry,) = collect(pipeline.cluster).data("logs/kafka")
    assert entry["lines"] == []
    assert "waiting to start" in entry["error"]


def test_a_container_that_restarted_shows_how_it_ended(pipeline: FakePipeline) -> None:
    restarted = pod("kafka")
    restarted["status"] = {"containerStatuses": [{"name": "kafka", "restartCount": 1}]}
    pipeline.serve("pods", restarted)
    pipeline.api.routes[f"{PODS}/kafka-0/log"] = lambda query: (200, f"previous={query['previous']}".encode())
    (entry,) = collect(pipeline.cluster).data("logs/kafka")
    assert (entry["lines"], entry["previous"]) == (["previous=false"], ["previous=true"])


def test_a_panel_that_the_dashboard_lacks_is_no_data(pipeline: FakePipeline) -> None:
    pipeline.grafana.routes[f"/api/dashboards/uid/{Pipeline.load().dashboard.uid}"] = (
        200,
        {"dashboard": {"panels": []}},
    )
    assert collect(pipeline.cluster).failures["grafana_panels/3"].kind == "NoData"


def test_a_service_that_hangs_does_not_hold_up_the_others(pipeline: FakePipeline) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        pipeline.api.pods["grafana-0", 3000] = int(hanging.getsockname()[1])
        started = time.monotonic()
        snapshot = collect(pipeline.cluster, deadline=3.0)
        assert time.monotonic() - started < READ_TIMEOUT, "as long as the client itself waits for an answer"
    failed = {source.split("_")[0] for source in snapshot.failures if source not in UNSERVED}
    assert failed == {"grafana"}
    assert "within 3 s" in snapshot.failures["grafana_panels/1"].message


def test_no_thread_is_left(untouched: FakePipeline) -> None:
    collect(untouched.cluster)
    names_left = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names_left if name.startswith(("forward", "collect", "kafka"))]


def test_a_missing_namespace_stops_everything(pipeline: FakePipeline) -> None:
    del pipeline.api.routes[f"/api/v1/namespaces/{NS}"]
    with pytest.raises(PreconditionNotMet, match=f"no namespace {NS}"):
        collect(pipeline.cluster)


def test_the_newest_lines_are_kept() -> None:
    assert newest_within(["aaaa", "bb", "cc"], 6) == ["bb", "cc"]
    assert newest_within(["aaaa", "bb", "cc"], 100) == ["aaaa", "bb", "cc"]
    assert newest_within(["aaaa"], 2) == []
