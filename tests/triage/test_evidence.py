"""When something was written is found by what a snapshot calls its list, whatever the plural of its kind is."""

from __future__ import annotations

import pytest

from pipeline_services.model.text import rfc3339
from pipeline_services.triage.causes.finding import stopped_since
from pipeline_services.triage.evidence import Evidence
from tests.triage.made import AT, snapshot

WRITTEN = "2026-11-23T06:00:00Z"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("deployments", "Deployment"),
        ("networkpolicies", "NetworkPolicy"),
        ("hpas", "HorizontalPodAutoscaler"),
        ("pvcs", "PersistentVolumeClaim"),
        ("services", "Service"),
    ],
)
def test_the_last_write_of_an_object_is_found(source: str, kind: str) -> None:
    changes = [
        {"kind": of, "name": name, "manager": "kubectl", "operation": "Update", "time": WRITTEN, "fields": ["spec.x"]}
        for of, name in ((kind, "mine"), ("Other", "yours"))
    ]
    evidence = Evidence(snapshot({"changes": changes}))
    assert evidence.changed(source, "mine", "spec") is not None
    assert evidence.changed(source, "mine", "data") is None
    assert evidence.changed(source, "yours") is None


@pytest.mark.parametrize(
    ("replicas", "available", "since"), [(0, "True", AT - 240), (1, "False", AT - 60), (1, "True", None)]
)
def test_when_a_deployment_stopped_is_told_by_its_scale_or_its_condition(
    replicas: int, available: str, since: float | None
) -> None:
    condition = {"type": "Available", "status": available, "lastTransitionTime": rfc3339(AT - 60)}
    deployment = {
        "metadata": {"name": "producer"},
        "spec": {"replicas": replicas},
        "status": {"conditions": [condition]},
    }
    assert stopped_since(Evidence(snapshot()), deployment) == since
    assert stopped_since(Evidence(snapshot()), None) is None
