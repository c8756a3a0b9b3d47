"""Do the workloads run the version that is declared, one of what they share, and from one registry? Pure.

The manifests leave the tag open. A snapshot has the version with which it begins, of each image whose version the
checkout names; what stands behind it is the build's. The apps have none: a candidate of theirs may be on trial.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.judgements.comparison import Difference
from pipeline_services.judgements.drift import WORKLOADS
from pipeline_services.model import own_cluster
from pipeline_services.model.k8s import (
    K8sObject,
    condition,
    containers_of,
    created_at,
    epoch,
    init_containers_of,
    name_of,
    template_of,
)
from pipeline_services.model.kinds import KINDS
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

_BUILD: Final = re.compile(r"-[0-9a-f]{8}$")


@dataclass(frozen=True, slots=True)
class _Image:
    """The image of a container, as it is declared and as it is live, and when its workload was changed last.

    ``declared`` is without a tag; ``version`` is what the tag of one of the suite's begins with, empty if nobody says.
    """

    workload: str
    container: str
    declared: str
    version: str
    live: str
    changed: float


def other_versions(snapshot: Snapshot) -> Mapping[str, list[Difference]]:
    """By workload, each image that is of another version than is declared, or of another version or registry than that
    of the others.

    Where two differ it is the one that was changed last; of several registries it is the one of the fewest.
    """
    images = list(_images(snapshot))
    found: dict[str, list[Difference]] = {}
    for one in images:
        if one.version and one.live.startswith(f"{one.declared}:") and _version(one.live) != one.version:
            found.setdefault(one.workload, []).append(_difference(one, f"{one.declared}:{one.version}"))
    for same in _grouped(images, lambda one: one.declared):
        first = min(same, key=lambda one: one.changed)
        for one in same:
            if one.live != first.live and one.workload not in found:
                found.setdefault(one.workload, []).append(_difference(one, first.live))
    for same in _grouped(images, lambda one: _registry(one.declared)):
        usual = Counter(_registry(one.live) for one in same).most_common(1)[0][0]
        for one in same:
            if _registry(one.live) != usual and one.workload not in found:
                found[one.workload] = [_difference(one, f"{usual}/{one.live.rpartition('/')[2]}")]
    return found


def _images(snapshot: Snapshot) -> Iterator[_Image]:
    for item in (one for one in snapshot.data("declared") if one["kind"] in WORKLOADS):
        live = named(snapshot, KINDS[item["kind"]].source, name_of(item))
        if live is None:
            continue
        wanted = _by_container(item)
        for container, image in _by_container(live).items():
            if container in wanted:
                declared = _without_tag(wanted[container])
                tag = wanted[container].removeprefix(declared).removeprefix(":")
                is_own = declared.startswith(own_cluster.IMAGES_PREFIX) and not _BUILD.search(tag)
                yield _Image(name_of(item), container, declared, tag if is_own else "", image, _changed(live))


def _by_container(workload: K8sObject) -> dict[str, str]:
    template: Mapping[str, Any] = template_of(workload)
    return {str(one["name"]): str(one["image"]) for one in (*init_containers_of(template), *containers_of(template))}


def _changed(workload: K8sObject) -> float:
    updated = condition(workload, "Progressing").get("lastUpdateTime")
    return epoch(updated) if updated else created_at(workload)


def _grouped(images: Iterable[_Image], key: Callable[[_Image], str]) -> list[list[_Image]]:
    groups: dict[str, list[_Image]] = {}
    for one in images:
        groups.setdefault(key(one), []).append(one)
    return list(groups.values())


def _difference(image: _Image, usual: str) -> Difference:
    return Difference(f"containers[{image.container}].image", image.live, usual)


def _registry(image: str) -> str:
    return image.rpartition("/")[0]


def _version(image: str) -> str:
    """The tag without the mark of its build."""
    return _BUILD.sub("", image.rpartition(":")[2])


def _without_tag(image: str) -> str:
    registry, _, name = image.rpartition("/")
    return f"{registry}/{name.partition('@')[0].partition(':')[0]}"
