"""Everything that can be built, put together: toolchains, programs, images, the node."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from pipeline_services.clients.engine import Engine
from pipeline_services.model.paths import Cache
from pipeline_services.platform.build import grafana, node, packages, sources, toolchains
from pipeline_services.platform.build.compile import Workshop
from pipeline_services.platform.build.graph import FETCH, Graph, Job, Step
from pipeline_services.platform.build.images import BAKED, LOADED, Images, lay
from pipeline_services.platform.build.progress import Progress
from pipeline_services.platform.build.schedule import execute, time_left
from pipeline_services.platform.build.versions import Versions

CLI_STEP: Final = "cli"


@dataclass(frozen=True, slots=True)
class Assembly:
    """The graph of this checkout and what its steps work with."""

    cache: Cache
    workshop: Workshop
    images: Images
    graph: Graph

    @classmethod
    def of(cls, cache: Cache, versions: Versions, engine: Engine) -> Assembly:
        """Put the graph together; nothing runs yet."""
        workshop = Workshop(cache, versions)
        images = Images(engine, workshop)
        graph = Graph.of(
            [
                *toolchains.steps(cache, versions),
                *workshop.go_steps(),
                *sources.steps(workshop),
                *packages.steps(workshop),
                *grafana.steps(workshop),
                _cli_step(workshop),
                *images.steps(),
                *node.steps(images),
            ]
        )
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
        return self.images.refs((*BAKED, *LOADED), self.graph)

    def ref(self, name: str) -> str:
        """The full name of one image."""
        return self.images.refs([name], self.graph)[name]

    def node_image(self) -> str:
        """The full name of the node's image."""
        return node.tag(self.images, node.NODE_STEP, self.graph.key(node.NODE_STEP))


def _cli_step(workshop: Workshop) -> Step:
    """One folder for PATH, with kind and kubectl."""

    def make(job: Job, out: Path) -> None:
        lay(workshop.output("cluster-tools", job.inputs["cluster-tools"]) / "kind", out / "kind")
        lay(workshop.output("kubernetes", job.inputs["kubernetes"]) / "kubernetes", out / "kubectl")

    return workshop.folder_step(
        CLI_STEP, FETCH, 1, make, needs=("kubernetes", "cluster-tools"), files=(), salt=("kind", "kubectl")
    )
