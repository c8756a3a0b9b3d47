"""What triage says of the recorded snapshots: one finding each, the cause and not its symptoms."""

from __future__ import annotations

import pytest

from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.model import Diagnosis
from tests.judgements.test_replay import RECORDED, recorded

SAID = {
    "certificate-expires-tomorrow": ("influxdb", "certificate-expiring", "L2"),
    "grafana-datasource-broken": ("grafana", "datasource-broken", "L2"),
    "influxdb-token-wrong": ("config", "token-refused", "L2"),
    "kafka-broker-wrong": ("config", "setting-wrong", "L2"),
    "kafka-broker-wrong-and-restarted": ("config", "setting-wrong", "L2"),
    "metrics-server-scaled-to-0": ("hpa", "usage-unknown", "L2"),
    "processor-image-wrong": ("processor", "image-unavailable", "L2"),
    "producer-scaled-to-0": ("producer", "scaled-to-zero", "L2"),
    "prometheus-scaled-to-0": ("prometheus", "scaled-to-zero", "L2"),
}


def said(diagnosis: Diagnosis) -> list[tuple[str, str, str]]:
    return [(one.component, one.cause.id, one.cause.escalation.name) for one in diagnosis.findings]


def test_a_healthy_recording_has_nothing_wrong() -> None:
    diagnosis = diagnose(recorded("healthy"))
    assert diagnosis.healthy
    assert diagnosis.exit_code == 0
    assert said(diagnosis) == []


@pytest.mark.parametrize("name", [name for name in RECORDED if not name.startswith("healthy")])
def test_the_cause_is_told_and_its_symptoms_are_not(name: str) -> None:
    diagnosis = diagnose(recorded(name))
    assert said(diagnosis) == [SAID[name]]
    assert diagnosis.findings[0].evidence
    assert not diagnosis.unanswered


@pytest.mark.parametrize("name", RECORDED)
def test_no_command_has_a_gap(name: str) -> None:
    for finding in diagnose(recorded(name)).findings:
        assert not [step for step in (*finding.next, finding.undo) if "{" in step]
