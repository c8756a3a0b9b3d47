"""What the Kubernetes API says of a healthy pipeline."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pipeline_services.judgements.declared import ADMISSION
from pipeline_services.model import roles
from pipeline_services.model.component import Autoscaler, Component, Service
from pipeline_services.model.flows import ANY, NAMESPACE_NAME, Flow
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.pipeline import DAEMON_SET, DEPLOYMENT, STATEFUL_SET, Pipeline
from pipeline_services.model.text import rfc3339
from pipeline_services.snapshot.sources.declared import COMPARED
from tests.judgements.answers import system

OF_THE_CLUSTER = (
    *("validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicybindings"),
    *("clusterroles", "clusterrolebindings"),
)
"""Lists of the whole cluster that have nothing of the pipeline's."""
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
NODE = "conveyor-control-plane"

BODY = ("metadata", "spec", "data", "immutable", "binaryData", "rules", "roleRef", "subjects")
BOTH = {"policyTypes": ["Ingress", "Egress"]}


KAFKA_FILES: Final = {
    "start.sh": "exec kafka",
    "server.properties": (
        "# One broker.\nnode.id=${ID}\nnum.io.threads = 4\n"
        "listeners=PLAINTEXT://0.0.0.0:9092,CONTROLLER://localhost:9093\n"
    ),
}


def pod_name(part: Component) -> str:
    """The name of the only pod that a workload has."""
    of_kind = {DEPLOYMENT: "7c9d8f6b5-x2k4q", STATEFUL_SET: "0", DAEMON_SET: "8hq7d"}
    return f"{part.workload}-{of_kind[part.kind]}"


def lists(now: float, age: float, pipeline: Pipeline) -> dict[str, Any]:
    """All lists, of objects that were made ``age`` seconds ago and were ready 20 s later."""
    made, parts = rfc3339(now - age), tuple(pipeline.workloads.values())
    lists_of = {KINDS[kind].source: kind for kind in (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)}
    served = [(part, part.service) for part in parts if part.service]
    return {
        "pods": [_pod(part, pipeline, made, rfc3339(now - age + 20)) for part in parts],
        **{
            source: [_workload(part, pipeline, made) for part in parts if part.kind == kind]
            for source, kind in lists_of.items()
        },
        "hpas": [_hpa(part.workload, part.autoscaler, made) for part in parts if part.autoscaler],
        "pvcs": [_claim(part.volume, made) for part in parts if part.volume],
        "services": [*(_service(part, service) for part, service in served), *_headless(served)],
        "endpointslices": [_endpoints(service.name) for _, service in served],
        "configmaps": [*_configs(pipeline), {"metadata": {"name": "kafka-config"}, "data": KAFKA_FILES}],
        "networkpolicies": _policies(pipeline),
        "events": [],
        "nodes": [_node()],
        "pod_metrics": [_pod_metrics(part, rfc3339(now - 10)) for part in parts],
        "node_metrics": [_metrics(NODE, rfc3339(now - 10), "usage", {"cpu": "600m", "memory": "6Gi"})],
        "namespaces": [{"metadata": {"name": pipeline.namespace, "labels": {f"{ADMISSION}enforce": "privileged"}}}],
        "secrets": [
            _secret(name, *keys, written=rfc3339(now - age - 60)) for name, keys in pipeline.config.secrets.items()
        ],
        **_rights(pipeline),
        "storageclasses": [{"metadata": {"name": "standard", "annotations": {DEFAULT_CLASS: "true"}}}],
        **{
            source: []
            for source in ("persistentvolumes", "poddisruptionbudgets", "quotas", "ingresses", *OF_THE_CLUSTER)
        },
        **system.lists(now, NODE, pipeline),
    }


def _rights(pipeline: Pipeline) -> dict[str, Any]:
    """What lets Prometheus find the pods, where it is there."""
    name = pipeline[roles.PROMETHEUS].workload if roles.PROMETHEUS in pipeline.components else "nobody"
    metadata = {"metadata": {"name": name}}
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    bound = {"roleRef": {"kind": "Role", "name": name}, "subjects": [{"kind": "ServiceAccount", "name": name}]}
    return {
        "serviceaccounts": [{**metadata}],
        "roles": [{**metadata, "rules": [rule]}],
        "rolebindings": [{**metadata, **bound}],
    }


def declared(answers: Mapping[str, Any], but: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Manifests that declare just what is there, of all kinds but these."""
    return [
        {"kind": kind, **marshal.loads(marshal.dumps({key: item[key] for key in BODY if key in item}))}
        for kind in sorted(COMPARED.difference(but))
        for item in answers.get(KINDS[kind].source, ())
    ]


def _containers(part: Component, pipeline: Pipeline) -> list[dict[str, Any]]:
    limits = {"limits": {"cpu": "1", "memory": "256Mi"}, "requests": {"cpu": "50m", "memory": "64Mi"}}
    number = part.service.port if part.service else part.metrics_port
    read = {"envFrom": [{"configMapRef": {"name": name}} for name in pipeline.config.by_config_map]}
    secret = {"name": pipeline.config.write_token.secret, "key": pipeline.config.write_token.key}
    token = {"env": [{"name": "INFLUXDB_TOKEN", "valueFrom": {"secretKeyRef": secret}}]}
    own = {roles.PRODUCER: read, roles.PROCESSOR: read | token}.get(part.id, {})
    ports = [{"name": "main", "containerPort": number}] if part.id != roles.LOG_SHIPPER else []
    image = f"localhost/{pipeline.name}/{part.id}:1"
    return [{"name": part.container, "image": image, "resources": limits, "ports": ports, **own}]


def _volumes(part: Component, pipeline: Pipeline) -> list[dict[str, Any]]:
    ca = {"secretName": pipeline.config.tls, "items": [{"key": pipeline.config.ca, "path": "ca"}]}
    volumes = {
        **({roles.PROCESSOR: {"name": "ca", "secret": ca}} if pipeline.config.tls else {}),
        roles.KAFKA: {"name": "config", "configMap": {"name": "kafka-config"}},
    }
    return [volumes[part.id]] if part.id in volumes else []


def _made(part: Component, pipeline: Pipeline) -> dict[str, Any]:
    """What a template says of a pod, and the pod then has."""
    account = {"serviceAccountName": part.workload} if part.id == roles.PROMETHEUS else {}
    return {"containers": _containers(part, pipeline), "volumes": _volumes(part, pipeline), **account}


def _pod(part: Component, pipeline: Pipeline, made: str, ready: str) -> dict[str, Any]:
    labels = dict(part.selector)
    metadata = {"name": pod_name(part), "uid": f"uid-{part.id}", "labels": labels, "creationTimestamp": made}
    owner = {"kind": "ReplicaSet" if part.kind == DEPLOYMENT else part.kind, "name": pod_name(part).rpartition("-")[0]}
    return {
        "metadata": {**metadata, "ownerReferences": [owner]},
        "spec": {"nodeName": NODE, **_made(part, pipeline)},
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": made},
                {"type": "Ready", "status": "True", "lastTransitionTime": ready},
            ],
            "containerStatuses": [
                {
                    "name": part.container,
                    "ready": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": made}},
                    "lastState": {},
                }
            ],
        },
    }


def _workload(part: Component, pipeline: Pipeline, made: str) -> dict[str, Any]:
    status: dict[str, Any] = {"observedGeneration": 1}
    if part.kind == DAEMON_SET:
        status |= {"desiredNumberScheduled": 1, "currentNumberScheduled": 1, "updatedNumberScheduled": 1}
        status |= {"numberAvailable": 1, "numberReady": 1}
    else:
        status |= {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}
    if part.kind == DEPLOYMENT:
        status["conditions"] = [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]
    replicas = {} if part.kind == DAEMON_SET else {"replicas": 1}
    template = {"metadata": {"labels": dict(part.selector)}, "spec": _made(part, pipeline)}
    metadata = {"name": part.workload, "generation": 1, "labels": dict(part.selector), "creationTimestamp": made}
    return {"metadata": metadata, "spec": {**replicas, "template": template}, "status": status}


def _hpa(workload: str, promised: Autoscaler, made: str) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": promised.cpu_percent}
    current = {"averageUtilization": 30, "averageValue": "15m"}
    return {
        "metadata": {"name": promised.name, "creationTimestamp": made},
        "spec": {
            "minReplicas": promised.min_replicas,
            "maxReplicas": promised.max_replicas,
            "scaleTargetRef": {"kind": DEPLOYMENT, "name": workload},
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
            "behavior": {
                "scaleUp": {"stabilizationWindowSeconds": promised.scale_up_window_s, "selectPolicy": "Max"},
                "scaleDown": {"stabilizationWindowSeconds": promised.scale_down_window_s, "selectPolicy": "Max"},
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


def _claim(name: str, made: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "creationTimestamp": made}, "status": {"phase": "Bound"}}


def _service(part: Component, service: Service) -> dict[str, Any]:
    spec = {"selector": dict(part.selector), "ports": [{"port": service.port, "targetPort": "main"}]}
    return {"metadata": {"name": service.name}, "spec": spec}


def _headless(served: Iterable[tuple[Component, Service]]) -> list[dict[str, Any]]:
    found = [(part, _service(part, service)) for part, service in served if part.headless]
    return [{"metadata": {"name": part.headless}, "spec": {**one["spec"], "clusterIP": "None"}} for part, one in found]


def _endpoints(service: str) -> dict[str, Any]:
    endpoint = {"addresses": ["10.244.0.9"], "conditions": {"ready": True}}
    owner = {"kind": "Service", "name": service}
    labels = {"kubernetes.io/service-name": service}
    metadata = {"name": f"{service}-abc12", "labels": labels, "ownerReferences": [owner]}
    return {"metadata": metadata, "endpoints": [endpoint]}


def _configs(pipeline: Pipeline) -> list[dict[str, Any]]:
    load = dict.fromkeys(pipeline.config.positive, "20")
    described = pipeline.config.by_config_map.items()
    settings = {
        name: {key: value for part in wanted.values() for key, value in part.items()} for name, wanted in described
    }
    return [{"metadata": {"name": name}, "data": data | load} for name, data in settings.items()]


def _policies(pipeline: Pipeline) -> list[dict[str, Any]]:
    def end(component: str) -> dict[str, Any]:
        part = pipeline[component]
        pods = {"podSelector": {"matchLabels": dict(part.selector)}}
        if part.namespace:
            return {"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: part.namespace}}, **pods}
        return pods if part.workload else {"ipBlock": {"cidr": "0.0.0.0/0"}}

    def rule(side: str, peer: str, flow: Flow) -> dict[str, Any]:
        return {side: [end(peer)], "ports": [{"protocol": flow.protocol, "port": flow.port}]}

    def policy(name: str, labels: dict[str, str], *, of: str) -> dict[str, Any]:
        ingress = [rule("from", flow.source, flow) for flow in pipeline.flows if flow.destination == of]
        egress = [rule("to", flow.destination, flow) for flow in pipeline.flows if flow.source == of]
        selector = {"podSelector": {"matchLabels": labels} if labels else {}}
        return {"metadata": {"name": name}, "spec": {**selector, **BOTH, "ingress": ingress, "egress": egress}}

    dns = policy("allow-dns", {}, of=ANY)
    dns["spec"]["policyTypes"] = ["Egress"]
    deny = {"metadata": {"name": "default-deny"}, "spec": {"podSelector": {}, **BOTH}}
    own = [policy(part.id, dict(part.selector), of=part.id) for part in pipeline.workloads.values()]
    return [deny, dns, *own]


def _node() -> dict[str, Any]:
    pressures = [{"type": kind, "status": "False"} for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")]
    status = {
        "conditions": [*pressures, {"type": "Ready", "status": "True"}],
        "allocatable": {"cpu": "2", "memory": "24Gi"},
        "nodeInfo": {"kubeletVersion": "v1.34.4"},
    }
    return {"metadata": {"name": NODE}, "spec": {}, "status": status}


def _metrics(name: str, at: str, key: str, value: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "timestamp": at, "window": "15s", key: value}


def _pod_metrics(part: Component, at: str) -> dict[str, Any]:
    usage = [{"name": part.container, "usage": {"cpu": "120000000n", "memory": "90Mi"}}]
    return _metrics(pod_name(part), at, "containers", usage)


def _secret(name: str, *keys: str, written: str) -> dict[str, Any]:
    known = {"sha256": "0123456789abcdef", "bytes": 32, "written": written}
    return {"name": name, "type": "Opaque", "keys": {key: dict(known) for key in keys}}
