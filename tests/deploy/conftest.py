"""The manifests as a cluster would get them, read without kubectl: our kustomizations use little of what there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

BASE = Path(__file__).parents[2] / "manifests" / "base"
OVERLAY = BASE.parent / "overlays" / "kind"
KNOWN_FIELDS = {"apiVersion", "kind", "resources", "patches", "configMapGenerator", "generatorOptions"}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manifests:
    """All objects, found by kind and name."""

    objects: tuple[Manifest, ...]

    def of(self, *kinds: str) -> list[Manifest]:
        return [item for item in self.objects if item["kind"] in kinds]

    def one(self, kind: str, name: str) -> Manifest:
        [found] = [item for item in self.of(kind) if item["metadata"]["name"] == name]
        return found

    def names(self, kind: str) -> set[str]:
        return {item["metadata"]["name"] for item in self.of(kind)}

    def workload(self, app: str) -> Manifest:
        [found] = [item for item in self.of(*WORKLOADS) if item["metadata"]["name"] == app]
        return found

    def container(self, app: str) -> Manifest:
        [only] = self.workload(app)["spec"]["template"]["spec"]["containers"]
        return dict(only)


@pytest.fixture(scope="session")
def manifests() -> Manifests:
    """What the overlay of the suite's own cluster renders to."""
    return Manifests(tuple(load(OVERLAY)))


@pytest.fixture(scope="session")
def base() -> Manifests:
    """What any environment gets."""
    return Manifests(tuple(load(BASE)))


def load(folder: Path) -> list[Manifest]:
    """Render a kustomization."""
    content = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    assert not content.keys() - KNOWN_FIELDS, f"{folder}: this loader does not know {content.keys() - KNOWN_FIELDS}"
    objects: list[Manifest] = []
    for resource in content.get("resources", []):
        objects += load(folder / resource) if (folder / resource).is_dir() else _documents(folder / resource)
    for generator in content.get("configMapGenerator", []):
        assert content["generatorOptions"] == {"disableNameSuffixHash": True}
        objects.append(_config_map(folder, generator))
    for patch in content.get("patches", []):
        _patch(objects, *_documents(folder / patch["path"]))
    return objects


def _documents(file: Path) -> Iterator[Manifest]:
    return (item for item in yaml.safe_load_all(file.read_text(encoding="utf-8")) if item)


def _config_map(folder: Path, generator: Manifest) -> Manifest:
    metadata = {"name": generator["name"], "namespace": generator["namespace"]}
    data = {Path(file).name: (folder / file).read_text(encoding="utf-8") for file in generator["files"]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _patch(objects: list[Manifest], patch: Manifest) -> None:
    [target] = [
        item
        for item in objects
        if (item["kind"], item["metadata"]["name"]) == (patch["kind"], patch["metadata"]["name"])
    ]
    _merge(target, patch)


def _merge(target: Manifest, patch: Manifest) -> None:
    for key, value in patch.items():
        assert not isinstance(value, list), "this loader does not merge lists"
        if isinstance(value, dict):
            _merge(target.setdefault(key, {}), value)
        else:
            target[key] = value
