"""The one client of the Kubernetes API: raw JSON in, raw JSON out.

A ``Cluster`` only reads; who has to change something makes a ``WritableCluster``. What goes wrong is raised as
``ApiServer.ask`` says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Self

from pipeline_services.clients.api_server import CONNECT_TIMEOUT_S, JSON, ApiServer
from pipeline_services.clients.kubeconfig import Access
from pipeline_services.clients.refusals import asked_of, is_page, no_api_server
from pipeline_services.model.errors import AccessDenied, NoData, PreconditionNotMet
from pipeline_services.model.kinds import KINDS, MERGE_PATCH, kind_of
from pipeline_services.model.settings import Target

PAGE: Final = 500
"""Objects of a list that are asked for at once."""
MAX_LOG_BYTES: Final = 4 << 20
FIELD_MANAGER: Final = "conveyor-deploy"
APPLY_PATCH: Final = "application/apply-patch+yaml"

Object = dict[str, Any]


class Cluster:
    """One namespace of one cluster, seen with the rights of one kubeconfig context. Nothing is ever written.

    Raises:
        PreconditionNotMet: a certificate, key or proxy of the kubeconfig cannot be used.
    """

    def __init__(self, access: Access, namespace: str) -> None:
        self.server = ApiServer(access)
        self.context = access.context
        self.namespace = namespace

    @classmethod
    def connect(cls, target: Target) -> Self:
        """Load the target's kubeconfig, which stays as it is. No request is made yet.

        Raises:
            PreconditionNotMet: the kubeconfig cannot be read or has no such context.
        """
        return cls(Access.load(target.kubeconfig, target.context), target.namespace)

    def close(self) -> None:
        """Drop all connections."""
        self.server.close()

    def require_namespace(self) -> Object | None:
        """Ask whether the cluster answers, knows the account and has the namespace; returns it, if that may be read.

        Raises:
            ServiceUnreachable: the API server does not answer.
            UnexpectedAnswer: what answers is no API server.
            PreconditionNotMet: there is no such namespace, or the account is not known or may read nothing in it.
        """
        try:
            found = self._call("GET", KINDS["Namespace"].path(name=self.namespace), timeout_s=CONNECT_TIMEOUT_S)
        except NoData as error:
            raise PreconditionNotMet(
                f"context {self.context} has no namespace {self.namespace}",
                next_step=f"{self.server.access.kubectl} get namespaces",
            ) from error
        except AccessDenied:
            self._require_any_right()
            return None
        if found.get("kind") != "Namespace":
            raise no_api_server(self.server.access.server, "get", "namespaces", "something else")
        return found

    def _require_any_right(self) -> None:
        try:
            self.list("pods", limit=1)
        except AccessDenied as error:
            raise PreconditionNotMet(
                f"the account of context {self.context} can read nothing in namespace {self.namespace}: "
                "there is no such namespace, or no right in it",
                next_step=f"{self.server.access.kubectl} auth can-i list pods -n {self.namespace}",
            ) from error

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """An object of a kind of the table, in the pipeline's own namespace or another one; None: there is none."""
        try:
            return self._call("GET", kind_of(kind).path(namespace or self.namespace, name))
        except NoData:
            return None

    def logs(
        self,
        pod: str,
        container: str,
        *,
        lines: int,
        since: int | None = None,
        previous: bool = False,
        timestamps: bool = True,
    ) -> list[str]:
        """The last ``lines`` log lines of a container, each ``<RFC3339 time> text`` or without the time.

        Args:
            since: seconds to look back at most.
            previous: the lines of the container's life before its last restart.
        """
        query = [
            *(("container", container), ("tailLines", str(lines)), ("timestamps", str(timestamps).lower())),
            *(("limitBytes", str(MAX_LOG_BYTES)), ("previous", str(previous).lower())),
            *([("sinceSeconds", str(since))] if since else []),
        ]
        text = self.server.ask("GET", self._path("Pod", pod, "log"), query=query, home=self.namespace)
        return text.decode("utf-8", "replace").splitlines()

    def _pages(self, path: str, query: dict[str, str], timeout_s: float) -> Iterator[list[Object]]:
        """A list in parts, so that thousands of objects are never in memory at once."""
        token = ""
        while True:
            asked = {**query, **({"continue": token} if token else {})}
            answer = self._call("GET", path, query=list(asked.items()), timeout_s=timeout_s)
            items = answer.get("items", "none")
            items = [] if items is None else items  # as an empty list may come
            before, token = token, (answer.get("metadata") or {}).get("continue") or ""
            good = isinstance(items, list) and all(isinstance(item, dict) and "metadata" in item for item in items)
            if not good or (token and token == before):
                raise no_api_server(self.server.access.server, *asked_of("GET", path, self.namespace), "no list")
            yield items
            if not token:
                return

    def list(
        self,
        kind: str,
        *,
        limit: int | None = None,
        timeout_s: float = 0.0,
        namespace: str = "",
        selector: str = "",
        managed: bool = False,
        shape: Callable[[Object], Object | None] | None = None,
    ) -> list[Object]:
        """All objects of a kind of the table, as raw JSON.

        Args:
            limit: the first so many only.
            timeout_s: to wait for each part of the answer; 0: as long as a read may take.
            namespace: another one than the pipeline's own.
            selector: which labels they must have.
            managed: keep managedFields, which say who set what; they are half of an object's size.
            shape: what is kept of an object, from its arrival on; None leaves it out.
        """
        path = kind_of(kind).path(namespace or self.namespace)
        query = {"limit": str(limit or PAGE), **({"labelSelector": selector} if selector else {})}
        found: list[Object] = []
        for page in self._pages(path, query, timeout_s):
            for item in page:
                if not managed:
                    item["metadata"].pop("managedFields", None)
                kept = shape(item) if shape else item
                if kept is not None:
                    found.append(kept)
            if limit:
                break
        return found

    def _path(self, kind: str, name: str, part: str = "") -> str:
        return kind_of(kind).path(self.namespace, name, part)

    def _call(self, method: str, path: str, *more: Any, **options: Any) -> Object:
        """As ``ApiServer.ask``, for an answer that has to be a JSON object."""
        data = self.server.ask(method, path, *more, home=self.namespace, **options)
        try:
            answer = json.loads(data)
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            return answer
        what = "a web page" if is_page(data) else "no JSON object"
        raise no_api_server(self.server.access.server, *asked_of(method, path, self.namespace), what)


class WritableCluster(Cluster):
    """The same, and what changes it."""

    def call(self, method: str, path: str, body: Any = None, content_type: str = JSON) -> Any:
        """One request to any path; returns the decoded answer."""
        return self._call(method, path, body, content_type)

    def apply(self, manifest: Mapping[str, Any]) -> Object:
        """Make an object what the manifest says, where it says, taking its fields from whoever else set them."""
        metadata = manifest["metadata"]
        path = KINDS[manifest["kind"]].path(metadata.get("namespace", self.namespace), metadata["name"])
        return self._call("PATCH", f"{path}?fieldManager={FIELD_MANAGER}&force=true", manifest, APPLY_PATCH)

    def merge(self, kind: str, name: str, patch: Mapping[str, Any], part: str = "") -> Object:
        """Change some fields of an object, or of its subresource ``part``."""
        return self._call("PATCH", f"{self._path(kind, name, part)}?fieldManager={FIELD_MANAGER}", patch, MERGE_PATCH)

    def create(self, kind: str, name: str, part: str, body: Mapping[str, Any]) -> Object:
        """Post to a subresource of an object."""
        return self._call("POST", self._path(kind, name, part), body)

    def delete(self, kind: str, name: str, *, orphans: bool = False, grace: int | None = None) -> None:
        """Delete an object, if it is there; what it owns goes with it, or with ``orphans`` stays.

        Args:
            grace: seconds that its pods have to end; None: what they say themselves.
        """
        options: Object = {"propagationPolicy": "Orphan" if orphans else "Background"}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            self._call("DELETE", self._path(kind, name), options)
        except NoData:
            return
