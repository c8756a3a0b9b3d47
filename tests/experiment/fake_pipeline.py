"""A steady pipeline with one workload, in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline_services import faults
from pipeline_services.faults.injection import IDENTITY
from pipeline_services.faults.journal import Journal
from pipeline_services.faults.model import Fault
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot
from tests.faults.test_library import Server

DEPLOYMENT = "/apis/apps/v1/namespaces/ns/deployments/kafka"


class FakePipeline:
    """Stands in for a steady pipeline; ``wrong`` is what is not steady, a word for each look."""

    namespace = "ns"
    description = Pipeline.load()

    def __init__(self, folder: Path) -> None:
        workload = {"metadata": {"name": "kafka"}, "spec": {"replicas": 1}}
        self.api = Server(objects={IDENTITY: {"metadata": {"uid": "u"}}, DEPLOYMENT: workload})
        self.journal = Journal(folder / "journal")
        self.wrong: list[str] = []
        self.lines: list[str] = []
        self.say = self.lines.append

    @property
    def replicas(self) -> int:
        return int(self.api.objects[DEPLOYMENT]["spec"]["replicas"])

    def deviation(self) -> str:
        return self.wrong.pop(0) if self.wrong else ""

    def look(self) -> Snapshot:
        return Snapshot(0.0, "kind", "ns", {"deployments": [self.api.objects[DEPLOYMENT]]})


def scaled_to_zero(pipeline: Any) -> Fault:
    """Landed at once: no controller says how many there are."""
    return replace(faults.scaled(pipeline.api, "deployments", "kafka", "ns", 0), landed=None, gone=None)
