"""What a fault needs: the API with the rights to change it, and the node through the container engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline_services.clients import engine as engines
from pipeline_services.clients.engine import Engine
from pipeline_services.clients.kubeconfig import Access
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.faults.node_shell import NodeShell
from pipeline_services.model.errors import NotApplicable
from pipeline_services.model.paths import Cache, cache_root


class KindNode:
    """The one node of the suite's own cluster, a container of the engine."""

    def __init__(self, engine: Engine, container: str) -> None:
        self._shell = NodeShell([str(engine.program), "exec", "-i", container, "sh"], engine.env)

    @classmethod
    def of(cls, cluster: str) -> KindNode:
        return cls(engines.find(Cache(cache_root()), lambda _note: None), f"{cluster}-control-plane")

    def on_node(self, words: Sequence[str]) -> str:
        """Run a program as root on the node; returns what it wrote. Raises as ``NodeShell.run``."""
        return self._shell.run(words)

    def close(self) -> None:
        """End the shell on the node."""
        self._shell.close()


OUT_OF_REACH: Final = "only the suite's own kind cluster lets a program run on its node"


class Admin(WritableCluster):
    """One cluster with the rights to change it. ``node`` is there for the suite's own cluster only."""

    def __init__(self, access: Access, namespace: str, node: KindNode | None = None) -> None:
        super().__init__(access, namespace)
        self._node = node

    def on_node(self, words: Sequence[str]) -> str:
        """As ``KindNode.on_node``. Raises NotApplicable where this is not the suite's own cluster."""
        if self._node is None:
            raise NotApplicable(OUT_OF_REACH)
        return self._node.on_node(words)

    def close(self) -> None:
        """Drop all connections."""
        super().close()
        if self._node is not None:
            self._node.close()
