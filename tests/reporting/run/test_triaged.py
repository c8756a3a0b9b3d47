"""A daily run that is not green is followed by triage on the same snapshot; one that is green is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.settings import Settings
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage import diagnosis as rules  # before a run inside a test can load one of its own
from pipeline_services.triage.model import Diagnosis
from tests.reporting.samples import Project, pod, snapshot
from tests.triage.made import AWAY, SCALED, diagnosis

pytest_plugins = ("pytester",)

NO_PRODUCER = {"pods": [pod("kafka")]}


class Diagnosing:
    """In the place of the real diagnosis: what it is asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[Snapshot] = []
        self.settings: list[Settings] = []
        self.answer: Diagnosis | Exception = diagnosis(SCALED)

    def __call__(self, seen: Snapshot, settings: Settings) -> Diagnosis:
        self.asked.append(seen)
        self.settings.append(settings)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def diagnosing(monkeypatch: pytest.MonkeyPatch) -> Diagnosing:
    made = Diagnosing()
    monkeypatch.setattr(rules, "diagnose", made)
    return made


def triage_of(project: Project) -> dict[str, object]:
    return dict(json.loads((project.reports / "triage.json").read_text()))


def test_the_cause_is_said_first_and_is_in_a_file(project: Project, diagnosing: Diagnosing) -> None:
    run = project.judge(snapshot(NO_PRODUCER))
    assert run.ret == 1
    run.stdout.fnmatch_lines(
        [
            "The snapshot is * old (*).",
            "CAUSE: producer is scaled to 0",
            "  since 4 min before this snapshot (07:37:40 UTC)",
            "  next  kubectl --context kind-conveyor scale deployment/producer -n *",
            "  call  L2 - DevOps Engineer if red 3 min later; RUNBOOK.md#pod-status",
            "explains 1 check: producer 1",
            "Report: *",
            "FAILED: 1 failed, 4 passed; *",
        ]
    )
    assert "CAUSE: producer is scaled to 0" in run.outlines[:3]
    assert triage_of(project)["healthy"] is False


def test_it_is_asked_about_the_same_snapshot_once(project: Project, diagnosing: Diagnosing) -> None:
    seen = snapshot(NO_PRODUCER)
    project.judge(seen)
    assert [asked.to_json() for asked in diagnosing.asked] == [seen.to_json()]


def test_it_knows_this_environments_settings(project: Project, diagnosing: Diagnosing) -> None:
    project.judge(snapshot(NO_PRODUCER), *project.settings('[absent]\ncomponents = ["loki"]\n'))
    assert diagnosing.settings[0].absent == {"loki"}


def test_a_green_run_is_not_asked_about_and_takes_the_old_answer_away(project: Project, diagnosing: Diagnosing) -> None:
    project.judge(snapshot(NO_PRODUCER))
    run = project.judge(snapshot())
    assert run.ret == 0
    assert len(diagnosing.asked) == 1
    assert not (project.reports / "triage.json").exists()
    assert "CAUSE" not in run.stdout.str()


def test_an_inconclusive_run_is_asked_about(project: Project, diagnosing: Diagnosing) -> None:
    diagnosing.answer = diagnosis(unanswered=(AWAY,))
    run = project.judge(snapshot({"prometheus/latency": ServiceUnreachable("Prometheus does not answer")}))
    assert run.ret == 2
    run.stdout.fnmatch_lines(["NO CAUSE FOUND for what follows"])


def test_a_fault_in_triage_is_said_and_hides_nothing(project: Project, diagnosing: Diagnosing) -> None:
    diagnosing.answer = KeyError("spec")
    run = project.judge(snapshot(NO_PRODUCER))
    assert run.ret == 1
    run.stdout.fnmatch_lines(
        ["FAILED  producer *test_pods_ready?producer?", "NO TRIAGE: KeyError: 'spec' (test_triaged.py:*). The verdict*"]
    )
    assert {file.name for file in project.reports.iterdir()} >= {"daily.json", "snapshot.json"}
    assert not (project.reports / "triage.json").exists()


def test_ctrl_c_during_triage_stops_the_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rules, "diagnose", stop)
    assert project.judge(snapshot(NO_PRODUCER)).ret == 130


def test_some_checks_alone_leave_the_answer_as_it_was(project: Project, diagnosing: Diagnosing) -> None:
    project.judge(snapshot(NO_PRODUCER))
    before = (project.reports / "triage.json").read_bytes()
    diagnosing.answer = diagnosis()
    run = project.judge(snapshot(NO_PRODUCER), "-k", "producer")
    run.stdout.fnmatch_lines(["NO CAUSE FOUND*"])
    assert (project.reports / "triage.json").read_bytes() == before


def test_every_case_that_is_not_green_names_its_cause_in_the_report(
    project: Project, diagnosing: Diagnosing, tmp_path: Path
) -> None:
    project.judge(snapshot({**NO_PRODUCER, "volume": {"phase": "Lost"}}), "--alluredir", str(tmp_path))
    read = (json.loads(file.read_text()) for file in tmp_path.glob("*-result.json"))
    assert not list(tmp_path.glob("*-container.json")), "fixtures without evidence are shown"
    documents = {document["name"]: document for document in read}
    told = documents["there is no pod of producer"]
    assert "**Cause:** producer is scaled to 0. Call: L2 - DevOps Engineer." in told["description"]
    assert epic(told) == "0.1 Cause: producer is scaled to 0"
    lost = next(document for name, document in documents.items() if name.startswith("storage: "))
    assert epic(lost) == "0.9 Not explained by any cause"
    assert epic(documents["kafka: pods ready"]) == "2. Failure detection"


def epic(document: dict[str, Any]) -> str:
    return next(str(label["value"]) for label in document["labels"] if label["name"] == "epic")


def daily(project: Project) -> dict[str, Any]:
    return dict(json.loads((project.reports / "daily.json").read_text()))


def test_the_verdicts_file_has_the_cause_before_the_checks(project: Project, diagnosing: Diagnosing) -> None:
    project.judge(snapshot({**NO_PRODUCER, "volume": {"phase": "Lost"}}))
    document = daily(project)
    assert list(document) == ["verdict", "counts", "run", "diagnosis", "checks"]
    cause = document["diagnosis"]["causes"][0]
    assert (cause["component"], cause["cause"], cause["escalation"]) == ("producer", "scaled-to-zero", "L2")
    assert cause["explains"] == {"checks": 1, "components": {"producer": 1}}
    assert document["diagnosis"]["not_explained"] == ["checks/test_made.py::test_volume"]
    assert {check["cause"] for check in document["checks"]} == {"", "scaled-to-zero"}


def test_a_green_runs_file_has_no_diagnosis(project: Project) -> None:
    project.judge(snapshot())
    assert "diagnosis" not in daily(project)


def test_the_incident_is_written_and_named_too(project: Project, diagnosing: Diagnosing) -> None:
    run = project.judge(snapshot(NO_PRODUCER))
    incident = next(project.reports.glob("incident-*.md"))
    assert "producer is scaled to 0" in incident.read_text()
    assert list(project.reports.glob("evidence-*.tar.gz"))
    run.stdout.fnmatch_lines([f"Report: reports/replay/index.html; incident: {incident.name}"])
    project.judge(snapshot())
    assert incident.exists(), "a later run leaves it"
