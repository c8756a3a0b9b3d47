"""The manifests as a cluster gets them: what is deployed, and what a running pipeline is compared with.

They are rendered here, as the checkout's kustomizations use little of kustomize; ``make runbook`` holds
``kubectl kustomize`` against them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import name_of
from pipeline_services.model.yaml_text import LOADER

Manifest = dict[str, Any]
_KNOWN: Final = frozenset({"apiVersion", "kind", "resources", "patches", "configMapGenerator", "generatorOptions"})


def rendered(folder: Path) -> list[Manifest]:
    """Every object of a kustomization, with the files of its ConfigMaps. Images keep their names without a tag.

    Raises:
        PreconditionNotMet: a file cannot be read, or uses of kustomize what is not known here.
    """
    try:
        return _rendered(folder)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PreconditionNotMet(f"cannot read the manifests in {folder}: {error}") from error


def object_in(file: Path, kind: str, name: str) -> Manifest:
    """The object of that kind and name in a file of several.

    Raises:
        PreconditionNotMet: the file cannot be read, or has no such object.
    """
    try:
        found = next((one for one in _documents(file) if (one["kind"], name_of(one)) == (kind, name)), None)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PreconditionNotMet(f"cannot read {file}: {error}") from error
    if found is None:
        raise PreconditionNotMet(f"{file} has no {kind} {name}")
    return found


def _rendered(folder: Path) -> list[Manifest]:
    (content,) = _documents(folder / "kustomization.yaml")
    if unknown := content.keys() - _KNOWN:
        raise PreconditionNotMet(f"{folder}: {', '.join(sorted(unknown))} of kustomize is not known here")
    objects: list[Manifest] = []
    for resource in content.get("resources", []):
        path = folder / resource
        objects += _rendered(path) if path.is_dir() else _documents(path)
    for generator in content.get("configMapGenerator", []):
        if content.get("generatorOptions") != {"disableNameSuffixHash": True}:
            raise PreconditionNotMet(f"{folder}: names with a hash are not known here")
        objects.append(_config_map(folder, generator))
    for patch in content.get("patches", []):
        for change in _documents(folder / patch["path"]):
            _patch(objects, change)
    return objects


def _documents(file: Path) -> Iterator[Manifest]:
    return (item for item in yaml.load_all(file.read_text(encoding="utf-8"), Loader=LOADER) if item)


def _config_map(folder: Path, generator: Manifest) -> Manifest:
    metadata = {"name": generator["name"], "namespace": generator["namespace"]}
    data = {Path(file).name: (folder / file).read_text(encoding="utf-8") for file in generator["files"]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _patch(objects: list[Manifest], patch: Manifest) -> None:
    [target] = [item for item in objects if (item["kind"], name_of(item)) == (patch["kind"], name_of(patch))]
    _merge(target, patch)


def _merge(target: Manifest, patch: Manifest) -> None:
    for key, value in patch.items():
        if isinstance(value, dict):
            _merge(target.setdefault(key, {}), value)
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            _merge_by_name(key, target.get(key, []), value)
        else:
            target[key] = value


def _merge_by_name(key: str, targets: list[Manifest], patches: list[Manifest]) -> None:
    """Containers are told apart by their names; nothing is added."""
    named = {item["name"]: item for item in targets} if key == "containers" else {}
    for patch in patches:
        if patch.get("name") not in named:
            raise PreconditionNotMet(f"a patch of the list {key} is not known here")
        _merge(named[patch["name"]], patch)
