"""What the matrix' faults do to the objects that they are made for, and that their undo restores them."""

from __future__ import annotations

import base64
import copy
import datetime
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from chaos.fault_builders import autoscalers, certificates, configuration, network, observability, stores, workloads
from pipeline_services.experiment.scenario import FaultBuilder
from pipeline_services.faults import resources
from pipeline_services.faults.injection import perform
from pipeline_services.faults.journal import Call, Step
from pipeline_services.faults.model import Fault
from pipeline_services.judgements import network_policies
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.flows import attempts
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.secrets import tls
from pipeline_services.snapshot.snapshot import Snapshot
from tests.faults.test_object_faults import APPS, NS, Server, deployment

OWN = Pipeline.load()
NAMES = tls.server_names(OWN)
FILES = Path(__file__).parents[2] / "manifests" / "base"
CONFIG = f"{NS}/configmaps/pipeline-config"
PRODUCER = f"{APPS}/deployments/producer"
DENY = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
HPA = "/apis/autoscaling/v2/namespaces/ns/horizontalpodautoscalers/producer-hpa"


def pipeline(objects: dict[str, Any]) -> Any:
    """A pipeline whose objects are these, with one pod of each app."""
    server = Server(objects)
    addresses = SimpleNamespace(addresses=lambda _app: ["10.0.0.9"])
    return SimpleNamespace(
        api=server,
        namespace="ns",
        description=OWN,
        pods_of=lambda app: [SimpleNamespace(name=f"{app}-1")],
        connectivity=lambda: addresses,
        cluster=SimpleNamespace(list=lambda _kind: [{"metadata": {"name": "one"}}]),
    )


def config_map(**data: str) -> dict[str, Any]:
    return {"metadata": {"name": "pipeline-config"}, "data": data}


def only_patches(steps: list[Step]) -> list[Step]:
    """Without the deletion of pods, of which the server in memory has none."""
    return [step for step in steps if isinstance(step, Call) and "labelSelector" not in step.path]


def made(build: FaultBuilder, found: Any, path: str) -> tuple[Fault, dict[str, Any]]:
    """The fault, and the object while it is in force; after the undo it has to be as it was."""
    before = copy.deepcopy(found.api.objects)
    fault = build(cast("Any", found))
    perform(found.api, only_patches(fault.inject))
    changed = copy.deepcopy(found.api.objects.get(path, {}))
    perform(found.api, only_patches(fault.undo))
    for known in found.api.objects.values():
        if not (known["metadata"].get("annotations") or before == found.api.objects):
            known["metadata"].pop("annotations", None)
    assert found.api.objects == before
    return fault, changed


def test_a_setting_is_changed_or_taken_away_and_put_back() -> None:
    build = configuration.changed(KAFKA_BROKER="x:1", KAFKA_TOPIC=None)
    fault, changed = made(build, pipeline({CONFIG: config_map(KAFKA_BROKER="a", KAFKA_TOPIC="b", OTHER="c")}), CONFIG)
    assert changed["data"] == {"KAFKA_BROKER": "x:1", "OTHER": "c"}
    assert fault.summary == "ConfigMap pipeline-config: KAFKA_BROKER=x:1, KAFKA_TOPIC=None"


def test_a_setting_that_is_taken_up_replaces_the_pods_of_its_app_alone() -> None:
    build = configuration.changed_and_loaded("producer", workloads.NO_START, PRODUCER_RATE="0")
    fault, changed = made(build, pipeline({CONFIG: config_map(PRODUCER_RATE="20")}), CONFIG)
    assert changed["data"] == {"PRODUCER_RATE": "0"}
    assert str(fault.inject[-1]) == f"DELETE {NS}/pods?labelSelector=app%3Dproducer"
    assert fault.pods == ("producer-1",)


def test_a_key_of_a_secret_keeps_its_value_under_another_name() -> None:
    path = f"{NS}/secrets/pipeline-secrets"
    found = pipeline({path: {"metadata": {}, "data": {"INFLUXDB_TOKEN": "dG9rZW4="}}})
    build = configuration.write_token_renamed("INFLUX_TOKEN")
    fault, changed = made(build, found, path)
    assert changed["data"] == {"INFLUX_TOKEN": "dG9rZW4="}
    assert "dG9rZW4=" not in fault.summary


@pytest.mark.parametrize(
    ("build", "field", "value"),
    [
        (autoscalers.bounds("producer", 2), "maxReplicas", 2),
        (
            autoscalers.target("producer", "procesor"),
            "scaleTargetRef",
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "procesor"},
        ),
        (
            lambda pipeline: resources.autoscaler_held(pipeline.api, "producer-hpa", pipeline.namespace),
            "behavior",
            {"scaleUp": {"selectPolicy": "Disabled", "stabilizationWindowSeconds": 15}},
        ),
    ],
)
def test_an_autoscaler_is_changed_in_one_thing(build: FaultBuilder, field: str, value: Any) -> None:
    spec = {
        "maxReplicas": 5,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "producer"},
        "behavior": {"scaleUp": {"selectPolicy": "Max", "stabilizationWindowSeconds": 15}},
    }
    _, changed = made(build, pipeline({HPA: {"metadata": {}, "spec": spec}}), HPA)
    assert changed["spec"] == {**spec, field: value}


@pytest.mark.parametrize(
    ("make", "flaw"),
    [
        (certificates.renewed, None),
        (certificates.expired, "is valid from"),
        (certificates.expires_tomorrow, "is valid from"),
        (certificates.of_other_names, "lacks the names"),
    ],
)
def test_a_certificate_has_the_flaw_that_it_is_made_for(make: certificates.Factory, flaw: str | None) -> None:
    found = tls.flaw(make(NAMES), NAMES)
    assert found is None if flaw is None else flaw in str(found)


def test_the_expired_certificate_has_expired_and_tomorrows_has_not() -> None:
    now = datetime.datetime.now(datetime.UTC)
    past, soon = (
        tls.x509.load_pem_x509_certificate(make(NAMES)["tls.crt"]).not_valid_after_utc
        for make in (certificates.expired, certificates.expires_tomorrow)
    )
    assert past < now < soon < now + datetime.timedelta(days=2)


def test_a_certificate_goes_with_the_pods_that_are_named() -> None:
    path = f"{NS}/secrets/influxdb-tls"
    old = {key: base64.b64encode(b"old").decode() for key in ("tls.crt", "tls.key", "ca.crt")}
    build = certificates.replaced(certificates.renewed, "a new one", "influxdb", "processor")
    fault, changed = made(build, pipeline({path: {"metadata": {}, "data": old}}), path)
    assert fault.summary == "a new one"
    assert set(changed["data"]) == set(old)
    assert not set(changed["data"].values()) & set(old.values())
    assert [str(step).rpartition("%3D")[2] for step in fault.inject[1:]] == ["influxdb", "processor"]


def test_a_service_leads_elsewhere_on_every_port() -> None:
    path = f"{NS}/services/influxdb-service"
    ports = [{"name": "https", "port": 8086, "targetPort": "https"}]
    found = pipeline({path: {"metadata": {}, "spec": {"ports": ports, "clusterIP": "10.0.0.1"}}})
    fault, changed = made(network.service_port_wrong("influxdb", 8087, "processor"), found, path)
    assert changed["spec"] == {"ports": [{**ports[0], "targetPort": 8087}], "clusterIP": "10.0.0.1"}
    assert [str(step) for step in fault.follow_up] == ["on the node: open connections of 10.0.0.9 to port 8086 cut"]


def test_the_loose_policy_is_made_and_taken_away() -> None:
    path = "/apis/networking.k8s.io/v1/namespaces/ns/networkpolicies/debug"
    _, made_one = made(network.all_allowed, pipeline({}), path)
    assert made_one["spec"]["podSelector"] == {}
    assert made_one["spec"]["ingress"] == made_one["spec"]["egress"] == [{}]


def test_a_pair_of_policies_lets_one_component_through_to_another() -> None:
    path = "/apis/networking.k8s.io/v1/namespaces/ns/networkpolicies"
    attempt = attempts(OWN)["grafana-to-kafka"]
    there = pipeline({})
    there.connectivity = lambda: SimpleNamespace(attempt={attempt.id: attempt}.__getitem__)
    _, out = made(network.let_through(attempt.id), there, f"{path}/debug-out")
    _, into = made(network.let_through(attempt.id), there, f"{path}/debug-in")
    answers = {"pods": [], "networkpolicies": [{"metadata": {"name": "default-deny"}, "spec": DENY}, out, into]}
    snapshot = Snapshot(0.0, "", OWN.namespace, {**answers, "deployments": [], "statefulsets": [], "daemonsets": []})
    with pytest.raises(
        Deviation, match="grafana to kafka:9092 is open and should not be, by NetworkPolicy debug-out and debug-in"
    ):
        network_policies.deny(snapshot, attempt.id)


def test_a_paused_rollout_has_a_change_to_roll_out() -> None:
    _, changed = made(workloads.paused_rollout("producer"), pipeline({PRODUCER: deployment()}), PRODUCER)
    assert changed["spec"]["paused"] is True
    assert changed["spec"]["template"]["metadata"]["annotations"]


def test_a_claim_is_made_for_the_volume_and_goes_after_it() -> None:
    path = f"{APPS}/deployments/loki"
    found = deployment()
    found["metadata"]["name"] = "loki"
    fault, changed = made(workloads.claim_unbound("loki", "data"), pipeline({path: found}), path)
    volumes = changed["spec"]["template"]["spec"]["volumes"]
    assert volumes[0] == {"name": "data", "persistentVolumeClaim": {"claimName": "loki-data"}}
    assert [str(step).split()[0] for step in fault.undo] == ["PATCH", "DELETE"]


def test_a_quota_goes_before_the_workload_is_woken() -> None:
    sets = [{"metadata": {"name": "rs"}, "spec": {"replicas": 1}}]
    found = pipeline(
        {
            PRODUCER: deployment(),
            f"{APPS}/replicasets": {"metadata": {}, "items": sets},
            f"{APPS}/replicasets/rs": {"metadata": {}},
        }
    )
    fault = workloads.quota_used_up("producer")(found)
    assert [str(step).split()[0] for step in fault.undo] == ["DELETE", "PATCH", "PATCH"]
    assert [str(step).split()[0] for step in fault.inject] == ["POST", "DELETE"]


REWRITES: list[tuple[str, Callable[[str], str], Callable[[str], bool]]] = [
    (
        "prometheus/files/prometheus.yml",
        observability.without_job("apps"),
        lambda text: (
            [job["job_name"] for job in yaml.safe_load(text)["scrape_configs"]]
            == ["services", "influxdb", "kubelet", "kubelet-cadvisor"]
        ),
    ),
    (
        "loki/files/loki.yaml",
        observability.limited(ingestion_rate_mb=0.001),
        lambda text: yaml.safe_load(text)["limits_config"].get("ingestion_rate_mb") == 0.001,
    ),
    (
        "grafana/files/datasources.yaml",
        observability.host_replaced("loki"),
        lambda text: yaml.safe_load(text)["datasources"][1]["url"] == "http://loki-service-old:3100",
    ),
    (
        "log-shipper/files/otelcol.yaml",
        observability.host_replaced("loki"),
        lambda text: "http://loki-service-old:3100/otlp" in text,
    ),
    (
        "grafana/files/ca3-pipeline-metrics.json",
        observability.fewer_panels,
        lambda text: len(json.loads(text)["panels"]) == observability.LEFT_PANELS,
    ),
]


@pytest.mark.parametrize(("file", "rewrite", "broken"), REWRITES, ids=[file for file, _, _ in REWRITES])
def test_a_file_of_the_checkout_is_broken_in_the_way_that_is_meant(
    file: str, rewrite: observability.Rewrite, broken: Callable[[str], bool]
) -> None:
    text = (FILES / file).read_text(encoding="utf-8")
    assert not broken(text)
    assert broken(rewrite(text, OWN))


def test_the_damaged_file_is_no_yaml() -> None:
    text = (FILES / "prometheus/files/prometheus.yml").read_text(encoding="utf-8")
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load(observability._damaged(text, OWN))


def test_a_file_that_stays_as_it_is_is_no_fault() -> None:
    path = f"{NS}/configmaps/grafana-config"
    found = pipeline({path: {"metadata": {}, "data": {"datasources.yaml": "nothing"}}})
    build = observability.rewritten(
        "grafana", "grafana-config", "datasources.yaml", lambda text, _pipeline: text, summary="x"
    )
    with pytest.raises(PreconditionNotMet, match="like that already"):
        build(found)


def test_kafka_tells_another_port_and_listens_where_it_did() -> None:
    path, file = f"{NS}/configmaps/kafka-config", "server.properties"
    text = (FILES / "kafka/files" / file).read_text(encoding="utf-8")
    found = pipeline({path: {"metadata": {}, "data": {file: text}}})
    fault, changed = made(stores.told_where_nobody_is, found, path)
    lines = set(changed["data"][file].splitlines()) ^ set(text.splitlines())
    assert {line.partition("=")[0] for line in lines} == {"advertised.listeners"}
    assert [line for line in lines if line.endswith(f".cluster.local:{stores.WRONG_PORT}")]
    assert fault.pods == ("kafka-1",)
