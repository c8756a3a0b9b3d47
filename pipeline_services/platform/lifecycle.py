"""What the commands do: up, ensure, status, down, clean."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline_services import names
from pipeline_services.platform import engine as engines
from pipeline_services.platform import lock, node, preflight, versions
from pipeline_services.platform.access import ClusterAccess
from pipeline_services.platform.assembly import CLI_STEP, Assembly
from pipeline_services.platform.failures import PlatformError
from pipeline_services.platform.images import BAKED, LOADED
from pipeline_services.platform.kind_cluster import ABSENT, KindCluster
from pipeline_services.platform.paths import Cache, cache_root
from pipeline_services.platform.progress import Durations, Progress


@dataclass(frozen=True, slots=True)
class Platform:
    """The platform of this checkout on this machine."""

    cache: Cache
    progress: Progress
    assembly: Assembly
    cluster: KindCluster

    @classmethod
    def open(cls, name: str, progress: Progress) -> Platform:
        """Find the engine, installing it if need be, and read the recipes."""
        cache = Cache(cache_root())
        engine = engines.find(cache, progress)
        assembly = Assembly.of(cache, versions.load(), engine)
        tools = assembly.workshop.output(CLI_STEP, assembly.graph.key(CLI_STEP))
        return cls(cache, progress, assembly, KindCluster.of(cache, name, engine, tools))

    def up(self) -> ClusterAccess:
        """Bring the cluster and the pipeline in it to what the checkout says."""
        there = self.cluster.state() != ABSENT
        if there:
            self._build([CLI_STEP])
            with self._timed("cluster started"):
                there = self.cluster.recover()
            if not there:
                self.progress("a half-made cluster was left behind; it is made anew")
                self.cluster.delete()
        if not there:
            self._make()
        self._check_node()
        self._bring_images()
        refs = self.assembly.image_refs()
        with self._timed("cluster parts applied"):
            self.cluster.apply_system(refs)
        with self._timed("pipeline deployed"):
            self._deploy(refs)
        with self._timed("cluster parts ready"):
            self.cluster.wait_for_system()
        return self.cluster.access

    def _make(self) -> None:
        self._build([CLI_STEP, node.NODE_STEP, *(f"image-{name}" for name in LOADED)])
        self.progress(f"creating the cluster {self.cluster.access.name}")
        with self._timed("cluster created"):
            self.cluster.create(self.assembly.node_image())

    def _build(self, goals: list[str]) -> None:
        todo = self.assembly.graph.left(goals)
        if todo:
            preflight.check(self.cache, todo)
        self.assembly.build(goals, self.progress)

    def _check_node(self) -> None:
        wanted = self.assembly.graph.key("image-node-base")
        if self.cluster.node_base() != wanted:
            self.progress("the node's recipe or Kubernetes' version has changed since the cluster was made: make down && make up")

    def _bring_images(self) -> None:
        """Load what the node has not got yet, or no longer in this version."""
        refs = self.assembly.image_refs()
        there = node.loaded(self.cluster.engine, self.cluster.container)
        missing = {name: ref for name, ref in refs.items() if ref not in there}
        if not missing:
            return
        self._build([f"image-{name}" for name in missing])
        self.progress(f"loading {', '.join(missing)} into the node")
        with self._timed("images loaded"):
            node.load(self.cluster.engine, self.cluster.container, list(missing.values()))

    def _deploy(self, refs: dict[str, str]) -> None:
        try:
            module = importlib.import_module("pipeline_services.platform.deploy")
        except ModuleNotFoundError as error:
            if error.name != "pipeline_services.platform.deploy":
                raise
            self.progress("no pipeline to deploy yet")
            return
        module.deploy(self.cluster.access, refs, self.progress)

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.progress.timed(what, time.monotonic() - began)


def up(name: str = names.CLUSTER, progress: Progress | None = None) -> ClusterAccess:
    """Build what is missing, create the cluster if there is none, deploy, repair drift."""
    cache = Cache(cache_root())
    progress = progress or Progress(Durations(cache.durations))
    with lock.held(cache.lock, f"make up, cluster {name}", progress):
        return Platform.open(name, progress).up()
