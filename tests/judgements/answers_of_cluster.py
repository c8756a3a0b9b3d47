"""What the Kubernetes API says of a healthy pipeline."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline_services.model import names, roles

HASHED = {app: f"{app}-7c9d8f6b5-x2k4q" for app in names.DEPLOYMENTS}
POD_NAMES = {
    **HASHED,
    **{app: f"{app}-0" for app in names.STATEFULSETS},
    **{app: f"{app}-8hq7d" for app in names.DAEMONSETS},
}
NODE = "conveyor-control-plane"
TEMPLATES: dict[str, dict[str, Any]] = {
    roles.PRODUCER: {"envFrom": [{"configMapRef": {"name": names.CONFIG_MAP}}]},
    roles.PROCESSOR: {
        "envFrom": [{"configMapRef": {"name": names.CONFIG_MAP}}],
        "env": [
            {
                "name": "INFLUXDB_TOKEN",
                "valueFrom": {"secretKeyRef": {"name": names.PIPELINE_SECRET, "key": "INFLUXDB_TOKEN"}},
            }
        ],
    },
}
PORTS = {
    **{service.removesuffix("-service"): port for service, port in names.SERVICE_PORTS.items()},
    **dict.fromkeys((roles.PRODUCER, roles.PROCESSOR), 8000),
}
VOLUMES = {
    roles.PROCESSOR: [
        {"name": "ca", "secret": {"secretName": names.TLS_SECRET, "items": [{"key": "ca.crt", "path": "ca"}]}}
    ],
    roles.KAFKA: [{"name": "config", "configMap": {"name": "kafka-config"}}],
}


def lists(now: float, age: float) -> dict[str, Any]:
    """All lists, of objects that were made ``age`` seconds ago and were ready 20 s later."""
    made = _time(now - age)
    workloads = {app: _workload(app, made) for app in names.WORKLOADS}
    return {
        "pods": [_pod(app, made, _time(now - age + 20)) for app in names.WORKLOADS],
        "deployments": [workloads[app] for app in names.DEPLOYMENTS],
        "statefulsets": [workloads[app] for app in names.STATEFULSETS],
        "daemonsets": [workloads[app] for app in names.DAEMONSETS],
        "hpas": [_hpa(app, hpa, made) for app, hpa in names.HPAS.items()],
        "pvcs": [_claim(app, made) for app in names.STATEFULSETS],
        "services": [_service(name, port) for name, port in names.SERVICE_PORTS.items()],
        "endpointslices": [_endpoints(name) for name in names.SERVICE_PORTS],
        "configmaps": [_config(), {"metadata": {"name": "kafka-config"}, "data": {"start.sh": "exec kafka"}}],
        "networkpolicies": _policies(),
        "events": [],
        "nodes": [_node()],
        "pod_metrics": [_pod_metrics(app, _time(now - 10)) for app in names.WORKLOADS],
        "node_metrics": [_metrics(NODE, _time(now - 10), "usage", {"cpu": "600m", "memory": "6Gi"})],
        "secrets": [
            _secret(names.PIPELINE_SECRET, "INFLUXDB_TOKEN"),
            _secret(names.TLS_SECRET, "tls.crt", "tls.key", "ca.crt"),
            _secret(names.READ_SECRET, "token"),
            _secret(names.ADMIN_SECRET, "username", "password", "token"),
        ],
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _containers(app: str) -> list[dict[str, Any]]:
    limits = {"limits": {"cpu": "1", "memory": "256Mi"}, "requests": {"cpu": "50m", "memory": "64Mi"}}
    ports = [{"name": "main", "containerPort": PORTS[app]}] if app in PORTS else []
    own = {"resources": limits, "ports": ports, **TEMPLATES.get(app, {})}
    return [{"name": app, "image": f"localhost/conveyor/{app}:1", **own}]


def _pod(app: str, made: str, ready: str) -> dict[str, Any]:
    return {
        "metadata": {"name": POD_NAMES[app], "uid": f"uid-{app}", "labels": {"app": app}, "creationTimestamp": made},
        "spec": {"containers": _containers(app), "volumes": VOLUMES.get(app, [])},
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": made},
                {"type": "Ready", "status": "True", "lastTransitionTime": ready},
            ],
            "containerStatuses": [
                {
                    "name": app,
                    "ready": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": made}},
                    "lastState": {},
                }
            ],
        },
    }


def _workload(app: str, made: str) -> dict[str, Any]:
    status: dict[str, Any] = {"observedGeneration": 1}
    if app in names.DAEMONSETS:
        status |= {"desiredNumberScheduled": 1, "currentNumberScheduled": 1, "updatedNumberScheduled": 1}
        status |= {"numberAvailable": 1, "numberReady": 1}
    else:
        status |= {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}
    if app in names.DEPLOYMENTS:
        status["conditions"] = [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]
    replicas = {} if app in names.DAEMONSETS else {"replicas": 1}
    pods = {"containers": _containers(app), "volumes": VOLUMES.get(app, [])}
    template = {"metadata": {"labels": {"app": app}}, "spec": pods}
    metadata = {"name": app, "generation": 1, "labels": {"app": app}, "creationTimestamp": made}
    return {"metadata": metadata, "spec": {**replicas, "template": template}, "status": status}


def _hpa(app: str, hpa: str, made: str) -> dict[str, Any]:
    target = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
    }
    current = {"averageUtilization": 30, "averageValue": "15m"}
    return {
        "metadata": {"name": hpa, "creationTimestamp": made},
        "spec": {
            "minReplicas": 1,
            "maxReplicas": 5,
            "scaleTargetRef": {"kind": "Deployment", "name": app},
            "metrics": [target],
            "behavior": {
                "scaleUp": {"stabilizationWindowSeconds": 15, "selectPolicy": "Max"},
                "scaleDown": {"stabilizationWindowSeconds": 300, "selectPolicy": "Max"},
            },
        },
        "status": {
            "currentReplicas": 1,
            "desiredReplicas": 1,
            "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu", "current": current}}],
            "conditions": [
                {"type": kind, "status": status, "reason": reason, "lastTransitionTime": made}
                for kind, status, reason in (
                    ("AbleToScale", "True", "ReadyForNewScale"),
                    ("ScalingActive", "True", "ValidMetricFound"),
                    ("ScalingLimited", "False", "DesiredWithinRange"),
                )
            ],
        },
    }


def _claim(app: str, made: str) -> dict[str, Any]:
    return {"metadata": {"name": f"data-{app}-0", "creationTimestamp": made}, "status": {"phase": "Bound"}}


def _service(name: str, port: int) -> dict[str, Any]:
    app = name.removesuffix("-service")
    spec = {"selector": {"app": app}, "ports": [{"port": port, "targetPort": "main"}]}
    return {"metadata": {"name": name}, "spec": spec}


def _endpoints(service: str) -> dict[str, Any]:
    endpoint = {"addresses": ["10.244.0.9"], "conditions": {"ready": True}}
    metadata = {"name": f"{service}-abc12", "labels": {"kubernetes.io/service-name": service}}
    return {"metadata": metadata, "endpoints": [endpoint]}


def _config() -> dict[str, Any]:
    data = {
        "KAFKA_BROKER": "kafka-service:9092",
        "KAFKA_TOPIC": "sensor-readings",
        "KAFKA_DEAD_LETTER_TOPIC": "sensor-readings-dead-letter",
        "KAFKA_PARTITIONS": "6",
        "KAFKA_GROUP": "data-processor-group",
        "INFLUXDB_URL": "https://influxdb-service:8086",
        "INFLUXDB_ORG": "conveyor",
        "INFLUXDB_BUCKET": "sensor-data",
        "PRODUCER_RATE": "20",
        "PRODUCER_DEVICES": "10",
    }
    return {"metadata": {"name": names.CONFIG_MAP}, "data": data}


def _policies() -> list[dict[str, Any]]:
    def policy(app: str, *, ingress: list[dict[str, Any]], egress: list[dict[str, Any]]) -> dict[str, Any]:
        both = {"policyTypes": ["Ingress", "Egress"], "ingress": ingress, "egress": egress}
        return {"metadata": {"name": app}, "spec": {"podSelector": {"matchLabels": {"app": app}}, **both}}

    def rule(side: str, port: int, *apps: str) -> dict[str, Any]:
        peers = [{"podSelector": {"matchLabels": {"app": app}}} for app in apps]
        return {side: peers, "ports": [{"protocol": "TCP", "port": port}]}

    dns = {"to": [{"namespaceSelector": {"matchLabels": {"x": "y"}}}], "ports": [{"protocol": "UDP", "port": 53}]}
    scraped = rule("from", 8000, roles.PROMETHEUS)
    deny = {"metadata": {"name": "default-deny"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}
    return [
        deny,
        {"metadata": {"name": "allow-dns"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [dns]}},
        policy(roles.PRODUCER, ingress=[scraped], egress=[rule("to", 9092, roles.KAFKA)]),
        policy(
            roles.PROCESSOR,
            ingress=[scraped],
            egress=[rule("to", 9092, roles.KAFKA), rule("to", 8086, roles.INFLUXDB)],
        ),
        policy(roles.KAFKA, ingress=[rule("from", 9092, roles.PRODUCER, roles.PROCESSOR)], egress=[]),
        policy(
            roles.INFLUXDB,
            ingress=[rule("from", 8086, roles.PROCESSOR, roles.GRAFANA, roles.PROMETHEUS)],
            egress=[],
        ),
        policy(
            roles.PROMETHEUS,
            ingress=[rule("from", 9090, roles.GRAFANA)],
            egress=[rule("to", 8000, roles.PRODUCER, roles.PROCESSOR), rule("to", 8086, roles.INFLUXDB)],
        ),
        policy(roles.LOKI, ingress=[rule("from", 3100, roles.GRAFANA, roles.LOG_SHIPPER)], egress=[]),
        policy(roles.LOG_SHIPPER, ingress=[], egress=[rule("to", 3100, roles.LOKI)]),
        policy(
            roles.GRAFANA,
            ingress=[],
            egress=[
                rule("to", 9090, roles.PROMETHEUS),
                rule("to", 3100, roles.LOKI),
                rule("to", 8086, roles.INFLUXDB),
            ],
        ),
    ]


def _node() -> dict[str, Any]:
    pressures = [{"type": kind, "status": "False"} for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")]
    status = {
        "conditions": [*pressures, {"type": "Ready", "status": "True"}],
        "allocatable": {"cpu": "2", "memory": "24Gi"},
    }
    return {"metadata": {"name": NODE}, "spec": {}, "status": status}


def _metrics(name: str, at: str, key: str, value: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "timestamp": at, "window": "15s", key: value}


def _pod_metrics(app: str, at: str) -> dict[str, Any]:
    usage = [{"name": app, "usage": {"cpu": "120000000n", "memory": "90Mi"}}]
    return _metrics(POD_NAMES[app], at, "containers", usage)


def _secret(name: str, *keys: str) -> dict[str, Any]:
    return {"name": name, "type": "Opaque", "keys": {key: {"sha256": "0123456789abcdef", "bytes": 32} for key in keys}}
