"""A thin, read-only client of the Kubernetes API: raw JSON in, errors of errors.py out."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import urllib3
import yaml
from kubernetes.client.api_client import ApiClient
from kubernetes.client.configuration import Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config import kube_config
from kubernetes.config.config_exception import ConfigException

from pipeline_services.errors import (
    AccessDenied,
    NoData,
    PipelineError,
    PreconditionNotMet,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from pipeline_services.settings import Target

CONNECT_TIMEOUT: Final = 3.0
READ_TIMEOUT: Final = 10.0
AT_ONCE: Final = 16
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
    "hpas": Resource("horizontalpodautoscalers", "autoscaling/v2"),
    "pvcs": Resource("persistentvolumeclaims"),
    "services": Resource("services"),
    "endpointslices": Resource("endpointslices", "discovery.k8s.io/v1"),
    "configmaps": Resource("configmaps"),
    "secrets": Resource("secrets"),
    "networkpolicies": Resource("networkpolicies", "networking.k8s.io/v1"),
    "events": Resource("events"),
    "nodes": Resource("nodes", namespaced=False),
    "pod_metrics": Resource("pods", "metrics.k8s.io/v1beta1"),
    "node_metrics": Resource("nodes", "metrics.k8s.io/v1beta1", namespaced=False),
}
NAMESPACES: Final = Resource("namespaces", namespaced=False)
PODS: Final = RESOURCES["pods"]


class Cluster:
    """One namespace of one cluster, seen with the rights of one kubeconfig context. Nothing is ever written."""

    def __init__(self, configuration: Configuration, context: str, namespace: str) -> None:
        configuration.retries = False
        configuration.connection_pool_maxsize = AT_ONCE
        self.configuration = configuration
        self.context = context
        self.namespace = namespace
        self._client = ApiClient(configuration)

    @classmethod
    def connect(cls, target: Target) -> Cluster:
        """Load the target's kubeconfig, which stays as it is. No request is made yet.

        Raises:
            PreconditionNotMet: the kubeconfig cannot be read or has no such context.
        """
        configuration = Configuration()
        try:
            contexts, current = kube_config.list_kube_config_contexts(target.kubeconfig)
            context = target.context or str(current["name"])
            if context not in [known["name"] for known in contexts]:
                known = ", ".join(sorted(str(known["name"]) for known in contexts)) or "none"
                raise PreconditionNotMet(f"there is no context {context} in {target.kubeconfig}; contexts are: {known}")
            kube_config.load_kube_config(target.kubeconfig, context, configuration, persist_config=False)
        except (ConfigException, yaml.YAMLError, OSError, KeyError, TypeError, AttributeError) as error:
            raise PreconditionNotMet(f"cannot use the kubeconfig {target.kubeconfig}: {one_line(error)}") from error
        return cls(configuration, context, target.namespace)

    def close(self) -> None:
        """Drop all connections."""
        self._client.close()

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
        with _translated(verb, resource, self.configuration.host):
            request = self._client.param_serialize(
                "GET", path, query_params=list(query), header_params={"Accept": "*/*"}, auth_settings=["BearerToken"]
            )
            answer = self._client.call_api(*request, _request_timeout=(CONNECT_TIMEOUT, timeout))
            body: bytes = answer.read()
        if answer.status != 200:
            raise refused(answer.status, body, verb, resource)
        return body

    @property
    def server_name(self) -> str | None:
        """The name that the API server's certificate has to have, where it is not that of its address."""
        name: str | None = self.configuration.tls_server_name
        return name

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """How to speak TLS with the API server, for connections that this client does not open itself."""
        configuration = self.configuration
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if not configuration.verify_ssl:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, configuration.key_file)
        return context

    def authorization(self) -> Mapping[str, str]:
        """The headers that say who asks, for a connection that this client does not open itself."""
        request = self._client.param_serialize("GET", "/", header_params={}, auth_settings=["BearerToken"])
        return {key: value for key, value in request[2].items() if key.lower() == "authorization"}

    def list(self, kind: str, *, limit: int | None = None, timeout: float = READ_TIMEOUT) -> list[dict[str, Any]]:
        """All items of a kind of ``RESOURCES``, as raw JSON without managedFields.

        Raises:
            AccessDenied: the account may not list them.
            ServiceUnreachable: the API server, or the server behind an aggregated API, does not answer.
            UnexpectedAnswer: any other answer than a list.
        """
        resource = RESOURCES[kind]
        query = [("limit", str(limit))] if limit else []
        body = self._get(resource.path(self.namespace), "list", resource.title, query=query, timeout=timeout)
        try:
            items = json.loads(body)["items"] or []
            for item in items:
                item["metadata"].pop("managedFields", None)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnexpectedAnswer(f"the API server's list of {resource.title} cannot be read: {error}") from error
        return list(items)


@contextmanager
def _translated(verb: str, resource: str, host: str) -> Iterator[None]:
    """The one place where an exception of the client becomes one of ours."""
    try:
        yield
    except urllib3.exceptions.TimeoutError as error:
        raise ServiceUnreachable(f"the API server {host} did not answer in time to {verb} {resource}") from error
    except urllib3.exceptions.HTTPError as error:
        raise ServiceUnreachable(f"the API server {host} cannot be reached: {one_line(error)}") from error
    except ApiException as error:
        if not error.status:
            reason = one_line(error.reason)
            raise ServiceUnreachable(f"no TLS connection to the API server {host}: {reason}") from error
        raise refused(error.status, error.body or b"", verb, resource) from error
    except (ConfigException, OSError) as error:
        raise ServiceUnreachable(f"the API server {host} cannot be asked: {one_line(error)}") from error


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
