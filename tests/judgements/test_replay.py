"""Recorded snapshots of the real pipeline, healthy and broken, are judged as they were when they were taken."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pipeline_services.snapshot import Snapshot
from tests.acceptance.expectations import EXPECTATIONS
from tests.judgements.daily_cases import daily_cases
from tests.judgements.test_faults_of_acceptance import outcomes_of

FOLDER = Path(__file__).parent.parent / "snapshots"
RECORDED = sorted(path.name.removesuffix(".json.gz") for path in FOLDER.glob("*.json.gz"))


def recorded(name: str) -> Snapshot:
    return Snapshot.from_json(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()).decode())


@pytest.mark.parametrize("name", [name for name in RECORDED if name.startswith("healthy")])
def test_a_healthy_recording_is_green(name: str) -> None:
    assert outcomes_of(recorded(name)) == ([], [])


@pytest.mark.parametrize("name", [name for name in RECORDED if not name.startswith("healthy")])
def test_a_recorded_fault_turns_its_cases_red(name: str) -> None:
    ids = [case.id for case in daily_cases()]
    assert EXPECTATIONS[name].wrong(*outcomes_of(recorded(name)), ids) == []
