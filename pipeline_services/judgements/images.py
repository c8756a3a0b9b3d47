"""Section 5's monthly review of the images: does what runs have the security patches that are offered? Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.upkeep import ANCHOR
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import K8sObject, containers_of, created_at, epoch, name_of, status_of, template_of
from pipeline_services.model.metrics.advice import Advice, advice_about
from pipeline_services.model.pipeline import DEPLOYMENT
from pipeline_services.model.text import duration
from pipeline_services.snapshot.objects import workload_of
from pipeline_services.snapshot.snapshot import Snapshot

SOURCE: Final = "offers"
VERSIONS: Final = "manifests/images/versions.toml"
SHOWN: Final = 3
KUBERNETES: Final = "kubernetes"


def image_is_current(snapshot: Snapshot, app: str) -> str:
    """The app runs what this checkout builds, and no registry has a newer patch of what is in it.

    Age alone is no finding: an image that nothing is newer than is not made better by being built again.

    Returns:
        What runs, since when, and what newer releases there are, in words.

    Raises:
        Deviation: another image runs, or a patch is offered.
        NoData: a registry has nothing to compare with, or could not be asked.
    """
    offers, said = snapshot.data(SOURCE), []
    for image in _images(workload_of(snapshot, app)):
        short = re.split(r"[:@]", image.rpartition("/")[2])[0]
        built = offers["images"].get(short)
        if built is None:
            raise NoData(f"this checkout does not build {image}, so there is nothing to compare it with")
        parts = {name: offers["parts"][name] for name in built["parts"]}
        _require_as_built(snapshot, app, image, built["ref"])
        _require_patched(snapshot, app, parts)
        _require_updated(snapshot, app, built.get("updates", ()))
        _require_known(app, {**parts, "Debian": built})
        source = f" from {built['source']}" if built.get("source") else ""
        said.append(f"{_described(image, parts)}{source}")
    return f"{'; '.join(said)}{_age(snapshot, app)}"


def cluster_is_current(snapshot: Snapshot) -> str:
    """The nodes run the Kubernetes that this checkout pins, and no registry has a newer patch of the cluster's parts.

    Returns:
        What runs and what newer releases there are, in words.

    Raises:
        Deviation: another Kubernetes runs, or a patch is offered.
        NoData: a registry has nothing to compare with, or could not be asked.
    """
    offers = snapshot.data(SOURCE)
    parts = {name: offers["parts"][name] for name in offers["cluster"]}
    pinned = f"v{parts[KUBERNETES]['pinned']}" if "pinned" in parts[KUBERNETES] else ""
    for node in snapshot.data("nodes"):
        runs = str(status_of(node).get("nodeInfo", {}).get("kubeletVersion", ""))
        if pinned and runs != pinned:
            advice = _advice(snapshot, "node", "make down && make up")
            raise Deviation(snapshot, f"{name_of(node)} runs Kubernetes {runs}", f"what is pinned, {pinned}", advice)
    _require_patched(snapshot, "node", parts)
    _require_known("the cluster", parts)
    return _described(f"Kubernetes {pinned}", parts)


def _require_known(what: str, parts: Mapping[str, Any]) -> None:
    unknown = [f"{name}: {part['error']}" for name, part in parts.items() if "error" in part]
    if unknown:
        raise NoData(
            f"{what}: there is nothing to compare with ({'; '.join(unknown)})",
            next_step="where the registries can be reached: pytest -m monthly",
        )


def _require_as_built(snapshot: Snapshot, app: str, image: str, built: str) -> None:
    if image != built:
        advice = _advice(snapshot, app, "make up")
        raise Deviation(snapshot, f"{app} runs {image}", f"what this checkout builds, {built}", advice)


def _require_patched(snapshot: Snapshot, app: str, parts: Mapping[str, Any]) -> None:
    patches = [f"{name} {part['pinned']} -> {part['patch']}" for name, part in parts.items() if part.get("patch")]
    if patches:
        first = next(name for name, part in parts.items() if part.get("patch"))
        advice = _advice(snapshot, app, f"grep -n -A 3 {first} {VERSIONS}")
        observed = f"{app} lacks available patches: {', '.join(patches)}"
        raise Deviation(snapshot, observed, "the newest patch of each release", advice)


def _require_updated(snapshot: Snapshot, app: str, updates: list[str]) -> None:
    if updates:
        shown = ", ".join(updates[:SHOWN]) + (f" and {len(updates) - SHOWN} more" if len(updates) > SHOWN else "")
        advice = _advice(snapshot, app, f"grep -n renewed {VERSIONS}")
        observed = f"there are updates for the image of {app}: {shown}"
        raise Deviation(snapshot, observed, "none", advice)


def _advice(snapshot: Snapshot, app: str, command: str) -> Advice:
    return advice_about(snapshot.pipeline[app].reports_to).but(
        impact="known vulnerabilities in it stay open", next_command=command, runbook=ANCHOR, level="L2"
    )


def _described(image: str, parts: Mapping[str, Any]) -> str:
    newer = ", ".join(f"{name} {part['newest']}" for name, part in parts.items() if part.get("newest"))
    return image.rpartition("/")[2] + (f", newer releases: {newer}" if newer else "")


def _age(snapshot: Snapshot, app: str) -> str:
    """Since when it runs: that image was set first, as far as anybody recorded it."""
    part = snapshot.pipeline[app]
    written = [
        epoch(change["time"])
        for change in snapshot.data("changes")
        if (change["kind"], change["name"]) == (part.kind, part.workload)
        and any(path.endswith(".image") for path in change["fields"])
    ]
    if part.kind == DEPLOYMENT:
        written += _since_in_use(snapshot, part.workload, _images(workload_of(snapshot, app)))
    return f", for {duration(snapshot.taken_at - min(written))}" if written else ""


def _since_in_use(snapshot: Snapshot, workload: str, images: list[str]) -> list[float]:
    """When each ReplicaSet of the workload with these images was made."""
    return [
        created_at(item)
        for item in snapshot.data("replicasets")
        if name_of(item).rpartition("-")[0] == workload and _images(item) == images
    ]


def _images(item: K8sObject) -> list[str]:
    return [container["image"] for container in containers_of(template_of(item))]
