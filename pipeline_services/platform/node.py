"""The node's image: the node itself with every image but the apps' already in its containerd."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Final

from pipeline_services.platform import shell
from pipeline_services.platform.engine import Engine
from pipeline_services.platform.failures import CommandFailed
from pipeline_services.platform.graph import FETCH, Job, Step
from pipeline_services.platform.images import BAKED, PREFIX, Images
from pipeline_services.platform.versions import Versions
from pipeline_services.waiting import wait_until

NODE: Final = "node"
NODE_STEP: Final = "node"
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


def step(images: Images) -> Step:
    """Bake the images into the node's image."""
    return Step(
        NODE_STEP,
        FETCH,
        60,
        done=lambda key: images.present(tag(images, key)),
        run=lambda job: _bake(images, job),
        needs=("image-node-base", *(f"image-{name}" for name in BAKED)),
        salt=tuple(f"{name} {image}" for name, image in kubeadm_names(images.workshop.versions).items()),
    )


def tag(images: Images, key: str) -> str:
    """The full name of the node's image."""
    return f"{PREFIX}/{NODE}:v{images.workshop.versions.of('kubernetes')}-{key}"


def _bake(images: Images, job: Job) -> None:
    engine = images.engine
    base = images.tag("node-base", job.inputs["image-node-base"])
    tags = {name: images.tag(name, job.inputs[f"image-{name}"]) for name in BAKED}
    container = f"conveyor-bake-{job.key}"
    engine.run("rm", "--force", container) if _exists(engine, container) else None
    engine.run(
        "run", "--detach", "--name", container, "--privileged", "--entrypoint", "sleep", base, "infinity", log=job.log
    )
    try:
        engine.run("exec", "--detach", container, "containerd", log=job.log)
        wait_until(lambda: _answers(engine, container), within=30, what="containerd in the new node")
        load(engine, container, list(tags.values()), job)
        for name, image in kubeadm_names(images.workshop.versions).items():
            engine.run("exec", container, *CTR, "tag", tags[image], name, log=job.log)
        engine.run("exec", container, "pkill", "--exact", "containerd", log=job.log)
        wait_until(lambda: not _answers(engine, container), within=30, what="containerd in the new node to end")
        changes = [
            'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]',
            f"LABEL {BASE_LABEL}={job.inputs['image-node-base']}",
        ]
        flags = [word for change in changes for word in ("--change", change)]
        engine.run("commit", *flags, container, tag(images, job.key), log=job.log)
    finally:
        engine.run("rm", "--force", "--time", "0", container) if engine.is_podman else engine.run(
            "rm", "--force", container
        )
    images.built(tag(images, job.key))


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
