"""What reaches the report of a result: of one that was played to its end, and of one that ended early."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from chaos import staging
from pipeline_services.experiment.result import Evidence, Gate, Result
from pipeline_services.snapshot.snapshot import Snapshot
from tests.experiment.results import START, result, scenario

PICTURES = ["time line", "what happened when", "time line as data"]


def test_a_result_is_attached_with_all_its_evidence(attached: list[str]) -> None:
    found = result()
    observed = replace(found.observed, snapshot=Snapshot(1.0, "kind", "ns"))
    staging.attach(replace(found, observed=observed, evidence=Evidence(START + 20, logs={"kafka-0 after": ["a line"]})))
    assert attached == [*PICTURES, "ledger", "snapshot while it lasted", "log of kafka-0 after"]


def test_a_result_that_ended_early_is_attached_as_far_as_it_goes(attached: list[str]) -> None:
    staging.attach(Result(scenario(), Gate(START)))
    assert attached == PICTURES


def test_the_figures_are_written_in_the_form_of_the_pages_generator(tmp_path: Path) -> None:
    staging.write_figures(result(), tmp_path)
    entries = json.loads((tmp_path / "processor-pod-deleted-perf.json").read_text())
    (recovered,) = [entry for entry in entries if entry["key"] == "processor-pod-deleted recovered after"]
    assert recovered == {
        "id": "processor-pod-deleted recovered after",
        "key": "processor-pod-deleted recovered after",
        "value": 3.0,
        "start": int((START - 5) * 1000),
        "stop": int((START + 20) * 1000),
    }
