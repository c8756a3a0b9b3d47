"""What the benchmark puts into the cluster: one pod, and the ways it needs to Kafka and InfluxDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.apps.load import Load
from pipeline_services.model import roles
from pipeline_services.model.k8s import spec_of, template_of
from pipeline_services.model.pipeline import Pipeline

NAME: Final = "bench-pipeline"
LABELS: Final = {"app": NAME}  # not the processor's: the HPA and the checks must not count this pod
REACHED: Final = (roles.KAFKA, roles.INFLUXDB)

Manifest = dict[str, Any]


def network_policies(pipeline: Pipeline) -> list[Manifest]:
    """Out of the pod to Kafka and InfluxDB, and into these from it; nothing that exists is changed."""
    ways = [(pipeline[name], [_port(pipeline.service(name).port)]) for name in REACHED]
    out = [{"to": [_pods(part.selector)], "ports": ports} for part, ports in ways]
    policies = [_policy(NAME, LABELS, {"policyTypes": ["Egress"], "egress": out})]
    for part, ports in ways:
        rule = {"from": [_pods(LABELS)], "ports": ports}
        policies.append(_policy(f"{NAME}-{part.id}", part.selector, {"policyTypes": ["Ingress"], "ingress": [rule]}))
    return policies


def _policy(name: str, selects: Mapping[str, str], rules: Mapping[str, Any]) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "labels": LABELS},
        "spec": {"podSelector": {"matchLabels": dict(selects)}, **rules},
    }


def _pods(labels: Mapping[str, str]) -> Manifest:
    return {"podSelector": {"matchLabels": dict(labels)}}


def _port(number: int) -> Manifest:
    return {"protocol": "TCP", "port": number}


def pod(processor: Mapping[str, Any], load: Load) -> Manifest:
    """The processor's pod as it is deployed, except that it first fills a topic of its own and then empties that."""
    template = spec_of(template_of(processor))
    deployed = template["containers"][0]
    environment = [
        *deployed.get("env", []),
        {"name": "KAFKA_TOPIC", "value": load.producer_id},
        {"name": "KAFKA_DEAD_LETTER_TOPIC", "value": f"{load.producer_id}-dead-letter"},
        {"name": "KAFKA_GROUP", "value": load.producer_id},
        {"name": "BENCH_PRODUCER_ID", "value": load.producer_id},
        {"name": "BENCH_READINGS", "value": str(load.readings)},
        {"name": "BENCH_START_NS", "value": str(load.start_ns)},
    ]
    kept = {key: deployed[key] for key in ("image", "envFrom", "securityContext", "volumeMounts") if key in deployed}

    def container(step: str) -> Manifest:
        return {
            **kept,
            "name": step,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python3", "-m", "pipeline_services.apps.bench", step],
            "env": environment,
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
        }

    wanted = ("automountServiceAccountToken", "enableServiceLinks", "securityContext", "dnsConfig", "volumes")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME, "labels": LABELS},
        "spec": {
            **{key: template[key] for key in wanted if key in template},
            "restartPolicy": "Never",
            "initContainers": [container("load")],
            "containers": [container("drain")],
        },
    }
