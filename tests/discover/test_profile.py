"""Discovery gives back what a namespace is set up as, says of each line where it is from, and never looks at health."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pipeline_services.discover.facts import How
from pipeline_services.discover.profile import Discovered, discovered
from pipeline_services.discover.toml_text import toml
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.paths import PIPELINES
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot
from tests.discover.namespaces import applied, config_map, foreign, recording, snapshot_of, workload
from tests.json_schema import mistakes
from tests.judgements.world import healthy
from tests.model.test_pipeline_schema import SCHEMA
from tests.other_pipeline import other_pipeline

UNSAID = ("name", "manifests", "topics.settings", "store.retention_s", "delivery", "exemptions")
"""What no object of a namespace says, and is not taken from the suite's own pipeline either."""
UNASKED = {
    "metrics.dead_lettered": "no panel shows it",
    "metrics.name_resolves": "no panel shows it",
    "metrics.oldest_unacknowledged": "no panel shows it",
    "metrics.write_failures": "no panel shows it",
    "cluster": "the recording is older than the lists of the system's namespace",
}
"""What the recording does not hold."""
PLAIN = PIPELINES / "plain.toml"
Flat = dict[str, Any]


def flat(node: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its place; flows are told by what they say."""
    if isinstance(node, Mapping):
        for key, inner in node.items():
            yield from flat(inner, f"{place}.{key}".removeprefix("."))
    elif isinstance(node, list) and node and isinstance(node[0], Mapping):
        yield from ((f"{place}.{sorted(one.items())}", True) for one in node)
    else:
        yield place, sorted(node) if isinstance(node, list) else node


def facts_of(document: Mapping[str, Any], *left_out: str) -> Flat:
    """All but what is left out, and but for the words that say what a finding means."""
    said = flat(document)
    return {place: value for place, value in said if not place.startswith(left_out) and not place.endswith(".impact")}


def document(snapshot: Snapshot) -> dict[str, Any]:
    """The description that is discovered; what is as by default is left out, as in that of a recording."""
    found = discovered(snapshot).facts.document()
    assert mistakes(found, SCHEMA) == []
    return Pipeline.from_document(found).document()


def test_the_healthy_recording_gives_back_the_description_of_the_suites_own_pipeline() -> None:
    seen, left_out = recording("healthy"), (*UNSAID, *UNASKED)
    assert facts_of(document(seen), *left_out) == facts_of(seen.pipeline.document(), *left_out)


def test_so_do_the_manifests_but_for_what_only_a_running_one_says() -> None:
    of_the_run = ("config.secrets", "config.admin", "config.read_token", "series_label", "dashboard.admin", *UNASKED)
    ports = ("components.kafka.metrics_port", "components.log-shipper.metrics_port", "flows")
    deployed = ("config.load", "store.retention_s")  # what a namespace happens to be deployed with
    left_out = (*UNSAID, *of_the_run, *ports, *deployed)
    snapshot = applied("manifests/base", Pipeline.load().namespace)
    assert facts_of(document(snapshot), *left_out) == facts_of(Pipeline.load().document(), *left_out)


@pytest.mark.parametrize(
    "name",
    [
        *("matrix/kafka-hung", "matrix/processor-hung", "matrix/producer-ends-at-once", "matrix/dns-down"),
        *("matrix/grafana-scaled-to-zero", "matrix/kafka-ends-at-once", "matrix/influxdb-volume-full"),
        *("matrix/policy-allows-everything", "matrix/token-revoked", "processor-image-wrong"),
    ],
)
def test_how_anything_is_doing_changes_no_fact(name: str) -> None:
    seen, left_out = recording(name), (*UNSAID, *UNASKED)
    assert facts_of(document(seen), *left_out) == facts_of(seen.pipeline.document(), *left_out)


def test_a_workload_without_pods_is_described_all_the_same() -> None:
    gone = document(recording("matrix/influxdb-scaled-to-zero"))["components"]["influxdb"]
    assert gone == document(recording("healthy"))["components"]["influxdb"]


def test_a_namespace_of_other_names_is_told_by_images_ports_and_settings() -> None:
    other = other_pipeline()
    found = discovered(healthy(pipeline=other).snapshot())
    wanted = {name: part.workload for name, part in other.workloads.items()}
    assert {role: claim.workload.name for role, claim in found.claims.items()} == wanted
    assert found.facts.document()["topics"]["group"] == other.topics.group


def test_a_pipeline_of_somebody_else_is_described() -> None:
    found = discovered(foreign())
    parts, pipeline = found.facts.document()["components"], Pipeline.from_document(found.facts.document())
    assert {name: part.workload for name, part in pipeline.workloads.items()} == {
        **{"kafka": "bus", "influxdb": "tsdb", "producer": "sender", "processor": "keeper", "prometheus": "metrics"},
        **{"loki": "archive", "log-shipper": "tailer", "grafana": "boards"},
    }
    assert parts["influxdb"]["service"] == {"name": "tsdb-svc", "port": 8086, "scheme": "https"}
    assert parts["influxdb"]["volume"] == "disk-tsdb-0"
    assert (parts["producer"]["metrics_port"], parts["producer"]["autoscaler"]["scale_down_window_s"]) == (8000, 300)
    assert "autoscaler" not in parts["processor"]
    assert "headless" not in parts["influxdb"]
    assert pipeline.data_path == ("kafka", "influxdb", "producer", "processor")
    assert (pipeline.topics.readings, pipeline.topics.group, pipeline.topics.tools) == ("speeds", "keepers", "")
    assert (pipeline.store.bucket, pipeline.store.measurement) == ("speeds-kept", "speed")
    assert pipeline.config.write_token == pipeline.config.read_token
    assert (pipeline.config.tls, pipeline.config.admin) == ("tsdb-tls", "tsdb-secrets")
    assert pipeline.config.secrets.keys() == {"tsdb-secrets", "tsdb-tls"}
    assert (pipeline.config.ca, pipeline.config.admin_keys.token) == ("tls.crt", "admin-token")
    assert (pipeline.config.config_map, list(pipeline.config.config_maps)) == ("", ["sender-config", "keeper-config"])
    assert (pipeline.usage, pipeline.delivery) == ("metrics-api", "at-most-once")
    assert pipeline.metrics["write_failures"] == "keeper_influx_write_errors_total"
    assert pipeline.dashboard.panels == {4: "Rate", 2: "Kept", 3: "Writes"}
    assert pipeline.dashboard.datasources == {"prometheus": "p-1", "influxdb": "T"}
    flows = {str(flow) for flow in pipeline.flows}
    assert {"log-shipper to loki:3100", "grafana to influxdb:8086", "prometheus to processor:8000"} <= flows


def test_nothing_is_promised_that_only_the_suites_own_apps_keep() -> None:
    text = toml(discovered(foreign()).facts)
    assert "wait in Kafka" not in text
    assert "stored late" not in text


def test_a_workload_that_plays_no_role_is_left_over() -> None:
    assert [str(one) for one in discovered(foreign()).unclaimed] == ["Deployment billing"]
    assert not discovered(recording("healthy")).unclaimed


def remark(found: Discovered, place: str) -> str:
    return next(fact.remark for fact in found.facts if fact.place == place)


def test_each_line_says_where_it_is_from() -> None:
    found = discovered(foreign())
    assert remark(found, "topics.readings") == "found: ConfigMap keeper-config, KAFKA_TOPIC"
    assert remark(found, "topics.partitions") == "fill in: nothing says how many; a broker makes 1"
    assert remark(found, "delivery") == "guessed: nothing shows a promise; at-least-once where it is one"
    assert remark(found, "usage") == "guessed: Prometheus has no kubelet among its targets"
    assert remark(found, "components.prometheus.workload") == "guessed: Deployment metrics: image prom/prometheus:v2"
    assert remark(found, "config.read_token") == "guessed: there is no other token than the one that writes"
    assert (
        remark(found, "dashboard.datasources.influxdb") == "guessed: its name in ConfigMap boards-config, sources.yaml"
    )
    assert "1 to be filled in" in found.facts.summary()


def test_what_kafka_and_prometheus_say_is_taken_before_a_guess() -> None:
    answers = {
        "kafka_topics": {"speeds": [{}, {}, {}]},
        "kafka_settings": {"speeds": {"retention.ms": {"value": "1", "own": True}, "x": {"value": "2", "own": False}}},
        "series_names": ["keeper_dead_letters_total", "keeper_e2e_seconds_bucket", "python_info"],
    }
    seen = foreign()
    found = discovered(Snapshot(1.0, "c", "plant", {**seen.answers, **answers}))
    document = found.facts.document()
    assert (document["topics"]["partitions"], document["topics"]["settings"]) == (3, {"retention.ms": "1"})
    assert document["metrics"] == {
        "dead_lettered": "keeper_dead_letters_total",
        "latency_bucket": "keeper_e2e_seconds_bucket",
    }


@pytest.mark.parametrize("role", [*discovered(foreign()).claims])
def test_a_pipeline_without_one_of_its_parts_is_described_all_the_same(role: str) -> None:
    seen, gone = foreign(), discovered(foreign()).claims[role].workload.name
    left = {
        source: [one for one in items if source == "secrets" or one["metadata"]["name"] != gone]
        for source, items in seen.answers.items()
    }
    found = discovered(Snapshot(1.0, "c", "plant", left))
    assert role not in Pipeline.from_document(found.facts.document()).components


def test_an_empty_namespace_gives_a_description_that_can_be_read() -> None:
    found = discovered(snapshot_of([], "nothing"))
    Pipeline.from_document(found.facts.document())
    assert not found.claims
    assert {fact.how for fact in found.facts if fact.table[:1] == ("topics",)} == {How.FILL_IN}


def test_the_second_pipeline_gives_back_its_description_but_for_what_only_a_running_one_says() -> None:
    described = Pipeline.load(PLAIN)
    of_the_run = ("cluster", "message", "config.secrets", "config.admin", "config.positive", "store.retention_s")
    of_its_owners = ("name", "manifests", "levels", "deploy")
    logged = ("components.producer.error_line", "components.processor.error_line")
    left_out = (*of_its_owners, *logged, *of_the_run)
    found = facts_of(document(applied("manifests/overlays/plain", described.namespace)), *left_out)
    aims = {place: value for place, value in found.items() if place.endswith("recovery_aim_s")}
    assert {place: value for place, value in found.items() if place not in aims} == facts_of(
        described.document(), *left_out
    )


def test_messages_without_numbers_are_told_apart_by_their_fields() -> None:
    seen = foreign()
    fields = {"own": False, "seen": 20, "series": ["line"], "time": "ts", "time_format": "ms"}
    found = discovered(Snapshot(1.0, "c", "plant", {**seen.answers, "message_fields": fields}))
    assert found.facts.document()["message"] == {"series": ["line"], "time": "ts", "time_format": "ms"}
    unclear = {"own": False, "seen": 20, "time": "ts", "time_format": "iso8601"}
    found = discovered(Snapshot(1.0, "c", "plant", {**seen.answers, "message_fields": unclear}))
    assert remark(found, "message.series") == "fill in: the fields of 20 messages of the topic do not tell"
    with pytest.raises(PreconditionNotMet, match=r"message\.series: empty"):
        Pipeline.from_document(found.facts.document())


def test_what_was_redacted_is_never_a_value() -> None:
    told = workload("Deployment", "keeper", {"image": "x/keeper", "envFrom": [{"configMapRef": {"name": "c"}}]})
    secret = config_map("c", KAFKA_BROKER="kafka:9092", KAFKA_TOPIC="[redacted]", INFLUXDB_BUCKET="token=[redacted]")
    text = toml(discovered(snapshot_of([told, secret], "n")).facts)
    assert "redacted" not in text


def test_the_exporter_of_a_server_is_not_the_server() -> None:
    servers = [
        workload("Deployment", name, {"image": f"x/{name}", "ports": [{"containerPort": port}]})
        for name, port in (("kafka-exporter", 9308), ("kafka", 9092))
    ]
    found = discovered(snapshot_of(servers, "n"))
    assert found.claims["kafka"].workload.name == "kafka"
    assert [one.name for one in found.unclaimed] == ["kafka-exporter"]


def test_the_text_says_what_the_facts_say() -> None:
    for snapshot in (recording("healthy"), foreign()):
        facts = discovered(snapshot).facts
        text = toml(facts)
        assert tomllib.loads(text) == facts.document()
        lines = [line for line in text.splitlines() if line and not line.startswith("[")]
        assert all(any(f"# {how.value}: " in line for how in How) for line in lines)
