"""The projects' own images: their names, and what is still built where they are taken.

By the projects' public documentation and Dockerfiles. Only kind names a digest with its release; the others go by tags.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline_services.clients.engine import Engine
from pipeline_services.platform.build.compile import Workshop
from pipeline_services.platform.build.graph import FETCH, Job, Step
from pipeline_services.platform.build.images import BAKED, CLI_STEP, LOADED, RECIPES, Images, Recipe, lay
from pipeline_services.platform.build.origin import Origin
from pipeline_services.platform.build.versions import Versions

KAFKA: Final = "upstream-kafka"
NODE: Final = "upstream-node"
AGENT: Final = "kafka-jars"
NODE_STEP: Final = "image-node-base"
_INSIDE_NODE: Final = ("system", "coredns")
"""Of what is built from packages, what kind's own node has in it."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """An image that a project publishes.

    Attributes:
        registry: where.
        path: its name there.
        component: its version, with ``v`` before it where ``sign`` says so, is the tag.
    """

    registry: str
    path: str
    component: str
    sign: str = ""

    def tag(self, versions: Versions) -> str:
        return f"{self.sign}{versions.of(self.component)}"

    def ref(self, versions: Versions, origin: Origin) -> str:
        """The full name to pull it by; a registry on this machine has what was pushed there, under its tag."""
        digest = versions.components[self.component].digest
        end = f"@{digest}" if digest and not origin.is_local else f":{self.tag(versions)}"
        return f"{origin.mirror or self.registry}/{self.path}{end}"


PULL_S: Final = 30.0
_HUB: Final = "docker.io"
UPSTREAM: Final = {
    KAFKA: Upstream(_HUB, "apache/kafka", "kafka"),
    "influxdb": Upstream(_HUB, "library/influxdb", "influxdb"),
    "prometheus": Upstream(_HUB, "prom/prometheus", "prometheus", "v"),
    "grafana": Upstream(_HUB, "grafana/grafana", "grafana"),
    "loki": Upstream(_HUB, "grafana/loki", "loki"),
    "log-shipper": Upstream(_HUB, "otel/opentelemetry-collector-contrib", "log-shipper"),
    "kube-router": Upstream(_HUB, "cloudnativelabs/kube-router", "kube-router", "v"),
    "local-path-provisioner": Upstream(_HUB, "rancher/local-path-provisioner", "local-path-provisioner", "v"),
    "metrics-server": Upstream("registry.k8s.io", "metrics-server/metrics-server", "metrics-server", "v"),
    NODE: Upstream(_HUB, "kindest/node", "kubernetes", "v"),
}
"""By the name of the image here."""
_EXTENDED: Final = (
    Recipe("kafka", "kafka", 5, (AGENT,), on=KAFKA, where="upstream/kafka"),
    Recipe(
        "node-base",
        "kubernetes",
        30,
        on=NODE,
        sources=("manifests/images/node-base/audit-policy.yaml", "manifests/cluster/storage-class.yaml"),
        where="upstream/node",
    ),
)
"""What needs more than its project's image has."""
_ABSENT: Final = {*UPSTREAM, *_INSIDE_NODE, *(recipe.name for recipe in _EXTENDED)}
BUILT: Final = (*_EXTENDED, *(recipe for recipe in RECIPES if recipe.name not in _ABSENT))
"""The recipes of what no project publishes: the apps and what they stand on, the suite, what somebody added."""
BROUGHT: Final = tuple(name for name in (*BAKED, *LOADED) if name not in _INSIDE_NODE)
"""What is loaded into a node."""


def pulled_for(name: str) -> str:
    """The pulled image that an image is, or stands on; empty where there is none."""
    on = next((recipe.on for recipe in _EXTENDED if recipe.name == name), name)
    return on if on in UPSTREAM else ""


def images(engine: Engine, workshop: Workshop) -> Images:
    """The images of this way: the recipes that are left, and the versions of what is pulled."""
    return Images(engine, workshop, BUILT, {name: one.component for name, one in UPSTREAM.items()})


def steps(made: Images, origin: Origin) -> list[Step]:
    """A pull for each image, and the folder for PATH, with the node's own kubectl."""
    return [*(_pull_step(made, name, one, origin) for name, one in UPSTREAM.items()), _cli_step(made)]


def _pull_step(made: Images, name: str, image: Upstream, origin: Origin) -> Step:
    versions = made.workshop.versions
    ref = image.ref(versions, origin)

    def pull(job: Job) -> None:
        tag = made.tag(name, job.key)
        made.engine.pull(ref, job.log, over_http=origin.is_local)
        made.engine.run("tag", ref, tag, log=job.log)
        made.engine.forget(ref)
        made.built(tag)

    return Step(
        f"image-{name}",
        FETCH,
        PULL_S,
        done=lambda key: made.present(made.tag(name, key)),
        run=pull,
        salt=(ref, *((versions.renewed,) if versions.renewed else ())),
    )


def _cli_step(made: Images) -> Step:
    """One folder for PATH, with the kind that is compiled and the kubectl that the node has."""
    workshop = made.workshop

    def make(job: Job, out: Path) -> None:
        lay(workshop.output("kind", job.inputs["kind"]) / "kind", out / "kind")
        node = made.tag("node-base", job.inputs[NODE_STEP])
        copy = ("--entrypoint", "cp", node, "--dereference", "/usr/bin/kubectl", "/out/kubectl")
        made.engine.run("run", "--rm", "--network=none", "--volume", f"{out}:/out", *copy, log=job.log)

    return workshop.folder_step(CLI_STEP, FETCH, 3, make, needs=("kind", NODE_STEP), files=(), salt=("kind", "kubectl"))
