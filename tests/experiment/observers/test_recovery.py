"""A scenario played in full: what is recorded of each phase, and what is kept where something ends it early."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipeline_services.audit.audit import AuditReport
from pipeline_services.audit.ledger import LedgerVerdict
from pipeline_services.experiment import logs_and_events, symptoms
from pipeline_services.experiment.expectations import expect_all
from pipeline_services.experiment.observers import recovery
from pipeline_services.experiment.observers.recovery import RecoveryObserver
from pipeline_services.experiment.result import Result
from pipeline_services.experiment.runner import play
from pipeline_services.experiment.scenario import Heals, RecoveryPlan, Scenario, finding
from pipeline_services.experiment.symptoms import Symptom
from pipeline_services.faults import FaultDidNotLand
from pipeline_services.faults.model import Proof
from pipeline_services.measure import sampler
from pipeline_services.measure.samples import LagSample, PodSeen, PodsSample, StoredSample
from pipeline_services.model.errors import NoData, PreconditionNotMet, ServiceUnreachable
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.model import Diagnosis, Finding
from pipeline_services.triage.subjects import CAUSES
from tests.experiment.fake_pipeline import FakePipeline, scaled_to_zero

SNAPSHOT = Snapshot(1.0, "kind", "ns")
NEVER = Proof("it to be so", lambda: False, within=0.05)


def pods() -> PodsSample:
    at = time.time()
    return PodsSample(at, at, pods=(PodSeen("producer-1", "producer", "new", True, False, "Running", 0),))


def stored() -> StoredSample:
    at = time.time()
    return StoredSample(at, at, newest={"audit-1": at, "life": at})


def lag() -> LagSample:
    at = time.time()
    return LagSample(at, at, lag=9)


class SteadyFake(FakePipeline):
    """A pipeline that stays steady; ``inventories`` are what its namespace holds before and after."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.cluster = SimpleNamespace()
        self.authorized = SimpleNamespace(folder=folder)
        self.probes = SimpleNamespace(kafka_forward=SimpleNamespace(port=1), pods=pods, stored=stored, lag=lag)
        self.gates: list[str] = []
        self.inventories: list[dict[str, dict[str, str]]] = [{}, {}]

    def require_steady(self, within: float = 0.0) -> None:
        self.gates.append("steady")
        if self.wrong:
            raise PreconditionNotMet(self.wrong[0])

    def renew(self, app: str) -> None:
        self.gates.append(f"new pod of {app}")

    def inventory(self) -> dict[str, dict[str, str]]:
        return self.inventories.pop(0)


class FakeAudit:
    """Everything arrived."""

    @classmethod
    @contextmanager
    def running(cls, *_arguments: object) -> Iterator[FakeAudit]:
        yield cls()

    def reconcile(self) -> AuditReport:
        return AuditReport(LedgerVerdict(), LedgerVerdict())


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SteadyFake:
    stand_ins: dict[str, object] = {
        "Audit": FakeAudit,
        "AuditProducer": lambda *_arguments: None,
        "STEADY_FLOW_S": -1.0,
        "LATE_RECOVERY_S": -50.0,
        "collect": lambda _cluster, pipeline, deep: SNAPSHOT,
    }
    for name, value in stand_ins.items():
        monkeypatch.setattr(recovery, name, value)
    for pace in ("PODS_INTERVAL_S", "STORED_INTERVAL_S", "LAG_INTERVAL_S"):
        monkeypatch.setattr(sampler, pace, 0.01)
    monkeypatch.setattr(symptoms, "LOOK_INTERVAL_S", 0.01)
    monkeypatch.setattr(symptoms, "light_snapshot", lambda *_: SNAPSHOT)
    monkeypatch.setattr(logs_and_events, "read_logs", lambda _pipeline, when: {f"producer-1 {when}": ["a line"]})
    monkeypatch.setattr(logs_and_events, "read_events", lambda _pipeline: [{"reason": "Killing"}])
    return SteadyFake(tmp_path)


def scenario(**plan: Any) -> Scenario:
    return Scenario(
        "down", scaled_to_zero, recovery=RecoveryPlan("producer", "producer-pod-failure", limit_s=30.0, **plan)
    )


def played(pipeline: SteadyFake, scenario: Scenario, error: type[BaseException] | None = None) -> Result:
    """What was kept; ``error`` has to end it."""
    kept: list[Result] = []
    observer = RecoveryObserver(cast("Any", pipeline), scenario)
    if error is None:
        play(cast("Any", pipeline), scenario, observer, kept.append)
    else:
        with pytest.raises(error):
            play(cast("Any", pipeline), scenario, observer, kept.append)
    assert pipeline.replicas == 1
    assert pipeline.journal.entries() == []
    (result,) = kept
    return result


def failing(_snapshot: Snapshot) -> None:
    raise AssertionError("no pod")


def passing(_snapshot: Snapshot) -> None:
    return None


def test_a_fault_that_heals_by_itself_is_recorded_in_every_phase(pipeline: SteadyFake) -> None:
    result = played(pipeline, scenario(symptoms=(Symptom("sees", failing),), restarts_in_place=True))
    expect_all(result)
    assert pipeline.gates == ["steady", "new pod of producer", "steady"]
    assert [one.id for one in result.observed.detections] == ["sees"]
    assert result.observed.snapshot is None
    assert pipeline.lines[0] == "  breaking: deployments/kafka scaled to 0"
    assert pipeline.lines[1].startswith("  landed after ")
    assert result.landed is not None
    assert result.recovered is not None
    assert result.recovered.clock.start == result.landed.at
    assert result.evidence is not None
    assert list(result.evidence.logs) == ["producer-1 while it lasted", "producer-1 after"]
    assert result.evidence.events == [{"reason": "Killing"}]
    assert result.evidence.samples.pods


def test_the_clock_of_what_only_an_undo_heals_starts_with_the_undo(pipeline: SteadyFake) -> None:
    result = played(pipeline, scenario(heals=Heals.BY_UNDO, symptoms=(Symptom("sees", failing),), hold_s=0.3))
    assert result.landed is not None
    assert result.healed is not None
    assert result.recovered is not None
    assert result.recovered.clock.start == result.healed.undone_at >= result.landed.at + 0.3
    assert result.observed.snapshot == SNAPSHOT


def test_a_check_that_stays_green_ends_the_wait_and_is_named(pipeline: SteadyFake) -> None:
    blind = Symptom("blind", passing)
    result = played(pipeline, scenario(heals=Heals.BY_UNDO, symptoms=(blind,), symptoms_timeout_s=0.1))
    assert result.observed.undetected == ("blind (green)",)


def test_triage_is_asked_while_the_fault_lasts_if_a_finding_is_expected(
    pipeline: SteadyFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Diagnosis(1.0, "kind", "ns", (Finding(CAUSES["scaled-to-zero"], "kafka", "no replicas"),))
    monkeypatch.setattr(recovery, "diagnose", lambda _snapshot: said)
    expected = replace(scenario(heals=Heals.BY_UNDO), findings=(finding("kafka", "scaled-to-zero"),))
    result = played(pipeline, expected)
    expect_all(result)
    assert result.observed.diagnosis == said
    assert logs_and_events.snapshot_file(cast("Any", pipeline), "down").is_file()


def test_a_snapshot_that_cannot_be_taken_stops_nothing(pipeline: SteadyFake, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_cluster: object, **_how: object) -> Snapshot:
        raise ServiceUnreachable("the API server is away")

    monkeypatch.setattr(recovery, "collect", away)
    result = played(pipeline, scenario(heals=Heals.BY_UNDO))
    assert result.observed.snapshot is None
    assert result.evidence is not None
    assert result.evidence.logs["snapshot"] == ["could not be taken: the API server is away"]


def test_events_that_cannot_be_read_stop_nothing(pipeline: SteadyFake, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_pipeline: object) -> list[dict[str, Any]]:
        raise ServiceUnreachable("the API server is away")

    monkeypatch.setattr(logs_and_events, "read_events", away)
    result = played(pipeline, scenario())
    assert result.evidence is not None
    assert result.evidence.logs["events"] == ["could not be read: the API server is away"]


def test_what_did_not_land_has_its_evidence(pipeline: SteadyFake) -> None:
    missing = replace(scenario(), fault=lambda found: scaled_to_zero(found).proved(landed=NEVER))
    result = played(pipeline, missing, FaultDidNotLand)
    assert result.summary == "deployments/kafka scaled to 0"
    assert result.recovered is None
    assert result.evidence is not None
    assert result.evidence.samples.pods
    assert list(result.evidence.logs) == ["producer-1 after"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, NoData], ids=["Ctrl-C", "an error"])
def test_what_ends_it_early_leaves_what_was_seen_so_far(
    pipeline: SteadyFake, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def ended(_self: object) -> AuditReport:
        raise error("the topic cannot be read")

    monkeypatch.setattr(FakeAudit, "reconcile", ended)
    result = played(pipeline, scenario(symptoms=(Symptom("sees", failing),)), error)
    assert result.recovered is not None
    assert [one.id for one in result.observed.detections] == ["sees"]
    assert (result.reconciled, result.settled) == (None, None)
    assert result.evidence is not None


def test_what_is_other_than_it_was_is_in_the_result(pipeline: SteadyFake) -> None:
    pipeline.inventories = [{}, {"networkpolicies/cut": {}}]
    settled = played(pipeline, scenario()).settled
    assert settled is not None
    assert settled.differences == ("networkpolicies/cut is new",)


def test_nothing_is_kept_where_the_pipeline_was_not_steady(pipeline: SteadyFake) -> None:
    pipeline.wrong = ["no fresh reading is being stored"]
    kept: list[Result] = []
    with pytest.raises(PreconditionNotMet, match="no fresh reading"):
        play(cast("Any", pipeline), scenario(), RecoveryObserver(cast("Any", pipeline), scenario()), kept.append)
    assert kept == []
