"""What Prometheus, Loki, Grafana and InfluxDB answer is read as what it means."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext
from urllib.parse import unquote_plus

import pytest

from pipeline_services.clients.grafana import GrafanaApi, panels
from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.influxdb import Bucket, InfluxStore, Newest, Series, shards_of
from pipeline_services.clients.loki import LokiApi
from pipeline_services.clients.prometheus import PrometheusApi, number
from pipeline_services.model.configuration import Store
from pipeline_services.model.errors import AccessDenied, NoData, PreconditionNotMet, UnexpectedAnswer
from tests.clients.fake_servers import FakeServer, Reply, serving

SERIES = {"metric": {"pod": "kafka-0"}, "value": [1763870400.1, "NaN"]}

STORE = Store("conveyor", "sensor-data", "conveyor_reading")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving({}) as running:
        yield running


@pytest.fixture
def http(server: FakeServer) -> Iterator[HttpApi]:
    api = HttpApi("a-service", server.port)
    yield api
    api.close()


def success(kind: str, result: object) -> Reply:
    return 200, {"status": "success", "data": {"resultType": kind, "result": result}}


def test_prometheus_gives_vectors_as_they_are(server: FakeServer, http: HttpApi) -> None:
    server.routes["/api/v1/query"] = success("vector", [SERIES])
    assert PrometheusApi(http, "plant").query("up") == [SERIES]


def test_prometheus_gives_a_scalar_as_a_series(server: FakeServer, http: HttpApi) -> None:
    server.routes["/api/v1/query"] = success("scalar", [1.0, "3"])
    assert PrometheusApi(http, "plant").query("3") == [{"metric": {}, "value": [1.0, "3"]}]


def test_prometheus_says_what_is_wrong_with_a_query(server: FakeServer, http: HttpApi) -> None:
    server.routes["/api/v1/query"] = (400, {"status": "error", "errorType": "bad_data", "error": "parse error"})
    with pytest.raises(UnexpectedAnswer, match="parse error"):
        PrometheusApi(http, "plant").query("up{")


def test_prometheus_targets_come_without_what_they_were_before(server: FakeServer, http: HttpApi) -> None:
    target = {"health": "up", "labels": {"job": "kafka"}, "discoveredLabels": {"__address__": "x"}}
    server.routes["/api/v1/targets"] = (200, {"status": "success", "data": {"activeTargets": [target]}})
    assert PrometheusApi(http, "plant").targets() == [{"health": "up", "labels": {"job": "kafka"}}]


def test_prometheus_is_asked_about_the_namespace(server: FakeServer, http: HttpApi) -> None:
    server.routes["/api/v1/query"] = server.routes["/api/v1/query_range"] = success("vector", [])
    api = PrometheusApi(http, "plant")
    api.query("sum(up{$selector}) / count(up{$selector, job='kafka'})")
    api.over_time("up{$selector}", start=1, end=2, step=1)
    (_, instant, _), (_, past, _) = server.asked
    assert """sum(up{namespace="plant"}) / count(up{namespace="plant", job='kafka'})""" in unquote_plus(instant)
    assert 'query=up{namespace="plant"}&' in unquote_plus(past)


def test_prometheus_series_are_called_what_the_description_says(server: FakeServer, http: HttpApi) -> None:
    server.routes["/api/v1/query"] = success("vector", [])
    PrometheusApi(http, "plant", {"produced": "sent_total"}).query("rate($produced{$selector}[1m])")
    ((_, instant, _),) = server.asked
    assert 'rate(sent_total{namespace="plant"}[1m])' in unquote_plus(instant)


def test_a_series_that_the_description_does_not_name_is_said(http: HttpApi) -> None:
    with pytest.raises(PreconditionNotMet, match="has nothing for 'produced' in a query"):
        PrometheusApi(http, "plant").query("rate($produced{$selector}[1m])")


def test_prometheus_targets_of_other_namespaces_are_left_out(server: FakeServer, http: HttpApi) -> None:
    labels = [{"job": "kubelet"}, {"namespace": "plant", "pod": "kafka-0"}, {"namespace": "other", "pod": "kafka-0"}]
    active = [{"health": "up", "labels": each} for each in labels]
    server.routes["/api/v1/targets"] = 200, {"status": "success", "data": {"activeTargets": active}}
    assert PrometheusApi(http, "plant").targets() == active[:2]


@pytest.mark.parametrize(("text", "value"), [("1.5", 1.5), ("+Inf", math.inf), ("-Inf", -math.inf)])
def test_sample_values(text: str, value: float) -> None:
    assert number(text) == value
    assert math.isnan(number("NaN"))


def test_a_sample_value_that_is_none() -> None:
    with pytest.raises(UnexpectedAnswer, match="'x'"):
        number("x")


def test_loki_gives_streams(server: FakeServer, http: HttpApi) -> None:
    asked = []
    server.routes["/loki/api/v1/query_range"] = lambda query: (
        asked.append(query) or success("streams", [{"values": []}])
    )
    assert LokiApi(http).lines('{a="b"}', start=10, end=20.5, limit=7) == [{"values": []}]
    assert asked[0]["start"] == "10000000000"
    assert asked[0]["end"] == "20500000000"
    assert (asked[0]["limit"], asked[0]["direction"]) == ("7", "backward")


def test_loki_tells_each_pods_newest_line(server: FakeServer, http: HttpApi) -> None:
    series = [
        {"metric": {"pod": "kafka-0"}, "values": [[100, "3"], [110, "1"], [120, "0"]]},
        {"metric": {"pod": "producer-x"}, "values": [[100, "2"]]},
    ]
    server.routes["/loki/api/v1/query_range"] = success("matrix", series)
    assert LokiApi(http).newest_by_pod("n", start=0, end=130) == {"kafka-0": 110.0, "producer-x": 100.0}


def test_loki_with_another_kind_of_answer(server: FakeServer, http: HttpApi) -> None:
    server.routes["/loki/api/v1/query_range"] = success("matrix", [])
    with pytest.raises(UnexpectedAnswer, match="matrix, not streams"):
        LokiApi(http).lines("{}", start=0, end=1, limit=1)


PANEL = {
    "id": 1,
    "title": "Producer rate",
    "datasource": {"uid": "prometheus", "type": "prometheus"},
    "targets": [{"refId": "A", "expr": "up"}, {"refId": "B", "expr": "down", "hide": True}],
}


def frame(times: list[int], *columns: list[float | None]) -> dict[str, object]:
    fields = [{"type": "time"}, *({"type": "number"} for _ in columns)]
    return {"schema": {"fields": fields}, "data": {"values": [times, *columns]}}


def test_a_panels_own_queries_are_run(server: FakeServer, http: HttpApi) -> None:
    frames = [frame([1000, 2000, 3000], [1.0, 2.0, None]), frame([], [])]
    server.routes["/api/ds/query"] = (200, {"results": {"A": {"frames": frames}}})
    data = GrafanaApi(http).panel(PANEL, start=0, end=600)
    assert (data.title, data.datasource, data.newest, data.points, data.error) == (
        *("Producer rate", "prometheus", 2.0, 2),
        None,
    )
    (body,) = server.posted
    assert (body["from"], body["to"]) == ("0", "600000")
    assert [query["expr"] for query in body["queries"]] == ["up"]
    assert body["queries"][0]["datasource"] == {"uid": "prometheus", "type": "prometheus"}
    assert list(data.series.values()) == [[[1.0, 1.0], [2.0, 2.0]]]


def test_of_many_lines_of_a_panel_the_highest_are_kept(server: FakeServer, http: HttpApi) -> None:
    found = frame([1000], *([float(place)] for place in range(50)))
    for place, field in enumerate(found["schema"]["fields"][1:]):
        field["labels"] = {"pod": f"pod-{place}"}
    server.routes["/api/ds/query"] = (200, {"results": {"A": {"frames": [found]}}})
    series = GrafanaApi(http).panel(PANEL, start=0, end=600).series
    assert list(series) == [f"pod-{place}" for place in range(49, 37, -1)]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((400, {"results": {"A": {"error": "parse error", "status": 400}}}), "parse error"),
        ((500, {"message": "data source gone"}), "500: data source gone"),
        ((404, {"message": "Data source not found"}), "404: Data source not found"),
    ],
    ids=["query", "server", "missing"],
)
def test_a_panel_that_fails_says_why(server: FakeServer, http: HttpApi, reply: Reply, said: str) -> None:
    server.routes["/api/ds/query"] = reply
    data = GrafanaApi(http).panel(PANEL, start=0, end=600)
    assert data.error == said
    assert (data.newest, data.points) == (None, 0)


def test_panels_in_rows_are_found_and_texts_are_not() -> None:
    row = {"id": 2, "type": "row", "panels": [{"id": 3, "type": "stat"}]}
    assert set(panels({"panels": [{"id": 1, "type": "timeseries"}, row, {"id": 4, "type": "text"}]})) == {1, 3}


def test_a_data_sources_health(server: FakeServer, http: HttpApi) -> None:
    path = "/api/datasources/uid/prometheus/health"
    server.routes[path] = (200, {"status": "OK", "message": "Successfully queried"})
    assert GrafanaApi(http).datasource_health("prometheus") == (200, "Successfully queried")
    server.routes[path] = (400, {"message": "no such host"})
    assert GrafanaApi(http).datasource_health("prometheus") == (400, "no such host")


def influx(*values: object) -> Reply:
    series = [{"columns": ["time", "x"], "values": [list(values)]}] if values else []
    return 200, {"results": [{"statement_id": 0, **({"series": series} if series else {})}]}


def test_the_newest_reading(server: FakeServer, http: HttpApi) -> None:
    server.routes["/query"] = lambda query: influx(1_763_870_400_500_000_000, 1200 if "COUNT" in query["q"] else 0.5)
    assert InfluxStore(http, http, STORE).newest("t") == Newest(1763870400.5, 1200)
    assert server.asked[0][2]["Authorization"] == "Token t"


def test_no_reading_at_all(server: FakeServer, http: HttpApi) -> None:
    server.routes["/query"] = influx()
    assert InfluxStore(http, http, STORE).newest("t") == Newest(None, 0)


def test_how_the_bucket_is_set_and_what_works_on_it(server: FakeServer, http: HttpApi) -> None:
    rules = [{"type": "expire", "everySeconds": 60, "shardGroupDurationSeconds": 3_600}]
    server.routes["/api/v2/buckets"] = (200, {"buckets": [{"id": "b", "orgID": "o", "retentionRules": rules}]})
    tasks = [{"id": "t", "name": "thin out", "status": "active", "flux": "secret"}, {"id": "u", "status": "inactive"}]
    server.routes["/api/v2/tasks"] = (200, {"tasks": tasks})
    server.routes["/api/v2/replications"] = (200, {"replications": [{"id": "r", "name": "away"}]})
    mapped = [{"id": "m", "database": name, "bucketID": bucket} for name, bucket in ((STORE.bucket, "x"), ("y", "x"))]
    beside = {**mapped[0], "id": "of the bucket database/policy", "retention_policy": "policy", "default": False}
    mapped += [beside, {**mapped[0], "id": "virtual", "bucketID": "b"}]
    server.routes["/api/v2/dbrps"] = (200, {"content": mapped})
    store = InfluxStore(http, http, STORE)
    assert store.bucket("t") == {"id": "b", "org": "o", "retention_s": 60, "shard_s": 3_600}
    assert store.at_work("t") == [
        {"kind": "v1 dbrp", "id": "m", "name": STORE.bucket, "active": True},
        {"kind": "task", "id": "t", "name": "thin out", "active": True},
        {"kind": "task", "id": "u", "name": "", "active": False},
        {"kind": "replication", "id": "r", "name": "away", "active": True},
    ]
    server.routes["/api/v2/buckets"] = (200, {"buckets": [{"id": "b", "orgID": "o", "retentionRules": []}]})
    assert (store.bucket("t")["retention_s"], store.bucket("t")["shard_s"]) == (0, None)


@pytest.mark.parametrize(("reply", "error"), [((404, {}), NoData), ((200, {"buckets": []}), UnexpectedAnswer)])
def test_a_bucket_of_which_nothing_is_known(
    server: FakeServer, http: HttpApi, reply: Reply, error: type[Exception]
) -> None:
    server.routes["/api/v2/buckets"] = reply
    with pytest.raises(error):
        InfluxStore(http, http, STORE).bucket("t")


@pytest.mark.parametrize(
    "reply", [(200, {"results": [{"error": "database not found"}]}), (200, {}), (200, {"results": []})]
)
def test_a_query_that_influxdb_does_not_answer(server: FakeServer, http: HttpApi, reply: Reply) -> None:
    server.routes["/query"] = reply
    with pytest.raises(UnexpectedAnswer, match=r"database not found|cannot be read"):
        InfluxStore(http, http, STORE).newest("t")


def test_a_query_by_tags(server: FakeServer, http: HttpApi) -> None:
    made = {"tags": {"producer_id": "life"}, "columns": ["time", "last"], "values": [[5, 7]]}
    server.routes["/query"] = (200, {"results": [{"series": [made]}]})
    bucket = Bucket(http, STORE, "t")
    assert bucket.select("LAST(sequence)", "time > 0", by="producer_id") == [Series({"producer_id": "life"}, [[5, 7]])]
    asked = unquote_plus(server.asked[0][1])
    assert f"FROM {STORE.measurement} WHERE time > 0 GROUP BY producer_id" in asked


def test_a_query_in_csv_that_is_refused(server: FakeServer, http: HttpApi) -> None:
    server.routes["/query"] = (500, {"error": "no"})
    with pytest.raises(UnexpectedAnswer, match="answers 500"):
        Bucket(http, STORE, "t").select_csv("value", "time > 0", by="device_id", timeout_s=1.0)


@pytest.mark.parametrize("status", [204, 403])
def test_a_deletion_names_its_span_to_the_nanosecond(server: FakeServer, http: HttpApi, status: int) -> None:
    server.routes["/api/v2/delete"] = (status, {})
    with nullcontext() if status == 204 else pytest.raises(UnexpectedAnswer, match="answers 403 to a deletion"):
        Bucket(http, STORE, "t").delete(1_763_870_400_000_000_001, 1_763_870_400_000_000_002, 'producer_id="life"')


def test_a_token_that_is_not_accepted(server: FakeServer, http: HttpApi) -> None:
    server.routes["/api/v2/buckets"] = server.routes["/query"] = (401, {"code": "unauthorized"})
    store = InfluxStore(http, http, STORE)
    assert store.token_status("bad") == 401
    with pytest.raises(AccessDenied):
        store.newest("bad")


def test_without_a_ca_no_token_is_sent(server: FakeServer, http: HttpApi) -> None:
    with pytest.raises(UnexpectedAnswer, match="no token is sent"):
        InfluxStore(None, http, STORE).token_status("t")
    assert server.asked == []


def test_the_shards_of_all_buckets_are_counted(server: FakeServer, http: HttpApi) -> None:
    lines = [f'storage_shard_disk_size{{bucket="{bucket}",id="{number}"}} 7' for bucket in "ab" for number in range(48)]
    server.routes["/metrics"] = (200, "\n".join(["# TYPE storage_shard_disk_size gauge", *lines]).encode())
    assert shards_of(http) == 96


@pytest.mark.parametrize("reply", [(404, b""), (200, b"up 1\n"), (401, b'storage_shard_disk_size{id="1"} 7')])
def test_metrics_without_shards_are_no_count(server: FakeServer, http: HttpApi, reply: Reply) -> None:
    server.routes["/metrics"] = reply
    with pytest.raises(UnexpectedAnswer, match="names no shard"):
        shards_of(http)
