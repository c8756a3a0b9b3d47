"""The archive to hand over: what is in it, how large it gets, and what must not be in it."""

from __future__ import annotations

import io
import json
import random
import string
import tarfile

from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.incident import bundle
from tests.triage.made import AT, FULL, SCALED, diagnosis, event, pod, snapshot


def contents(archive: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        files = {entry.name: opened.extractfile(entry) for entry in opened.getmembers()}
        return {name.partition("/")[2]: file.read().decode() for name, file in files.items() if file}


def made(seen: Snapshot) -> dict[str, str]:
    parts = bundle.members(seen, diagnosis(SCALED, FULL), [SCALED, FULL], "# the incident\n")
    return contents(bundle.packed(parts, AT))


def test_it_holds_the_diagnosis_the_document_the_snapshot_the_logs_and_the_objects() -> None:
    seen = snapshot({"pods": [pod("producer-abc", "producer", phase="Pending"), pod("grafana-x", "grafana")]})
    files = made(seen)
    assert files["incident.md"] == "# the incident\n"
    assert json.loads(files["triage.json"])["findings"][0]["component"] == "producer"
    assert Snapshot.from_json(files["snapshot.json"]) == seen
    assert files["logs/producer-abc-producer.log"] == "2026-11-23T07:41:00Z bye\n"
    assert "ScalingReplicaSet" in files["events.txt"]
    assert "phase: Pending" in files["objects/pod-producer-abc.txt"]
    assert "objects/pod-grafana-x.txt" not in files


def test_an_object_comes_with_its_events() -> None:
    text = made(snapshot())["objects/deployment-producer.txt"]
    assert text.startswith("Kind: Deployment\nName: producer\n")
    assert "  replicas: 0" in text
    assert "ScalingReplicaSet  deployment/producer x1: Scaled down from 1 to 0" in text


def test_a_component_without_pods_brings_its_objects() -> None:
    claims = [{"metadata": {"name": "data-influxdb-0"}, "spec": {}, "status": {"phase": "Bound"}}]
    text = made(snapshot({"pvcs": claims}))["objects/persistentvolumeclaim-data-influxdb-0.txt"]
    assert "phase: Bound" in text
    assert "Events:\n  none" in text


def test_the_log_before_a_restart_and_why_there_is_none_are_kept() -> None:
    tails = [
        {"pod": "p-1", "container": "producer", "lines": ["new"], "previous": ["old"]},
        {"pod": "p-2", "container": "producer", "lines": [], "error": "the container has not started"},
    ]
    files = made(snapshot({"logs/producer": tails}))
    assert files["logs/p-1-producer-previous.log"] == "old\n"
    assert files["logs/p-2-producer.log"] == "(no log: the container has not started)\n"


def test_the_same_evidence_gives_the_same_bytes() -> None:
    parts = [("a.txt", "a"), ("b.txt", "b")]
    assert bundle.packed(parts, AT) == bundle.packed(parts, AT)


def test_it_is_bounded_and_names_what_it_leaves_out() -> None:
    letters = random.Random(1)
    noise = ["".join(letters.choices(string.ascii_letters, k=40_000)) for _ in range(3)]
    parts = [("incident.md", "short"), *((f"{number}.log", text) for number, text in enumerate(noise))]
    archive = bundle.packed(parts, AT, largest=70_000)
    assert len(archive) <= 70_000
    files = contents(archive)
    assert set(files) == {"incident.md", "0.log", "1.log", bundle.LEFT_OUT}
    assert "Left out: 2.log" in files[bundle.LEFT_OUT]


def test_whatever_fits_is_not_left_out() -> None:
    assert bundle.LEFT_OUT not in made(snapshot({"events": [event("Pod/x", "R", "m", first=AT)]}))


def test_nobody_owns_the_files() -> None:
    with tarfile.open(fileobj=io.BytesIO(bundle.packed([("a", "b")], AT))) as opened:
        entry = opened.getmembers()[0]
    assert (entry.uid, entry.uname, entry.mode) == (0, "", 0o600)
    assert entry.name == "evidence-20261123T074140Z/a"
