"""From the checkout's manifests to the objects to apply: with the images that were built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pipeline_services.clients.manifests import Manifest, rendered
from pipeline_services.model.failures import PlatformError
from pipeline_services.model.k8s import containers_of, init_containers_of, name_of, references_of, template_of
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.paths import REPOSITORY

OVERLAY: Final = REPOSITORY / "manifests" / "overlays" / "kind"
UPSTREAM: Final = OVERLAY.with_name("registry")
"""For the projects' own images."""
REGISTRY: Final = "localhost/conveyor/"


def render(images: Mapping[str, str], overlay: Path = OVERLAY) -> list[Manifest]:
    """What the checkout says, with every image's full name filled in.

    Args:
        images: name of an image, as in ``localhost/conveyor/NAME``, to its full reference.

    Raises:
        PreconditionNotMet: the manifests cannot be read.
        PlatformError: a manifest asks for an image that is not built.
    """
    return fill_images(rendered(overlay), images)


def fill_images(manifests: list[Manifest], images: Mapping[str, str]) -> list[Manifest]:
    """Put the built references in, in place."""
    for manifest in manifests:
        for container in containers(manifest):
            name = container["image"].removeprefix(REGISTRY)
            if name not in images:
                raise PlatformError(f"{name_of(manifest)} asks for an image that is not built: {name}")
            container["image"] = images[name]
    return manifests


def containers(manifest: Mapping[str, Any]) -> Iterator[Manifest]:
    """The containers of a workload, init containers included; none for any other kind."""
    if is_workload(manifest):
        yield from init_containers_of(template_of(manifest))
        yield from containers_of(template_of(manifest))


def is_workload(manifest: Mapping[str, Any]) -> bool:
    """Whether it makes pods."""
    return KINDS[manifest["kind"]].workload


def reads(manifest: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The ConfigMaps and Secrets that a workload's pods cannot do without, as (kind, name)."""
    return {(one.kind, one.name) for one in references_of(template_of(manifest)) if not one.optional}
