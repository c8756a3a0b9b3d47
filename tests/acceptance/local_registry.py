"""``python -m tests.acceptance.local_registry``: a registry on this machine that plays the public ones, until Ctrl-C.

In it are the images that this checkout builds, under the names of the projects' own and rearranged as those are: users,
paths, entrypoints, volumes. ``make up IMAGES=registry IMAGES_REGISTRY=localhost:5000`` then shows the probe, the pulls,
the two layers, the overlay and the node. That the projects' own images work it cannot show.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline_services.clients import engine as engines
from pipeline_services.clients import shell
from pipeline_services.model.arguments import Parser
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.model.signals import unwinding
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.build import node, preflight, versions
from pipeline_services.platform.build.assembly import Assembly
from pipeline_services.platform.build.origin import REGISTRY, Origin, answers
from pipeline_services.platform.build.progress import Durations, Progress
from pipeline_services.platform.build.upstream import KAFKA, NODE, UPSTREAM
from pipeline_services.platform.cluster import lock

PORT: Final = 5000
PROGRAM: Final = "registry"
STARTED_WITHIN_S: Final = 20
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
REARRANGED: Final = {
    KAFKA: (
        "RUN rm /opt/kafka/jmx_prometheus_javaagent.jar",
        f"ENV PATH={_PATH}",
        'VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]',
        "USER 1000:1000",
    ),
    "influxdb": (
        "ENV INFLUX_CONFIGS_PATH=/etc/influxdb2/influx-configs",
        'VOLUME ["/var/lib/influxdb2", "/etc/influxdb2"]',
        'ENTRYPOINT ["/entrypoint.sh"]',
    ),
    "prometheus": (
        "RUN mv /usr/local/bin/prometheus /bin/",
        'VOLUME ["/prometheus"]',
        "USER 65534",
        'ENTRYPOINT ["/bin/prometheus"]',
    ),
    "grafana": (
        "RUN mkdir -p /usr/share/grafana/bin /var/log/grafana && mv /usr/local/bin/grafana /usr/share/grafana/bin/",
        f"ENV PATH=/usr/share/grafana/bin:{_PATH} GF_PATHS_LOGS=/var/log/grafana GF_PATHS_HOME=/usr/share/grafana",
        "USER 472",
        'ENTRYPOINT ["/run.sh"]',
    ),
    "loki": ("RUN mv /usr/local/bin/loki /usr/bin/", "USER 10001", 'ENTRYPOINT ["/usr/bin/loki"]'),
    "log-shipper": (
        "RUN mv /usr/local/bin/otelcol /otelcol-contrib",
        "USER 10001:10001",
        'ENTRYPOINT ["/otelcol-contrib"]',
    ),
    "kube-router": (),
    "local-path-provisioner": (),
    "metrics-server": (
        "RUN ln -s /usr/local/bin/kubernetes /metrics-server && rm /usr/local/bin/metrics-server",
        "USER 65534",
        'ENTRYPOINT ["/metrics-server"]',
    ),
    NODE: (
        "RUN rm /etc/kubernetes/audit-policy.yaml /kind/manifests/default-storage.yaml /opt/cni/bin/bridge"
        " && sed -i 's#restrict_oom_score_adj = true#restrict_oom_score_adj = false#' /etc/containerd/config.toml",
    ),
}
"""By the name in :data:`UPSTREAM`, how an image from packages becomes like the one that its project publishes."""


def dockerfile(name: str) -> str:
    """The rearrangement of one image."""
    return "\n".join(["ARG BASE", "FROM ${BASE}", "USER 0", *REARRANGED[name], ""])


def bases(built: Assembly) -> dict[str, str]:
    """The full name of the image from packages that each is made of; the node's has Kubernetes' own images in it."""
    own = {name: built.ref("kafka" if name == KAFKA else name) for name in UPSTREAM if name != NODE}
    return {**own, NODE: node.tag(built.images, node.FIRST_STEP, built.graph.key(node.FIRST_STEP))}


def push(built: Assembly, place: Origin, say: Callable[[str], None]) -> None:
    """Bring every image into the registry, and leave none of them here.

    Raises:
        CommandFailed: one could not be made or was not taken.
    """
    engine, published = built.images.engine, built.workshop.versions.as_published()
    flags = ("--tls-verify=false",) if engine.is_podman else ()
    for name, base in bases(built).items():
        ref = UPSTREAM[name].ref(published, place)
        say(f"pushing {ref}")
        with tempfile.TemporaryDirectory(dir=built.cache.work) as folder:
            (Path(folder) / "Dockerfile").write_text(dockerfile(name), encoding="utf-8")
            engine.build(Path(folder), ref, {"BASE": base}, built.cache.logs / "local-registry.log")
        engine.run("push", "--quiet", *flags, ref)
        engine.forget(ref)


@contextmanager
def served(program: Path, folder: Path, port: int = PORT) -> Iterator[Origin]:
    """A registry within the block, with what is pushed into it in ``folder``."""
    place = Origin(REGISTRY, f"localhost:{port}")
    config = folder / "config.json"  # which is YAML, too
    settings = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    config.write_text(json.dumps(settings), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", config], stdout=log, stderr=log, start_new_session=True)
        try:
            wait_until(lambda: answers(place), within=STARTED_WITHIN_S, what="the registry to answer")
            yield place
        finally:
            shell.end(process)


def main() -> int:
    """Build what is missing, serve, push, and wait for Ctrl-C."""
    Parser(prog="python -m tests.acceptance.local_registry", description=main.__doc__).parse_args()
    cache = Cache(cache_root())
    progress = Progress(Durations(cache.durations))
    built = Assembly.of(cache, versions.load(), engines.find(cache, progress))
    with lock.held(cache.lock, "the local registry", progress):
        todo = built.graph.left([PROGRAM, node.FIRST_STEP, *(f"image-{name}" for name in built.names)])
        if todo:
            preflight.check(built.workshop, todo)
            built.build(todo, progress)
    program = built.workshop.output(PROGRAM, built.graph.key(PROGRAM)) / PROGRAM
    try:
        # Not in the cache, which `make clean` empties: what it serves has to outlive that.
        with unwinding(), tempfile.TemporaryDirectory() as folder, served(program, Path(folder)) as place:
            push(built, place, progress)
            progress(f"ready: make up IMAGES=registry IMAGES_REGISTRY={place.mirror}; Ctrl-C ends it")
            wait_until(lambda: False, within=math.inf, every=1.0, what="somebody to stop it")
    except KeyboardInterrupt:
        progress("the registry is gone, and what was in it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
