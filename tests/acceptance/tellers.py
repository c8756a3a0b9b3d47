"""Pods that write into their log what a live test wants to be found there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.rollout import log_end

NAMESPACE = Pipeline.load().namespace
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


def teller(
    admin: WritableCluster, name: str, app: str, line: str, env: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A pod that looks like one of the app's and prints a line each second; ``line`` is put between double quotes."""
    pod = next(pod for pod in admin.list("Pod") if pod["metadata"]["labels"].get("app") == app)
    container = {
        "name": name,
        "image": pod["spec"]["containers"][0]["image"],
        "command": ["sh", "-c", f'while echo "{line}"; do sleep 1; done'],
        "env": [{"name": key, "value": value} for key, value in (env or {}).items()],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False}
    metadata = {"name": name, "labels": {"app": app}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def told(admin: WritableCluster, name: str) -> str:
    """What the pod has written so far."""
    return "\n".join(log_end(admin, name, name, lines=100))
