"""A cluster in memory that a pipeline is deployed to."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline_services.clients.kubernetes import FIELD_MANAGER
from pipeline_services.model import own_cluster
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Target
from pipeline_services.platform.deploy import deploy, reads
from pipeline_services.platform.deploy.secrets.influx import Tokens

Key = tuple[str, str]
PIPELINE = Pipeline.load()
CONFIG = PIPELINE.config
DEPLOYMENTS = [PIPELINE[name].workload for name in PIPELINE.of_kind("Deployment")]
TOKENS = Tokens(write="the writer's", read="the reader's")


class FakeCluster:
    """Keeps what is applied; a version changes when the content does, and every workload is complete at once."""

    def __init__(self) -> None:
        self.objects: dict[Key, dict[str, Any]] = {}
        self.log: list[str] = []
        self._version = 0

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        return self.objects.get((kind, name))

    def list(self, kind: str, *, managed: bool) -> list[dict[str, Any]]:
        assert managed
        return [copy.deepcopy(item) for (known, _), item in self.objects.items() if known == kind]

    def apply(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        key = (manifest["kind"], manifest["metadata"]["name"])
        old, new = self.objects.get(key), copy.deepcopy(dict(manifest))
        if new["kind"] == "Deployment":
            new["spec"].setdefault("replicas", old["spec"]["replicas"] if old else 1)
        if old is None or content(old) != content(new):
            self._store(key, new, old)
        return copy.deepcopy(self.objects[key])

    def merge(self, kind: str, name: str, patch: Mapping[str, Any], part: str = "") -> dict[str, Any]:
        item = self.objects[kind, name]
        self.log.append(f"{part or 'patched'} {name}")
        if part == "scale":
            self._store((kind, name), {**copy.deepcopy(item), "spec": {**item["spec"], **patch["spec"]}}, item)
        else:
            item["metadata"].update(patch["metadata"])
        return item

    def delete(self, kind: str, name: str, *, orphans: bool = False, grace: int | None = None) -> None:
        self.log.append(f"deleted {name}")
        self.objects.pop((kind, name), None)

    def change(self, kind: str, name: str, **values: Any) -> None:
        """Somebody else changes an object."""
        old = self.objects[kind, name]
        self._store((kind, name), {**copy.deepcopy(old), **values}, old)
        self.log.clear()

    def _store(self, key: Key, new: dict[str, Any], old: dict[str, Any] | None) -> None:
        self._version += 1
        generation = 1 + (old["metadata"]["generation"] if old else 0)
        ours = {"manager": FIELD_MANAGER, "operation": "Apply", "apiVersion": "v1", "fieldsV1": {}}
        kept = {"resourceVersion": str(self._version), "generation": generation, "managedFields": [ours]}
        new["metadata"] = {**new["metadata"], **kept}
        total = new.get("spec", {}).get("replicas", 1)
        counts = ("replicas", "updatedReplicas", "availableReplicas", "desiredNumberScheduled")
        more = ("currentNumberScheduled", "updatedNumberScheduled", "numberAvailable")
        new["status"] = {"observedGeneration": generation, **dict.fromkeys((*counts, *more), total)}
        self.objects[key] = new
        self.log.append(f"wrote {' '.join(key)}")


def content(item: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in item.items() if key not in ("status", "metadata", "kind")}
    return {**kept, "labels": item["metadata"].get("labels")}


@dataclass
class World:
    """A cluster, and what deploys to it say."""

    manifests: list[dict[str, Any]]
    folder: Path
    cluster: FakeCluster = field(default_factory=FakeCluster)

    @property
    def target(self) -> Target:
        return Target(str(self.folder / "kubeconfig"), own_cluster.CONTEXT, PIPELINE.namespace, PIPELINE)

    @property
    def reader_kubeconfig(self) -> Path:
        return self.folder / "reader.kubeconfig"

    def deploy(self) -> list[str]:
        said: list[str] = []
        api: Any = self.cluster
        self.cluster.log.clear()
        with ThreadPoolExecutor(1) as pool:
            deploy._Deploy(api, pool, copy.deepcopy(self.manifests), said.append, PIPELINE).run(self)
        return said

    def stamp(self, kind: str, name: str) -> str:
        template = self.cluster.objects[kind, name]["spec"]["template"]
        return str(template["metadata"]["annotations"][reads.READS])
