"""Recorded snapshots of the real pipeline, healthy and broken, are judged as they were when they were taken."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.metrics.metric import KeyMetric
from pipeline_services.snapshot.saved import WITHOUT_DESCRIPTION
from pipeline_services.snapshot.snapshot import Failure, Snapshot
from tests.acceptance.expectations import EXPECTATIONS
from tests.judgements.answers import services
from tests.judgements.answers.cluster import declared
from tests.judgements.daily_cases import daily_cases
from tests.judgements.test_faults_of_acceptance import outcomes_of

FOLDER = Path(__file__).parent.parent / "snapshots"
RECORDED = sorted(path.name.removesuffix(".json.gz") for path in FOLDER.glob("*.json.gz"))


def recorded(name: str) -> Snapshot:
    return known_since(Snapshot.from_json(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()).decode()))


ASKED_SINCE = {
    **dict.fromkeys(("kafka_settings", "kafka_quotas", "kafka_sizes"), "kafka_topics"),
    **dict.fromkeys(("kafka_brokers", "kafka_at_start"), "kafka_topics"),
    **dict.fromkeys(("influxdb_write", "influxdb_bucket", "influxdb_at_work"), "influxdb_token"),
    **dict.fromkeys(("namespaces", "declared"), "pods"),
}
"""Sources that older recordings lack, each with the one that could be read just when they could."""


LONG_AGO = "2020-01-01T00:00:00Z"


def known_since(snapshot: Snapshot) -> Snapshot:
    """The recording, with a good answer to each question that its recorder did not know yet.

    What it says of all other questions is then what it said at the time. Left unanswered, triage would rightly take a
    figure that is missing for one that is still to come.
    """
    good = services.answers(snapshot.taken_at, snapshot.pipeline)
    new = {source: beside for source, beside in ASKED_SINCE.items() if not snapshot.asked(source)}
    failures = {source: snapshot.failures[beside] for source, beside in new.items() if beside in snapshot.failures}
    namespaces = [{"metadata": {"name": snapshot.namespace}}]
    good["namespaces"] = namespaces
    if "declared" in new:
        good["declared"] = declared({"namespaces": namespaces, **snapshot.answers})
    answers = {source: good[source] for source in new if source not in failures}
    known = dict(snapshot.answers)
    if "declared" in known:
        compared = {item["kind"] for item in known["declared"]}
        known["declared"] = [*known["declared"], *declared(snapshot.answers, but=compared)]
    if "tls" in known:
        known["tls"] = {"key_fits": True, **known["tls"]}
    for secret in known.get("secrets") or ():
        for key in secret["keys"].values():
            key.setdefault("written", LONG_AGO)
    answers |= {
        f"prometheus/{metric.id}": _good(metric, snapshot)
        for metric in KEY_METRICS.values()
        if metric.tool == "prometheus" and not snapshot.asked(f"prometheus/{metric.id}")
    }
    return replace(snapshot, answers={**answers, **known}, failures={**failures, **snapshot.failures})


def _good(metric: KeyMetric, snapshot: Snapshot) -> list[dict[str, Any]]:
    value = [snapshot.taken_at, str(services.VALUES[metric.id])]
    if metric.by == "pod":
        whose = [{"pod": pod["metadata"]["name"]} for pod in snapshot.answers["pods"]]
    else:
        whose = [{metric.by: subject} if metric.by else {} for subject in metric.cases(snapshot.pipeline)]
    return [{"metric": labels, "value": value} for labels in whose]


@pytest.mark.parametrize("name", [name for name in RECORDED if name.startswith("healthy")])
def test_a_healthy_recording_is_green(name: str) -> None:
    assert outcomes_of(recorded(name)) == ([], [])


@pytest.mark.parametrize("name", [name for name in RECORDED if not name.startswith("healthy")])
def test_a_recorded_fault_turns_its_cases_red(name: str) -> None:
    snapshot = recorded(name)
    ids = [case.id for case in daily_cases(snapshot.pipeline)]
    assert EXPECTATIONS[name].wrong(*outcomes_of(snapshot), ids) == []


def test_what_was_asked_then_is_left_as_it_was() -> None:
    old = recorded("healthy")
    answers = {source: answer for source, answer in old.answers.items() if source != "prometheus/cpu-usage"}
    failures = {"prometheus/dead-letters": Failure("NoData", "nothing"), **old.failures}
    answers.pop("prometheus/dead-letters")
    filled = known_since(replace(old, answers=answers, failures=failures))
    assert {row["value"][1] for row in filled.data("prometheus/cpu-usage")} == {str(services.VALUES["cpu-usage"])}
    assert "prometheus/dead-letters" not in filled.answers
    assert filled.answers.keys() - {"prometheus/cpu-usage"} == answers.keys()


def test_recordings_carry_their_description() -> None:
    """So that a component which is added to the pipeline is none that the recordings lack."""
    files = sorted(FOLDER.rglob("*.json.gz"))
    assert [file.name for file in files if format_of(file) <= WITHOUT_DESCRIPTION] == []
    assert len(files) > 100


def format_of(file: Path) -> int:
    """The format of a recording, which is the first that it says."""
    with gzip.open(file, "rt", encoding="utf-8") as text:
        found = re.match(r'\{"format":\s*(\d+),', text.read(40))
    assert found, f"{file.name} does not begin with its format"
    return int(found[1])
