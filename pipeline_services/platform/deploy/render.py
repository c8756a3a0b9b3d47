"""From the checkout's manifests to the objects to apply: kustomize, then the images that were built."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from pipeline_services.clients.failures import CommandFailed, PlatformError, ToolMissing
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.paths import REPOSITORY

OVERLAY: Final = REPOSITORY / "manifests" / "overlays" / "kind"
REGISTRY: Final = "localhost/conveyor/"
TIMEOUT: Final = 30.0

Manifest = dict[str, Any]


def render(kubectl: str, images: Mapping[str, str], overlay: Path = OVERLAY) -> list[Manifest]:
    """What the checkout says, with every image's full name filled in.

    Args:
        images: name of an image, as in ``localhost/conveyor/NAME``, to its full reference.

    Raises:
        ToolMissing: there is no such kubectl.
        CommandFailed: the manifests are not right.
        PlatformError: a manifest asks for an image that is not built.
    """
    return fill_images(parse(kustomize(kubectl, overlay)), images)


def kustomize(kubectl: str, overlay: Path = OVERLAY) -> str:
    """The rendered manifests as one YAML text."""
    try:
        done = subprocess.run(
            [kubectl, "kustomize", str(overlay)], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except FileNotFoundError as error:
        raise ToolMissing(f"{kubectl} is not there", next_step="install kubectl") from error
    if done.returncode:
        raise CommandFailed("kubectl kustomize", done.returncode, done.stderr.strip())
    return done.stdout


def parse(text: str) -> list[Manifest]:
    """All objects of a YAML text."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [manifest for manifest in yaml.load_all(text, Loader=loader) if manifest]


def fill_images(manifests: list[Manifest], images: Mapping[str, str]) -> list[Manifest]:
    """Put the built references in, in place."""
    for manifest in manifests:
        for container in containers(manifest):
            name = container["image"].removeprefix(REGISTRY)
            if name not in images:
                raise PlatformError(f"{manifest['metadata']['name']} asks for an image that is not built: {name}")
            container["image"] = images[name]
    return manifests


def containers(manifest: Mapping[str, Any]) -> Iterator[Manifest]:
    """The containers of a workload, init containers included; none for any other kind."""
    if is_workload(manifest):
        pod = manifest["spec"]["template"]["spec"]
        yield from pod.get("initContainers", [])
        yield from pod["containers"]


def is_workload(manifest: Mapping[str, Any]) -> bool:
    """Whether it makes pods."""
    return KINDS[manifest["kind"]].workload


def reads(manifest: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The ConfigMaps and Secrets that a workload's pods read, as (kind, name)."""
    found: set[tuple[str, str]] = set()
    for container in containers(manifest):
        for source in container.get("envFrom", []):
            found |= _references(source, "configMapRef", "secretRef")
        for variable in container.get("env", []):
            found |= _references(variable.get("valueFrom", {}), "configMapKeyRef", "secretKeyRef")
    for volume in manifest["spec"]["template"]["spec"].get("volumes", []):
        if "configMap" in volume:
            found.add(("ConfigMap", volume["configMap"]["name"]))
        if "secret" in volume:
            found.add(("Secret", volume["secret"]["secretName"]))
    return found


def _references(source: Mapping[str, Any], config_map: str, secret: str) -> set[tuple[str, str]]:
    kinds = {config_map: "ConfigMap", secret: "Secret"}
    return {(kind, source[key]["name"]) for key, kind in kinds.items() if key in source}
