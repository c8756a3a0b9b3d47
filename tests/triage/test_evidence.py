"""When something was written is found by what a snapshot calls its list, whatever the plural of its kind is."""

from __future__ import annotations

import pytest

from pipeline_services.triage.evidence import Evidence
from tests.triage.made import snapshot

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
