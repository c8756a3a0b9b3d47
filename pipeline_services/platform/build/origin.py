"""Where images come from: as their projects publish them, from a container registry, or built here from packages."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from pipeline_services.model.atomic import write_whole
from pipeline_services.model.say import Say
from pipeline_services.model.toml_table import require_one_of

AUTO: Final = "auto"
REGISTRY: Final = "registry"
PACKAGES: Final = "packages"
WAY: Final = "IMAGES"
"""The setting that says which; ``make up IMAGES=registry`` and the environment both set it."""
MIRROR: Final = "IMAGES_REGISTRY"
"""The setting that names a registry which has all of them, in place of the projects' own: ``host:port[/path]``."""
PUBLIC: Final = "registry-1.docker.io"
"""Has most of them, and is the one that is probed where no other is named."""
PROBED_WITHIN_S: Final = 3.0
_AT_HOME: Final = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Origin:
    """One way to get images. ``mirror``: the registry in place of the projects' own; empty: those themselves."""

    way: str = PACKAGES
    mirror: str = ""

    @property
    def is_registry(self) -> bool:
        return self.way == REGISTRY

    @property
    def is_local(self) -> bool:
        """Whether the registry runs on this machine: it talks plain HTTP, and has what was pushed into it."""
        return self.mirror.split("/")[0].split(":")[0] in _AT_HOME

    @property
    def host(self) -> str:
        """The registry that is probed."""
        return self.mirror.split("/")[0] or PUBLIC

    @property
    def described(self) -> str:
        """In words, for the terminal."""
        if not self.is_registry:
            return "built from packages"
        return f"the projects' own, from {self.mirror or 'their registries'}"


FROM_PACKAGES: Final = Origin()


def wanted(environment: Mapping[str, str]) -> tuple[str, str]:
    """The way that is asked for, and the mirror. Raises PreconditionNotMet where there is no such way."""
    way = environment.get(WAY) or AUTO
    require_one_of(WAY, way, (AUTO, REGISTRY, PACKAGES))
    return way, environment.get(MIRROR, "").strip("/")


def known(record: Path, environment: Mapping[str, str] = os.environ) -> Origin | None:
    """The origin that is asked for, or else that of the cluster that there is; None where neither says one.

    Args:
        record: what :func:`remember` wrote for the cluster.

    Raises:
        PreconditionNotMet: what is asked for makes no sense.
    """
    way, mirror = wanted(environment)
    if way != AUTO:
        return Origin(way, mirror if way == REGISTRY else "")
    if record.is_file():
        way, _, mirror = record.read_text(encoding="utf-8").strip().partition(" ")
        return Origin(way, mirror)
    was_there_before_it_was_kept = record.with_name("kubeconfig").is_file()
    return FROM_PACKAGES if was_there_before_it_was_kept else None


def decided(record: Path, note: Say, environment: Mapping[str, str] = os.environ) -> Origin:
    """The origin that is known, or else the one that a probe of the registry decides for; says which in a line.

    A cluster keeps the origin that it was made with: a network that comes and goes must not exchange every image.

    Raises:
        PreconditionNotMet: what is asked for makes no sense.
    """
    origin = known(record, environment)
    if origin is not None:
        note(f"images: {origin.described}")
        return origin
    asked = Origin(REGISTRY, wanted(environment)[1])
    origin, said = (asked, "answers") if answers(asked) else (FROM_PACKAGES, "does not answer")
    note(f"images: {origin.described}: the registry {asked.host} {said}")
    return origin


def remember(origin: Origin, record: Path) -> None:
    """Keep the origin with the cluster that was made with it."""
    write_whole(record, f"{origin.way} {origin.mirror}".strip().encode())


def answers(origin: Origin) -> bool:
    """Whether the registry does, by one request. Only what a registry says counts, not what a proxy says of it."""
    scheme = "http" if origin.is_local else "https"
    request = urllib.request.Request(f"{scheme}://{origin.host}/v2/", method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=PROBED_WITHIN_S):
            return True
    except urllib.error.HTTPError as error:
        return error.code == HTTPStatus.UNAUTHORIZED  # it wants a token, which the engine gets
    except (OSError, ValueError):
        return False
