"""The manifests hold to the one description of the pipeline: its names, ports, promises, settings and Secrets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.apps.kafka_link import TOPIC_SETTINGS
from pipeline_services.model import own_cluster, roles
from pipeline_services.model.component import Component
from pipeline_services.model.pipeline import Pipeline

MANIFESTS = Path(__file__).parents[4] / "manifests"
PIPELINE = Pipeline.load()
NAMESPACE, CONFIG, TOPICS, STORE = PIPELINE.namespace, PIPELINE.config, PIPELINE.topics, PIPELINE.store
PARTS = list(PIPELINE.workloads.values())


def named(part: Component) -> str:
    return part.id


def test_everything_is_in_the_namespace(manifests: Any) -> None:
    outside = {item["kind"] for item in manifests.objects if "namespace" not in item["metadata"]}
    assert outside == {"Namespace", "ClusterRole", "ClusterRoleBinding"}
    elsewhere = [item for item in manifests.objects if item["metadata"].get("namespace", NAMESPACE) != NAMESPACE]
    assert {(item["kind"], item["metadata"]["name"], item["metadata"]["namespace"]) for item in elsewhere} == {
        (kind, name, namespace)
        for kind in ("Role", "RoleBinding")
        for name, namespace in (
            ("conveyor-system-reader", own_cluster.SYSTEM_NAMESPACE),
            ("conveyor-node-lease-reader", own_cluster.NODE_LEASES),
        )
    }


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("Namespace", {NAMESPACE}),
        *((kind, {part.workload for part in PARTS if part.kind == kind})
          for kind in ("Deployment", "StatefulSet", "DaemonSet")),
        ("HorizontalPodAutoscaler", set(PIPELINE.autoscalers)),
        ("Service", {*PIPELINE.services, *(part.headless for part in PARTS if part.headless)}),
    ],
)  # fmt: skip
def test_names(manifests: Any, kind: str, wanted: set[str]) -> None:
    assert manifests.names(kind) == wanted


@pytest.mark.parametrize("part", PARTS, ids=named)
def test_pods_carry_the_selector_as_labels_and_the_container_has_its_name(manifests: Any, part: Component) -> None:
    workload = manifests.workload(part.workload)
    assert workload["kind"] == part.kind
    assert workload["spec"]["selector"]["matchLabels"] == part.selector
    assert workload["spec"]["template"]["metadata"]["labels"] == part.selector
    assert manifests.container(part.workload)["name"] == part.container


@pytest.mark.parametrize("service", PIPELINE.services)
def test_service_ports_lead_to_a_named_port_of_the_pod(manifests: Any, service: str) -> None:
    component = PIPELINE.services[service]
    spec = manifests.one("Service", service)["spec"]
    assert spec["selector"] == PIPELINE[component].selector
    [port] = spec["ports"]
    container = manifests.container(PIPELINE[component].workload)
    ports = {entry["name"]: entry["containerPort"] for entry in container["ports"]}
    assert port["port"] == PIPELINE.service(component).port == ports[port["targetPort"]]


@pytest.mark.parametrize("part", [part for part in PARTS if part.kind == "StatefulSet"], ids=named)
def test_stateful_sets_have_a_headless_service_and_keep_their_data(manifests: Any, part: Component) -> None:
    spec = manifests.workload(part.workload)["spec"]
    assert spec["serviceName"] == part.headless
    headless = manifests.one("Service", part.headless)["spec"]
    assert (headless["clusterIP"], headless["selector"]) == ("None", part.selector)
    [claim] = spec["volumeClaimTemplates"]
    assert f"{claim['metadata']['name']}-{part.first_pod}" == part.volume
    mounts = {mount["name"]: mount["mountPath"] for mount in manifests.container(part.workload)["volumeMounts"]}
    assert mounts[claim["metadata"]["name"]] == part.mount
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}


def test_what_is_no_stateful_set_has_a_claim_of_its_own_for_its_volume(manifests: Any) -> None:
    others = {part.volume: part for part in PARTS if part.volume and part.kind != "StatefulSet"}
    assert manifests.names("PersistentVolumeClaim") == others.keys()
    for claim, part in others.items():
        pod = manifests.workload(part.workload)["spec"]["template"]["spec"]
        [volume] = [one["name"] for one in pod["volumes"] if one.get("persistentVolumeClaim") == {"claimName": claim}]
        mounts = {mount["name"]: mount["mountPath"] for mount in manifests.container(part.workload)["volumeMounts"]}
        assert mounts[volume] == part.mount
        assert manifests.workload(part.workload)["spec"]["strategy"] == {"type": "Recreate"}, "one writer at a time"


def test_every_claim_is_of_a_kind_whose_use_the_kubelet_reports(manifests: Any) -> None:
    templates = [one for item in manifests.of("StatefulSet") for one in item["spec"]["volumeClaimTemplates"]]
    for claim in (*templates, *manifests.of("PersistentVolumeClaim")):
        assert claim["metadata"]["annotations"] == {"volumeType": "local"}


@pytest.mark.parametrize("hpa", PIPELINE.autoscalers)
def test_autoscalers(manifests: Any, hpa: str) -> None:
    part = PIPELINE[PIPELINE.autoscalers[hpa]]
    promised = part.autoscaler
    assert promised is not None
    spec = manifests.one("HorizontalPodAutoscaler", hpa)["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": part.kind, "name": part.workload}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (promised.min_replicas, promised.max_replicas)
    assert spec["metrics"][0]["resource"]["target"]["averageUtilization"] == promised.cpu_percent
    behavior = spec["behavior"]
    assert behavior["scaleUp"]["stabilizationWindowSeconds"] == promised.scale_up_window_s
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == promised.scale_down_window_s
    assert "replicas" not in manifests.workload(part.workload)["spec"], "it would be overruled at every deploy"


def test_the_config_map_says_what_the_description_wants(manifests: Any) -> None:
    data = manifests.one("ConfigMap", CONFIG.config_map)["data"]
    for settings in CONFIG.settings.values():
        assert settings.items() <= data.items()


def test_the_settings_are_the_descriptions_own_names() -> None:
    assert CONFIG.settings[roles.KAFKA] == {
        "KAFKA_BROKER": PIPELINE.service(roles.KAFKA).address,
        "KAFKA_TOPIC": TOPICS.readings,
        "KAFKA_DEAD_LETTER_TOPIC": TOPICS.dead_letters,
        "KAFKA_PARTITIONS": str(TOPICS.partitions),
        "KAFKA_GROUP": TOPICS.group,
    }
    assert CONFIG.settings[roles.INFLUXDB] == {
        "INFLUXDB_URL": PIPELINE.service(roles.INFLUXDB).url,
        "INFLUXDB_ORG": STORE.org,
        "INFLUXDB_BUCKET": STORE.bucket,
    }


@pytest.mark.parametrize("part", PARTS, ids=named)
def test_every_key_of_a_secret_that_pods_read_is_described(manifests: Any, part: Component) -> None:
    known = {**CONFIG.secrets, PIPELINE.dashboard.admin: ("username", "password")}
    for secret, key in secret_keys(manifests.workload(part.workload)):
        assert key in known[secret]


def test_the_tokens_are_read_by_who_needs_them(manifests: Any) -> None:
    read = {part.id: secret_keys(manifests.workload(part.workload)) for part in PARTS}
    for token, reader in ((CONFIG.write_token, roles.PROCESSOR), (CONFIG.read_token, roles.GRAFANA)):
        assert {component for component, keys in read.items() if (token.secret, token.key) in keys} == {reader}


def test_the_broker_advertises_the_name_of_its_pod(manifests: Any) -> None:
    properties = manifests.one("ConfigMap", "kafka-config")["data"]["server.properties"]
    host = f"{PIPELINE[roles.KAFKA].first_pod_host}.{NAMESPACE}.svc.cluster.local"
    assert f"advertised.listeners=PLAINTEXT://{host}:{PIPELINE.service(roles.KAFKA).port}" in properties


def test_chaos_is_allowed_in_the_suites_own_cluster_only(manifests: Any, base: Any) -> None:
    assert manifests.one("Namespace", NAMESPACE)["metadata"]["labels"]["conveyor.io/chaos"] == "allowed"
    assert "conveyor.io/chaos" not in base.one("Namespace", NAMESPACE)["metadata"]["labels"]


def test_no_secret_is_in_the_repository(manifests: Any) -> None:
    assert not manifests.of("Secret")
    for file in (*(MANIFESTS / "base").rglob("*"), *(MANIFESTS / "overlays").rglob("*")):
        compiled = file.suffix == ".pyc"  # by a test that imports what runs in a pod; git ignores it
        text = file.read_text(encoding="utf-8") if file.is_file() and not compiled else ""
        assert "PRIVATE KEY" not in text, file
        assert not re.search(r"(?i)(password|token)\s*[:=]\s*['\"]?[A-Za-z0-9+/_-]{16,}", text), file


def secret_keys(workload: dict[str, Any]) -> set[tuple[str, str]]:
    """(Secret, key) of everything that a workload's pods read by key."""
    pod = workload["spec"]["template"]["spec"]
    variables = [variable for container in pod["containers"] for variable in container.get("env", [])]
    sources = [variable.get("valueFrom", {}).get("secretKeyRef") for variable in variables]
    mounted = [volume["secret"] for volume in pod.get("volumes", []) if "secret" in volume]
    return {(source["name"], source["key"]) for source in sources if source} | {
        (secret["secretName"], item["key"]) for secret in mounted for item in secret.get("items", [])
    }


def test_the_settings_of_topics_are_the_brokers_and_those_that_they_are_made_with(manifests: Any) -> None:
    text = manifests.one("ConfigMap", "kafka-config")["data"]["server.properties"]
    broker = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    settings = PIPELINE.topics.settings
    assert settings["retention.ms"] == str(int(broker["log.retention.hours"]) * 3_600_000)
    assert settings["retention.bytes"] == broker["log.retention.bytes"]
    assert settings["segment.bytes"] == broker["log.segment.bytes"]
    assert settings["flush.messages"] == broker["log.flush.interval.messages"]
    assert TOPIC_SETTINGS.items() <= settings.items()
