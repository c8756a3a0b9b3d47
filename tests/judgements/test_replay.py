"""Recorded snapshots of the real pipeline, healthy and broken, are judged as they were when they were taken."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.snapshot import Snapshot
from tests.acceptance.expectations import EXPECTATIONS
from tests.judgements.daily_cases import daily_cases
from tests.judgements.test_faults_of_acceptance import outcomes_of

FOLDER = Path(__file__).parent.parent / "snapshots"
RECORDED = sorted(path.name.removesuffix(".json.gz") for path in FOLDER.glob("*.json.gz"))


def recorded(name: str) -> Snapshot:
    """A recording, with good answers to what was not asked yet when it was taken."""
    snapshot = Snapshot.from_json(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()).decode())
    return replace(snapshot, answers={**asked_since(snapshot), **snapshot.answers})


def asked_since(snapshot: Snapshot) -> dict[str, Any]:
    if "prometheus/memory-usage" not in snapshot.answers:
        return {}
    pods = snapshot.answers["prometheus/memory-usage"]
    return {
        "prometheus/cpu-throttling": [{**row, "value": [row["value"][0], "0"]} for row in pods],
        "prometheus/dead-letters": [{"metric": {}, "value": [snapshot.taken_at, "0"]}],
    }


@pytest.mark.parametrize("name", [name for name in RECORDED if name.startswith("healthy")])
def test_a_healthy_recording_is_green(name: str) -> None:
    assert outcomes_of(recorded(name)) == ([], [])


@pytest.mark.parametrize("name", [name for name in RECORDED if not name.startswith("healthy")])
def test_a_recorded_fault_turns_its_cases_red(name: str) -> None:
    ids = [case.id for case in daily_cases()]
    assert EXPECTATIONS[name].wrong(*outcomes_of(recorded(name)), ids) == []
