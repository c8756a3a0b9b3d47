"""A crowd beside the pipeline, in its own namespace: pods of other workloads, policies about them, events, long logs.

Nothing here concerns the pipeline, so the verdict has to stay what it is.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

from pipeline_services.model.text import rfc3339
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.snapshot.sources.neighbours import shapes

PODS_PER_WORKLOAD: Final = 25
LINE: Final = "the quick brown fox jumps over the lazy dog " * 4

Objects = list[dict[str, Any]]


@dataclass(frozen=True)
class Crowd:
    """How many of each; ``log_bytes`` are spread over the pipeline's own pods."""

    pods: int = 0
    policies: int = 0
    events: int = 0
    log_bytes: int = 0

    def beside(self, snapshot: Snapshot) -> Snapshot:
        """What the collector would have seen with the crowd, before it bounds logs and events."""
        answers: dict[str, Any] = dict(snapshot.answers)
        shape = shapes(snapshot.pipeline)["pods"]
        crowd = map(shape, pods(self.pods, snapshot.namespace, snapshot.taken_at))
        answers["pods"] = [*answers["pods"], *crowd]
        answers["networkpolicies"] = [*answers["networkpolicies"], *policies(self.policies, snapshot.namespace)]
        answers["events"] = [*events(self.events, snapshot.namespace, snapshot.taken_at), *answers["events"]]
        sources = [source for source in answers if source.startswith("logs/")]
        for source in sources:
            answers[source] = with_older_lines(answers[source], self.log_bytes // len(sources), snapshot.taken_at)
        return replace(snapshot, answers=answers)


def pods(count: int, namespace: str, now: float) -> Objects:
    """Ready pods of other workloads, as large as pods are."""
    return [_pod(number, namespace, rfc3339(now - 3_600)) for number in range(count)]


def _pod(number: int, namespace: str, started: str) -> dict[str, Any]:
    workload = f"crowd-{number // PODS_PER_WORKLOAD}"
    name = f"{workload}-7c9d8b5f4-{number:05d}"
    conditions = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    probe = {
        "httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"},
        "periodSeconds": 10,
        "timeoutSeconds": 1,
    }
    container = {
        "name": "app",
        "image": f"registry.example/crowd/{workload}:1.0",
        "imagePullPolicy": "IfNotPresent",
        "command": ["/app/server", "--listen=:8080", "--config=/etc/app/config.yaml"],
        "env": [{"name": f"SETTING_{index}", "value": f"value-{index}-{number}"} for index in range(12)],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "10m", "memory": "16Mi"}},
        "livenessProbe": probe,
        "readinessProbe": probe,
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": True}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{workload}-7c9d8b5f4", "controller": True}
    state = {"running": {"startedAt": started}}
    return {
        "metadata": {
            "name": name,
            "generateName": f"{workload}-7c9d8b5f4-",
            "namespace": namespace,
            "uid": f"00000000-0000-4000-8000-{number:012d}",
            "resourceVersion": str(1_000_000 + number),
            "creationTimestamp": started,
            "labels": {"app": workload, "pod-template-hash": "7c9d8b5f4", "team": f"team-{number % 7}"},
            "ownerReferences": [{**owner, "uid": f"00000000-0000-4000-9000-{number // PODS_PER_WORKLOAD:012d}"}],
        },
        "spec": {
            "containers": [container],
            "volumes": [{"name": "config", "configMap": {"name": f"{workload}-config", "defaultMode": 420}}],
            "nodeName": f"crowd-node-{number % 20}",
            "restartPolicy": "Always",
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
            "serviceAccountName": "default",
            "terminationGracePeriodSeconds": 30,
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
        },
        "status": {
            "phase": "Running",
            "startTime": started,
            "podIP": _address(number),
            "podIPs": [{"ip": _address(number)}],
            "conditions": [{"type": one, "status": "True", "lastTransitionTime": started} for one in conditions],
            "containerStatuses": [
                {"name": "app", "ready": True, "started": True, "restartCount": 0, "state": state, "image": "x"}
            ],
            "qosClass": "Burstable",
        },
    }


def _address(number: int) -> str:
    return f"10.96.{number // 250}.{number % 250 + 1}"


def usage(count: int, namespace: str, now: float) -> Objects:
    """What metrics-server says of these pods."""
    names = [one["metadata"]["name"] for one in pods(count, namespace, now)]
    used = [{"name": "app", "usage": {"cpu": "1000n", "memory": "1024Ki"}}]
    at = rfc3339(now - 15)
    return [
        {
            "metadata": {"name": name, "namespace": namespace},
            "timestamp": at,
            "window": "15s",
            "containers": deepcopy(used),
        }
        for name in names
    ]


def policies(count: int, namespace: str) -> Objects:
    """Policies about the crowd alone: each lets a workload be reached by the next one, every second one by anybody."""
    found = []
    for number in range(count):
        port = {"port": 8080, "protocol": "TCP"}
        source = {"from": [{"podSelector": {"matchLabels": {"app": f"crowd-{number + 1}"}}}]}
        target = {"to": [{"podSelector": {"matchLabels": {"app": f"crowd-{number - 1}"}}}]}
        spec = {
            "podSelector": {"matchLabels": {"app": f"crowd-{number}"}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{} if number % 2 else {**source, "ports": [port]}],
            "egress": [{**target, "ports": [port]}],
        }
        found.append({"metadata": {"name": f"crowd-{number}", "namespace": namespace}, "spec": spec})
    return found


def events(count: int, namespace: str, now: float) -> Objects:
    """Normal events of the crowd, all within the last hour."""
    return [
        {
            "metadata": {"name": f"crowd.{number:x}", "namespace": namespace},
            "involvedObject": {"kind": "Pod", "name": f"crowd-0-7c9d8b5f4-{number:05d}", "namespace": namespace},
            "type": "Normal",
            "reason": "Pulled",
            "message": f"Container image number {number} already present on machine",
            "firstTimestamp": rfc3339(now - 3_000),
            "lastTimestamp": rfc3339(now - 600 - number % 2_400),
            "count": 1,
            "source": {"component": "kubelet"},
        }
        for number in range(count)
    ]


def with_older_lines(entries: Objects, size: int, now: float) -> Objects:
    """The logs with so many bytes of harmless lines before what they have."""
    at = rfc3339(now - 590)
    lines = [f"{at} {number} {LINE}" for number in range(size // max(1, len(entries)) // (len(LINE) + len(at) + 8))]
    return [{**entry, "lines": [*lines, *entry["lines"]]} for entry in entries]
