"""The hands of a fault: the API with the administrator's rights, and the node through the container engine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import urllib3

from pipeline_services.clients import engine as engines
from pipeline_services.clients.engine import Engine
from pipeline_services.clients.kubeconfig import Access
from pipeline_services.clients.kubernetes import one_line, refused
from pipeline_services.faults.model import Conflict
from pipeline_services.faults.node_shell import NodeShell
from pipeline_services.model.errors import PreconditionNotMet, ServiceUnreachable
from pipeline_services.model.paths import Cache, cache_root

TIMEOUT: Final = urllib3.Timeout(connect=3.0, read=10.0)


class KindNode:
    """The one node of the suite's own cluster, a container of the engine."""

    def __init__(self, engine: Engine, container: str) -> None:
        self._shell = NodeShell([str(engine.program), "exec", "-i", container, "sh"], engine.env)

    @classmethod
    def of(cls, cluster: str) -> KindNode:
        """The node of the kind cluster of that name."""
        return cls(engines.find(Cache(cache_root()), lambda _note: None), f"{cluster}-control-plane")

    def on_node(self, words: Sequence[str]) -> str:
        """Run a program as root on the node; returns what it wrote. Raises as ``NodeShell.run``."""
        return self._shell.run(words)

    def close(self) -> None:
        """End the shell on the node."""
        self._shell.close()


class Admin:
    """One cluster with the rights to change it. ``node`` is there for the suite's own cluster only."""

    def __init__(self, access: Access, node: KindNode | None = None) -> None:
        options: dict[str, Any] = {"retries": False, "ssl_context": access.tls()}
        if access.server_name:
            options |= {"server_hostname": access.server_name, "assert_hostname": access.server_name}
        self._http = urllib3.PoolManager(num_pools=1, maxsize=4, **options)
        self._host = access.server
        self._headers = {"Authorization": f"Bearer {access.token}"} if access.token else {}
        self._node = node

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """One request; returns the decoded answer.

        Raises:
            ServiceUnreachable: the API server does not answer.
            NoData: there is no such object.
            Conflict: there is one already.
            PipelineError: any other refusal.
        """
        headers = {**self._headers, "Accept": "application/json", "Content-Type": content_type}
        data = None if body is None else json.dumps(body).encode()
        try:
            reply = self._http.request(method, self._host + path, body=data, headers=headers, timeout=TIMEOUT)
        except urllib3.exceptions.HTTPError as error:
            raise ServiceUnreachable(f"the API server {self._host} does not answer: {one_line(error)}") from error
        where = path.partition("?")[0]
        if reply.status == 409:
            raise Conflict(f"{method} {where}: {one_line(reply.data.decode(errors='replace'))}")
        if reply.status >= 300:
            raise refused(reply.status, reply.data, method, where)
        return json.loads(reply.data)

    def on_node(self, words: Sequence[str]) -> str:
        """As ``KindNode.on_node``.

        Raises:
            PreconditionNotMet: this is not the suite's own cluster.
        """
        if self._node is None:
            raise PreconditionNotMet("only the suite's own kind cluster lets a program run on its node")
        return self._node.on_node(words)

    def close(self) -> None:
        """Drop all connections."""
        self._http.clear()
        if self._node is not None:
            self._node.close()
