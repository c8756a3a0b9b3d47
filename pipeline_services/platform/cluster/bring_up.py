"""The platform of this checkout on this machine: what is built, the cluster, the pipeline in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline_services.clients import engine as engines
from pipeline_services.clients.engine import Engine
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.platform.build import node, origin, preflight, versions
from pipeline_services.platform.build.assembly import Assembly
from pipeline_services.platform.build.images import CLI_STEP, PREFIX
from pipeline_services.platform.build.origin import FROM_PACKAGES, Origin
from pipeline_services.platform.build.progress import Progress
from pipeline_services.platform.cluster import kind_cluster
from pipeline_services.platform.cluster.access import ClusterAccess
from pipeline_services.platform.cluster.kind_cluster import ABSENT, RUNNING, KindCluster
from pipeline_services.platform.deploy import render
from pipeline_services.platform.deploy.deploy import deploy

Settle = Callable[[ClusterAccess, Progress], None]


@dataclass(frozen=True, slots=True)
class Platform:
    """One cluster by name, and everything it is made of."""

    cache: Cache
    progress: Progress
    assembly: Assembly
    cluster: KindCluster

    @classmethod
    def open(cls, name: str, progress: Progress) -> Platform:
        """Read the recipes, find the engine, installing it if need be, and decide where images come from.

        Raises:
            PreconditionNotMet: that is asked for in a way that makes no sense.
        """
        cache = Cache(cache_root())
        chosen = origin.decided(cache.origin(name), progress)
        return cls._with(engines.find(cache, progress), name, progress, cache, chosen)

    @classmethod
    def find(cls, name: str, progress: Progress) -> Platform | None:
        """The same without installing or asking anything; None where there is no engine."""
        cache = Cache(cache_root())
        engine, known = engines.present(cache), origin.known(cache.origin(name))
        return cls._with(engine, name, progress, cache, known or FROM_PACKAGES) if engine else None

    @classmethod
    def _with(cls, engine: Engine, name: str, progress: Progress, cache: Cache, chosen: Origin) -> Platform:
        assembly = Assembly.of(cache, versions.load(), engine, chosen)
        tools = assembly.workshop.output(CLI_STEP, assembly.graph.key(CLI_STEP))
        return cls(cache, progress, assembly, KindCluster.of(cache, name, engine, tools))

    def up(self, settle: Settle) -> ClusterAccess:
        """Bring cluster and pipeline to what the checkout says; ``settle`` waits for a new pipeline's first figures."""
        access, is_new = self.cluster.access, not self._recovered()
        if is_new:
            self._make()
        self._check_node()
        refs = self.assembly.image_refs()
        self.bring_images(refs)
        self._remember_origin()
        with self._timed("cluster's own parts"):
            self._apply_parts(refs, is_new)
        overlay = render.UPSTREAM if self.assembly.origin.is_registry else render.OVERLAY
        with self._timed("pipeline deployed"):
            deploy(access, refs, self.progress, overlay=overlay)
        self.cluster.wait_for(kind_cluster.OWN_WORKLOADS)
        if is_new:
            with self._timed("pipeline settled"):
                settle(access, self.progress)
        return access

    def down(self) -> bool:
        """Delete the cluster; False where there is none."""
        there = self.cluster.state() != ABSENT
        if there:
            self.cluster.delete()
        self.cluster.forget()
        return there

    def delete_images(self) -> int:
        """Delete every image that was built here; returns how many names that were."""
        ours = sorted(tag for tag in self.cluster.engine.images() if tag.startswith(f"{PREFIX}/"))
        if ours:
            self.cluster.engine.run("rmi", "--force", *ours)
        return len(ours)

    def status(self) -> list[str]:
        """What is there, a line for each thing."""
        graph, state = self.assembly.graph, self.cluster.state()
        missing = [step.name for step in graph.left(self._goals())]
        answers = state == RUNNING and self.cluster.tools.is_dir() and self.cluster.answers()
        engine = self.cluster.engine.program
        lines = [
            f"engine      {engine}",
            f"cache       {self.cache.root}",
            f"images      {self.assembly.origin.described}; "
            + (f"{len(missing)} steps to go: {', '.join(missing)}" if missing else "all there"),
            f"cluster     {self.cluster.access.name}: {state}{', API ready' if answers else ''}",
        ]
        if answers:
            lines.append(f"kubeconfig  {self.cluster.access.kubeconfig} (context {self.cluster.access.context})")
        return lines

    def _apply_parts(self, refs: dict[str, str], is_new: bool) -> None:
        parts = [*kind_cluster.PARTS]
        if is_new:
            self.cluster.apply(refs, parts)
            self.cluster.wait_for(kind_cluster.BEFORE_METRICS_API)
            parts.clear()
        self.cluster.apply(refs, [*parts, kind_cluster.METRICS_API])

    def _recovered(self) -> bool:
        """Whether there is a cluster, which then runs and answers."""
        if self.cluster.state() == ABSENT:
            return False
        self._build([CLI_STEP])
        with self._timed("cluster answers"):
            if self.cluster.recover():
                return True
        self.progress("a half-made cluster was left behind: it is made anew")
        self.cluster.delete()
        return False

    def _make(self) -> None:
        self._build([CLI_STEP, *self._goals()])
        self._remember_origin()  # before it is there: what is stopped from now on goes on with these images
        self.progress(f"creating the cluster {self.cluster.access.name}")
        with self._timed("cluster created"):
            self.cluster.create(self.assembly.node_image())

    def _remember_origin(self) -> None:
        origin.remember(self.assembly.origin, self.cache.origin(self.cluster.access.name))

    def _goals(self) -> list[str]:
        """The steps that make the node's image, and what it does not hold."""
        return [self.assembly.node_step, *(f"image-{name}" for name in self.assembly.loaded)]

    def _build(self, goals: list[str]) -> None:
        todo = self.assembly.graph.left(goals)
        if todo:
            preflight.check(self.assembly.workshop, todo)
            self.assembly.build(todo, self.progress)

    def _check_node(self) -> None:
        if self.cluster.node_base() != self.assembly.graph.key("image-node-base"):
            self.progress("the cluster is made from another version of the node or of Kubernetes: make down && make up")

    def bring_images(self, refs: Mapping[str, str]) -> None:
        """Load what the node has not got yet, or not in this version; full names by short names."""
        there = node.loaded(self.cluster.engine, self.cluster.container)
        missing = {name: ref for name, ref in refs.items() if ref not in there}
        if not missing:
            return
        self._build([f"image-{name}" for name in missing])
        self.progress(f"loading into the node: {', '.join(missing)}")
        with self._timed("images loaded"):
            node.load(self.cluster.engine, self.cluster.container, list(missing.values()))

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.progress.timed(what, time.monotonic() - began)
