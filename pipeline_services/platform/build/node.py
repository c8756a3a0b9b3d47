"""The node's image: the node itself with every image but the apps' already in its containerd."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline_services.clients import shell
from pipeline_services.clients.engine import Engine
from pipeline_services.model.failures import CommandFailed
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.build.graph import FETCH, Job, Step
from pipeline_services.platform.build.images import BAKED, BAKED_FIRST, PREFIX, Images
from pipeline_services.platform.build.versions import Versions

NODE_STEP: Final = "node"
FIRST_STEP: Final = "node-first"
BASE_LABEL: Final = "conveyor.node-base"
REGISTRY: Final = "registry.k8s.io"
CTR: Final = ("ctr", "--namespace", "k8s.io", "images")
IMPORT_FLAGS: Final = ("import", "--no-unpack", "-")


def kubeadm_names(versions: Versions) -> dict[str, str]:
    """The names under which kubeadm and containerd look for the cluster's parts, each with the image that has it.

    kubeadm calls each part by its command, but for CoreDNS and the pause container: those two have to be what their
    images start.
    """
    kubernetes = f"v{versions.of('kubernetes')}"
    parts = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")
    system = [
        *(f"{REGISTRY}/{part}:{kubernetes}" for part in parts),
        f"{REGISTRY}/etcd:{versions.kubeadm_etcd}",
        *(f"{REGISTRY}/pause:{version}" for version in versions.kubeadm_pause),
    ]
    return {**dict.fromkeys(system, "system"), f"{REGISTRY}/coredns/coredns:{versions.kubeadm_coredns}": "coredns"}


def steps(images: Images) -> list[Step]:
    """Bake the images into the node's image, in two layers: the first while the last programs are compiled."""
    names = kubeadm_names(images.workshop.versions)
    first = Step(
        FIRST_STEP,
        FETCH,
        45,
        done=lambda key: images.present(tag(images, FIRST_STEP, key)),
        run=lambda job: _bake(images, job, "image-node-base", BAKED_FIRST, names),
        needs=("image-node-base", *(f"image-{name}" for name in BAKED_FIRST)),
        salt=tuple(f"{name} {image}" for name, image in names.items()),
    )
    rest = tuple(name for name in BAKED if name not in BAKED_FIRST)
    last = Step(
        NODE_STEP,
        FETCH,
        45,
        done=lambda key: images.present(tag(images, NODE_STEP, key)),
        run=lambda job: _bake(images, job, FIRST_STEP, rest, {}),
        needs=(FIRST_STEP, *(f"image-{name}" for name in rest)),
    )
    return [first, last]


def tag(images: Images, step: str, key: str) -> str:
    """The full name of the node's image, or of its first layer."""
    return f"{PREFIX}/{step}:v{images.workshop.versions.of('kubernetes')}-{key}"


def _bake(images: Images, job: Job, on: str, names: Sequence[str], more_names: Mapping[str, str]) -> None:
    """Start a container upon an image, load more images into its containerd, and keep it as the next image."""
    engine = images.engine
    is_first = on != FIRST_STEP
    base = images.tag("node-base", job.inputs[on]) if is_first else tag(images, on, job.inputs[on])
    tags = {name: images.tag(name, job.inputs[f"image-{name}"]) for name in names}
    container = f"conveyor-bake-{job.key}"
    if _exists(engine, container):
        engine.run("rm", "--force", container)
    command = ("--privileged", "--entrypoint", "sleep", base, "infinity")
    engine.run("run", "--detach", "--name", container, *command, log=job.log)
    try:
        engine.run("exec", "--detach", container, "containerd", log=job.log)
        wait_until(lambda: _answers(engine, container), within=30, what="containerd in the new node")
        load(engine, container, list(tags.values()), job)
        for name, image in more_names.items():
            engine.run("exec", container, *CTR, "tag", tags[image], name, log=job.log)
        engine.run("exec", container, "pkill", "--exact", "containerd", log=job.log)
        wait_until(lambda: not _answers(engine, container), within=30, what="containerd in the new node to end")
        changes = ['ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]']
        if is_first:
            changes.append(f"LABEL {BASE_LABEL}={job.inputs[on]}")
        flags = [word for change in changes for word in ("--change", change)]
        engine.run("commit", *flags, container, tag(images, job.step, job.key), log=job.log)
    finally:
        engine.run("rm", "--force", *(("--time", "0") if engine.is_podman else ()), container)
    images.built(tag(images, job.step, job.key))


def _exists(engine: Engine, container: str) -> bool:
    names = engine.run("ps", "--all", "--format", "{{.Names}}")
    return container in names.split()


def _answers(engine: Engine, container: str) -> bool:
    try:
        engine.run("exec", container, "ctr", "version")
    except CommandFailed:
        return False
    return True


def load(engine: Engine, container: str, tags: Sequence[str], job: Job | None = None) -> None:
    """Bring images into the containerd of a node, streamed from the engine.

    Raises:
        CommandFailed: either end of the stream failed.
    """
    log = job.log if job else None
    with subprocess.Popen(
        engine.load_command(tags),
        stdout=subprocess.PIPE,
        env={**shell.environment(), **engine.env},
        start_new_session=True,
    ) as source:
        try:
            engine.run(
                "exec",
                "--interactive",
                container,
                *CTR,
                *IMPORT_FLAGS,
                stdin=source.stdout,
                log=log,
                what="loading images",
            )
        finally:
            if source.stdout:
                source.stdout.close()
            code = source.wait()
    if code != 0:
        raise CommandFailed(f"{engine.program.name} save", code, "", log)


def loaded(engine: Engine, container: str) -> set[str]:
    """The names of the images that a node has."""
    return set(engine.run("exec", container, *CTR, "ls", "-q").split())
