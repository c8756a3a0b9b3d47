"""Everything that can be built, put together: toolchains, programs, images, the node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline_services.clients.engine import Engine
from pipeline_services.model.paths import Cache
from pipeline_services.platform.build import grafana, node, packages, sources, toolchains, upstream
from pipeline_services.platform.build.compile import Workshop
from pipeline_services.platform.build.graph import FETCH, Graph, Job, Step
from pipeline_services.platform.build.images import BAKED, CLI_STEP, LOADED, Images, lay
from pipeline_services.platform.build.origin import FROM_PACKAGES, Origin
from pipeline_services.platform.build.progress import Progress
from pipeline_services.platform.build.schedule import execute, time_left
from pipeline_services.platform.build.versions import Versions


@dataclass(frozen=True, slots=True)
class Assembly:
    """The graph of this checkout and what its steps work with.

    Attributes:
        names: the images that a node has to have, by short name.
        loaded: those of them that the node's own image has not got.
        node_step: makes the node's image.
    """

    cache: Cache
    workshop: Workshop
    images: Images
    graph: Graph
    origin: Origin = FROM_PACKAGES
    names: tuple[str, ...] = (*BAKED, *LOADED)
    loaded: tuple[str, ...] = LOADED
    node_step: str = node.NODE_STEP

    @classmethod
    def of(cls, cache: Cache, versions: Versions, engine: Engine, origin: Origin = FROM_PACKAGES) -> Assembly:
        """Put the graph together; nothing runs yet."""
        if origin.is_registry:
            workshop = Workshop(cache, versions.as_published())
            images = upstream.images(engine, workshop)
            graph = _graph(workshop, [*images.steps(), *upstream.steps(images, origin)])
            names = upstream.BROUGHT
            return cls(cache, workshop, images, graph, origin, names, names, upstream.NODE_STEP)
        workshop = Workshop(cache, versions)
        images = Images(engine, workshop)
        graph = _graph(workshop, [_cli_step(workshop), *images.steps(), *node.steps(images)])
        return cls(cache, workshop, images, graph)

    def build(self, todo: list[Step], progress: Progress) -> None:
        """Run the steps that are left for a goal.

        Raises:
            StepFailed, Interrupted: see :func:`execute`.
        """
        progress.estimate = partial(time_left, self.graph)
        execute(self.graph, todo, self.cache, progress)

    def image_refs(self) -> dict[str, str]:
        """The full names of all images of the pipeline and the cluster, by short name."""
        return self.images.refs(self.names, self.graph)

    def ref(self, name: str) -> str:
        """The full name of one image."""
        return self.images.refs([name], self.graph)[name]

    def node_image(self) -> str:
        """The full name of the node's image."""
        key = self.graph.key(self.node_step)
        if self.origin.is_registry:
            return self.images.tag("node-base", key)
        return node.tag(self.images, node.NODE_STEP, key)


def _graph(workshop: Workshop, images: Sequence[Step]) -> Graph:
    """The steps of images, with all that they may need."""
    made = [
        *toolchains.steps(workshop.cache, workshop.versions),
        *workshop.go_steps(),
        *sources.steps(workshop),
        *packages.steps(workshop),
        *grafana.steps(workshop),
    ]
    return Graph.of([*made, *images])


def _cli_step(workshop: Workshop) -> Step:
    """One folder for PATH, with kind and kubectl."""

    def make(job: Job, out: Path) -> None:
        lay(workshop.output("cluster-tools", job.inputs["cluster-tools"]) / "kind", out / "kind")
        lay(workshop.output("kubernetes", job.inputs["kubernetes"]) / "kubernetes", out / "kubectl")

    return workshop.folder_step(
        CLI_STEP, FETCH, 1, make, needs=("kubernetes", "cluster-tools"), files=(), salt=("kind", "kubectl")
    )
