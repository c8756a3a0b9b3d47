"""A thin, read-only client of the Kubernetes API: raw JSON in, errors of errors.py out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.util import Timeout

from pipeline_services.clients.kubeconfig import Access
from pipeline_services.model.errors import (
    AccessDenied,
    NoData,
    PipelineError,
    PreconditionNotMet,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from pipeline_services.model.settings import Target

CONNECT_TIMEOUT: Final = 3.0
READ_TIMEOUT: Final = 10.0
AT_ONCE: Final = 5
AWAY: Final = (502, 503, 504)
_Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of thing the API lists: its plural, its API group with version, and whether it lives in a namespace."""

    plural: str
    api: str = "v1"
    namespaced: bool = True

    @property
    def title(self) -> str:
        """As ``kubectl auth can-i`` wants it: ``pods``, ``deployments.apps``."""
        group = self.api.rpartition("/")[0]
        return f"{self.plural}.{group}" if group else self.plural

    def path(self, namespace: str, *parts: str) -> str:
        root = f"/apis/{self.api}" if "/" in self.api else f"/api/{self.api}"
        within = f"/namespaces/{namespace}" if self.namespaced else ""
        return "/".join((f"{root}{within}/{self.plural}", *parts))


RESOURCES: Final[Mapping[str, Resource]] = {
    "pods": Resource("pods"),
    "deployments": Resource("deployments", "apps/v1"),
    "statefulsets": Resource("statefulsets", "apps/v1"),
    "daemonsets": Resource("daemonsets", "apps/v1"),
    "replicasets": Resource("replicasets", "apps/v1"),
    "hpas": Resource("horizontalpodautoscalers", "autoscaling/v2"),
    "pvcs": Resource("persistentvolumeclaims"),
    "services": Resource("services"),
    "endpointslices": Resource("endpointslices", "discovery.k8s.io/v1"),
    "configmaps": Resource("configmaps"),
    "secrets": Resource("secrets"),
    "networkpolicies": Resource("networkpolicies", "networking.k8s.io/v1"),
    "events": Resource("events"),
    "resourcequotas": Resource("resourcequotas"),
    "limitranges": Resource("limitranges"),
    "nodes": Resource("nodes", namespaced=False),
    "pod_metrics": Resource("pods", "metrics.k8s.io/v1beta1"),
    "node_metrics": Resource("nodes", "metrics.k8s.io/v1beta1", namespaced=False),
}
NAMESPACES: Final = Resource("namespaces", namespaced=False)
PODS: Final = RESOURCES["pods"]


class Cluster:
    """One namespace of one cluster, seen with the rights of one kubeconfig context. Nothing is ever written."""

    def __init__(self, access: Access, namespace: str) -> None:
        self.access = access
        self.context = access.context
        self.namespace = namespace
        self.tls = access.tls()
        self.proxy = access.proxy or _proxy_of_environment(access.server)
        options: dict[str, Any] = {"retries": False, "maxsize": AT_ONCE, "block": True, "ssl_context": self.tls}
        if access.server_name:
            options |= {"server_hostname": access.server_name, "assert_hostname": access.server_name}
        self._http = (
            urllib3.ProxyManager(self.proxy, **options) if self.proxy else urllib3.PoolManager(num_pools=1, **options)
        )

    @classmethod
    def connect(cls, target: Target) -> Cluster:
        """Load the target's kubeconfig, which stays as it is. No request is made yet.

        Raises:
            PreconditionNotMet: the kubeconfig cannot be read or has no such context.
        """
        return cls(Access.load(target.kubeconfig, target.context), target.namespace)

    def close(self) -> None:
        """Drop all connections."""
        self._http.clear()

    def require_namespace(self) -> None:
        """Ask whether the cluster answers, knows the account and has the namespace.

        Raises:
            ServiceUnreachable: the API server does not answer.
            PreconditionNotMet: there is no such namespace, or the account is not known or may read nothing in it.
        """
        try:
            self._get(NAMESPACES.path("", self.namespace), "get", "namespaces", timeout=CONNECT_TIMEOUT)
        except NoData as error:
            raise PreconditionNotMet(
                f"context {self.context} has no namespace {self.namespace}",
                next_step=f"kubectl --context {self.context} get namespaces",
            ) from error
        except AccessDenied:
            self._require_any_right()

    def _require_any_right(self) -> None:
        try:
            self.list("pods", limit=1)
        except AccessDenied as error:
            raise PreconditionNotMet(
                f"the account of context {self.context} can read nothing in namespace {self.namespace}: "
                "there is no such namespace, or no right in it, or its credentials have expired",
                next_step=f"kubectl --context {self.context} auth can-i list pods -n {self.namespace}",
            ) from error

    def logs(
        self, pod: str, container: str, *, lines: int, since: int | None = None, previous: bool = False
    ) -> list[str]:
        """The last ``lines`` log lines of a container, each ``<RFC3339 time> text``.

        Args:
            since: seconds to look back at most.
            previous: the lines of the container's life before its last restart.

        Raises:
            AccessDenied: the account may not read logs.
            UnexpectedAnswer: the container has no such log.
        """
        query = [
            *(("container", container), ("tailLines", str(lines)), ("timestamps", "true")),
            *(("limitBytes", str(4 << 20)), ("previous", str(previous).lower())),
            *([("sinceSeconds", str(since))] if since else []),
        ]
        text = self._get(PODS.path(self.namespace, pod, "log"), "get", "pods/log", query=query)
        return text.decode("utf-8", "replace").splitlines()

    def _get(self, path: str, verb: str, resource: str, *, query: _Query = (), timeout: float = READ_TIMEOUT) -> bytes:
        url = f"{self.access.server}{path}" + (f"?{urlencode(query)}" if query else "")
        limits = Timeout(connect=CONNECT_TIMEOUT, read=timeout)
        with _translated(verb, resource, self.access.server):
            answer = self._http.request("GET", url, headers=self.headers(), timeout=limits, redirect=False)
        if answer.status != 200:
            raise refused(answer.status, answer.data, verb, resource)
        return answer.data

    def headers(self) -> dict[str, str]:
        """The headers that say who asks, also for a connection that this client does not open itself."""
        return {"Authorization": f"Bearer {self.access.token}"} if self.access.token else {}

    def list(
        self,
        kind: str,
        *,
        limit: int | None = None,
        timeout: float = READ_TIMEOUT,
        namespace: str = "",
        selector: str = "",
        managed: bool = False,
    ) -> list[dict[str, Any]]:
        """All items of a kind of ``RESOURCES``, as raw JSON.

        Args:
            namespace: another one than the pipeline's own.
            selector: which labels they must have.
            managed: keep managedFields, which say who set what; they are half of an object's size.

        Raises:
            AccessDenied: the account may not list them.
            ServiceUnreachable: the API server, or the server behind an aggregated API, does not answer.
            UnexpectedAnswer: any other answer than a list.
        """
        resource = RESOURCES[kind]
        wanted = (("limit", str(limit) if limit else ""), ("labelSelector", selector))
        query = [(key, value) for key, value in wanted if value]
        title = f"{resource.title} in {namespace}" if namespace else resource.title
        body = self._get(resource.path(namespace or self.namespace), "list", title, query=query, timeout=timeout)
        try:
            items = json.loads(body)["items"] or []
            for item in () if managed else items:
                item["metadata"].pop("managedFields", None)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnexpectedAnswer(f"the API server's list of {title} cannot be read: {error}") from error
        return list(items)


@contextmanager
def _translated(verb: str, resource: str, host: str) -> Iterator[None]:
    """The one place where an exception of the client becomes one of ours."""
    try:
        yield
    except urllib3.exceptions.NewConnectionError as error:  # which counts as a timeout there, refused or not
        raise ServiceUnreachable(f"the API server {host} cannot be reached: {one_line(error)}") from error
    except urllib3.exceptions.TimeoutError as error:
        raise ServiceUnreachable(f"the API server {host} did not answer in time to {verb} {resource}") from error
    except urllib3.exceptions.SSLError as error:
        raise ServiceUnreachable(f"no trusted TLS connection to the API server {host}: {one_line(error)}") from error
    except urllib3.exceptions.HTTPError as error:
        raise ServiceUnreachable(f"the API server {host} cannot be reached: {one_line(error)}") from error


def refused(status: int, body: bytes | str, verb: str, resource: str) -> PipelineError:
    """The error for an answer of the API server that is not the one wanted."""
    if status in (401, 403):
        return AccessDenied(verb, resource)
    try:
        reason = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        reason = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    reason = f"{status} {one_line(reason)}".rstrip()
    if status == 404:
        return NoData(f"the cluster does not have the {resource} asked for ({reason})")
    if status in AWAY:
        return ServiceUnreachable(f"nothing behind the API server answers to {verb} {resource} ({reason})")
    return UnexpectedAnswer(f"to {verb} {resource} the API server answers {reason}")


def one_line(error: object) -> str:
    """A message of somebody else's, fit to stand in one of ours."""
    return " ".join(str(error).split())[:300]


def _proxy_of_environment(server: str) -> str:
    parts = urlsplit(server)
    return "" if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme, "")
