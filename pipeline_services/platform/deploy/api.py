"""Writing to the Kubernetes API as the cluster's administrator: server-side apply and what else a deploy needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import urllib3

from pipeline_services.clients.kubeconfig import Access
from pipeline_services.model import names
from pipeline_services.model.errors import AccessDenied, ServiceUnreachable, UnexpectedAnswer

FIELD_MANAGER: Final = "conveyor-deploy"
AT_ONCE: Final = 8
TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=20.0)
APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"
JSON: Final = "application/json"

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """Where the API keeps a kind of object."""

    plural: str
    api: str
    namespaced: bool = True

    def path(self, name: str = "", part: str = "", namespace: str = names.NAMESPACE) -> str:
        root = f"/apis/{self.api}" if "/" in self.api else f"/api/{self.api}"
        within = f"/namespaces/{namespace}" if self.namespaced else ""
        return "/".join(piece for piece in (root + within, self.plural, name, part) if piece)


KINDS: Final[Mapping[str, Kind]] = {
    "Namespace": Kind("namespaces", "v1", namespaced=False),
    "ServiceAccount": Kind("serviceaccounts", "v1"),
    "Role": Kind("roles", "rbac.authorization.k8s.io/v1"),
    "RoleBinding": Kind("rolebindings", "rbac.authorization.k8s.io/v1"),
    "ClusterRole": Kind("clusterroles", "rbac.authorization.k8s.io/v1", namespaced=False),
    "ClusterRoleBinding": Kind("clusterrolebindings", "rbac.authorization.k8s.io/v1", namespaced=False),
    "ConfigMap": Kind("configmaps", "v1"),
    "Secret": Kind("secrets", "v1"),
    "Service": Kind("services", "v1"),
    "NetworkPolicy": Kind("networkpolicies", "networking.k8s.io/v1"),
    "Ingress": Kind("ingresses", "networking.k8s.io/v1"),
    "ResourceQuota": Kind("resourcequotas", "v1"),
    "LimitRange": Kind("limitranges", "v1"),
    "PodDisruptionBudget": Kind("poddisruptionbudgets", "policy/v1"),
    "Deployment": Kind("deployments", "apps/v1"),
    "StatefulSet": Kind("statefulsets", "apps/v1"),
    "DaemonSet": Kind("daemonsets", "apps/v1"),
    "ReplicaSet": Kind("replicasets", "apps/v1"),
    "Job": Kind("jobs", "batch/v1"),
    "CronJob": Kind("cronjobs", "batch/v1"),
    "HorizontalPodAutoscaler": Kind("horizontalpodautoscalers", "autoscaling/v2"),
    "Pod": Kind("pods", "v1"),
}


class Refused(UnexpectedAnswer):
    """The API server refused a request. ``status`` is the HTTP status."""

    def __init__(self, status: int, what: str, reason: str) -> None:
        super().__init__(f"the API server answers {status} to {what}: {reason}")
        self.status = status


class Api:
    """One cluster, with the rights of a kubeconfig that the set-up made itself."""

    def __init__(self, kubeconfig: Path, context: str) -> None:
        access = Access.load(str(kubeconfig), context)
        self._host = access.server.rstrip("/")
        self._pool = urllib3.PoolManager(
            num_pools=1, maxsize=AT_ONCE, block=True, retries=False, ssl_context=access.tls()
        )

    def get(self, kind: str, name: str) -> Object | None:
        """An object, or None where there is none."""
        try:
            return self.call("GET", KINDS[kind].path(name))
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def list(self, kind: str) -> list[Object]:
        """All objects of a kind in the namespace, with their kind filled in."""
        items = self.call("GET", KINDS[kind].path())["items"] or []
        return [{**item, "kind": kind} for item in items]

    def apply(self, manifest: Mapping[str, Any]) -> Object:
        """Make an object what the manifest says, where it says, taking its fields from whoever else set them."""
        metadata = manifest["metadata"]
        path = KINDS[manifest["kind"]].path(metadata["name"], namespace=metadata.get("namespace", names.NAMESPACE))
        return self.call("PATCH", f"{path}?fieldManager={FIELD_MANAGER}&force=true", manifest, APPLY)

    def merge(self, kind: str, name: str, patch: Mapping[str, Any], part: str = "") -> Object:
        """Change some fields of an object, or of its subresource ``part``."""
        return self.call("PATCH", f"{KINDS[kind].path(name, part)}?fieldManager={FIELD_MANAGER}", patch, MERGE)

    def create(self, kind: str, name: str, part: str, body: Mapping[str, Any]) -> Object:
        """Post to a subresource of an object."""
        return self.call("POST", KINDS[kind].path(name, part), body)

    def delete(self, kind: str, name: str, *, orphans: bool = False, grace: int | None = None) -> None:
        """Delete an object, if it is there; what it owns goes with it, or with ``orphans`` stays."""
        options: Object = {"propagationPolicy": "Orphan" if orphans else "Background"}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            self.call("DELETE", KINDS[kind].path(name), options)
        except Refused as error:
            if error.status != 404:
                raise

    def log(self, pod: str, container: str, *, lines: int, previous: bool) -> str:
        """The last lines of a container's log; empty where there is none."""
        path = KINDS["Pod"].path(pod, "log")
        query = f"container={container}&tailLines={lines}&previous={str(previous).lower()}"
        try:
            return self._ask("GET", f"{path}?{query}").decode("utf-8", "replace")
        except Refused:
            return ""

    def call(self, method: str, path: str, body: object = None, content_type: str = JSON) -> Object:
        """One request to any path, answered with the decoded object.

        Raises:
            Refused: the server answered with an error; AccessDenied where the account may not.
            ServiceUnreachable: it did not answer.
        """
        answer = json.loads(self._ask(method, path, body, content_type))
        return dict(answer)

    def _ask(self, method: str, path: str, body: object = None, content_type: str = JSON) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "*/*", "Content-Type": content_type}
        try:
            reply = self._pool.request(method, self._host + path, body=data, headers=headers, timeout=TIMEOUT)
        except urllib3.exceptions.HTTPError as error:
            raise ServiceUnreachable(f"the API server {self._host} does not answer: {error}") from error
        if reply.status >= 400:
            raise _refusal(reply.status, reply.data, method, path.partition("?")[0])
        return reply.data


def _refusal(status: int, body: bytes, method: str, path: str) -> UnexpectedAnswer:
    if status == 401 or (status == 403 and b" cannot " in body):  # a quota's 403 is no matter of rights
        return AccessDenied(method.lower(), path)
    try:
        reason = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        reason = body.decode("utf-8", "replace")
    return Refused(status, f"{method} {path}", " ".join(reason.split())[:400])
