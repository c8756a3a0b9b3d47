"""What restarts and how, what a process was started with, who drops out, and how long nothing was stored."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.audit.audit import MIN_ACKNOWLEDGED, AuditReport
from pipeline_services.audit.ledger import Discrepancy, LedgerVerdict
from pipeline_services.audit.producer import AuditProducer
from pipeline_services.maintenance.rotation import load
from pipeline_services.maintenance.rotation.load import START, Carried, Gap, longest_gap, noted
from pipeline_services.maintenance.rotation.tokens.influx import for_the_same, rights_of
from pipeline_services.maintenance.rotation.watch import Look, dropped_out, refusals_of
from pipeline_services.maintenance.rotation.workloads import environment_in, how_it_restarts, variables_of
from pipeline_services.measure.samples import SourceSample
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, UnexpectedAnswer
from pipeline_services.model.pipeline import Pipeline

WORKS, BROKEN = SourceSample(0, 0, works=True), SourceSample(0, 0, message="unauthorized")


class SlowlyAcknowledged(AuditProducer):
    """Sixty more readings are acknowledged each time that somebody asks."""

    def __init__(self) -> None:
        super().__init__(0, "readings")
        self.asked = 0

    @property
    def acknowledged(self) -> dict[Any, Any]:
        self.asked += 60
        return {"one": range(self.asked)}


def test_a_rotation_that_is_done_at_once_writes_until_it_can_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    audit: Any = SimpleNamespace(producer=SlowlyAcknowledged(), reconcile=lambda: carried_by(audit.producer.asked))
    monkeypatch.setattr(load.Writer, "await_flow", lambda _: None)
    monkeypatch.setattr(load, "progress", lambda *_, **__: [1.0, 2.0])
    nothing: Any = None
    assert load.Writer(nothing, audit, []).carried().written >= MIN_ACKNOWLEDGED


def carried_by(acknowledged: int) -> AuditReport:
    return AuditReport(LedgerVerdict(acknowledged, acknowledged), LedgerVerdict(0, 0))


@pytest.mark.parametrize(
    ("kind", "spec", "told"),
    [
        ("Deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": 0}}}, "a new one first, so none is missing"),
        ("Deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": "25%"}}}, "it is away until"),
        ("Deployment", {"strategy": {"type": "Recreate"}}, "the old one first, so it is away until"),
        ("StatefulSet", {"updateStrategy": {"type": "RollingUpdate"}}, "it is away until the new one is ready"),
    ],
)
def test_what_a_restart_means(kind: str, spec: dict[str, Any], told: str) -> None:
    line = how_it_restarts({"kind": kind, "metadata": {"name": "one"}, "spec": {"replicas": 2, **spec}})
    assert line.startswith(f"{kind} one (2 pods: ")
    assert told in line


def test_the_variables_that_come_from_a_secret() -> None:
    one = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    other = {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "another"}}}
    whole = {"prefix": "P_", "secretRef": {"name": "s"}}
    pod = {
        "spec": {"containers": [{"name": "c", "env": [one, other, {"name": "C", "value": "k"}], "envFrom": [whole]}]}
    }
    assert list(variables_of(pod, "s", "k")) == [("c", "A"), ("c", "P_k")]
    assert list(variables_of(pod, "t", "k")) == []


def test_the_environment_of_a_process() -> None:
    assert environment_in(b"A=1\0B=x=y\0\0") == {"A": "1", "B": "x=y"}
    assert environment_in(b"") == {}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (Look({"p": 2.0}, {"g": WORKS}), Look({"p": 2.0}, {"g": WORKS}), []),
        (Look({"p": 2.0}, {}), Look({"p": 3.0}, {}), ["p was refused 1 times"]),
        (Look({}, {}), Look({"new": 4.0}, {}), ["new was refused 4 times"]),
        (Look({}, {"g": WORKS}), Look({}, {"g": BROKEN}), ["g cannot read: unauthorized"]),
        (Look({}, {"g": BROKEN}), Look({}, {"g": BROKEN}), []),
        (Look({"gone": 2.0}, {"gone": WORKS}), Look({}, {}), []),
    ],
)
def test_who_dropped_out(before: Look, after: Look, told: list[str]) -> None:
    assert dropped_out(before, after) == told


def test_both_answers_to_a_token_that_went_are_refusals() -> None:
    class Counting:
        pipeline = Pipeline.load()

        def metric(self, component: str, pod: str, name: str, labels: dict[str, str]) -> float:
            assert (component, name) == (roles.PROCESSOR, self.pipeline.metrics["write_failures"])
            return {"unauthorized": 2.0, "forbidden": 3.0, "busy": 50.0}[labels["reason"]]

    probes: Any = Counting()
    assert refusals_of(probes, "p") == 5.0


def test_the_longest_gap_is_named_with_its_step() -> None:
    times = [0.0, 0.5, 1.0, 4.0, 4.5, 9.0, 9.5]
    assert longest_gap(times, [(2.0, "make"), (5.0, "take up"), (9.4, "delete")]) == Gap(4.5, "take up")
    assert longest_gap(times[:4], []) == Gap(3.0, START)
    with pytest.raises(NoData):
        longest_gap(times[:1], [])


def carried(*, lost: int = 0, gap: float = 1.0) -> Carried:
    missing = [Discrepancy("audit-1", "d", number) for number in range(lost)]
    return Carried(Gap(gap, "take up"), AuditReport(LedgerVerdict(200, 200, lost=missing), LedgerVerdict(90, 90)))


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (carried(), []),
        (carried(lost=2), ["lost 2"]),
        (carried(gap=31.0), ["for 31.0 s nothing was stored (take up); the limit is 30 s"]),
    ],
)
def test_what_is_wrong_with_what_was_carried(what: Carried, told: list[str]) -> None:
    lines = what.findings(30.0)
    assert len(lines) == len(told)
    assert all(words in line for words, line in zip(told, lines, strict=True))
    note = noted(5.4, what, lines)
    assert (note["at"], note["written"], note["lost"], len(note["findings"])) == (5, 290, what.report.lost, len(told))


def right(action: str, **more: str) -> dict[str, Any]:
    return {"action": action, "resource": {"type": "buckets", "id": "1", **more}}


def test_tokens_for_the_same_have_the_same_description_and_rights() -> None:
    one = {"description": "d", "permissions": [right("read", name="sensors")]}
    same = {"description": "d", "permissions": [right("read")]}
    others = [
        {"description": "d", "permissions": [right("write")]},
        {"description": "e", "permissions": [right("read")]},
        {"description": "d", "permissions": [right("read"), right("write")]},
    ]
    assert for_the_same(one, [one, same, *others]) == [one, same]
    with pytest.raises(UnexpectedAnswer):
        rights_of({"permissions": [{"action": "read"}]})
