"""The command as it is typed: on saved snapshots, on no cluster, with bad arguments; what it writes, and what never."""

from __future__ import annotations

import json
import os
import re
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.snapshot.redaction import redacted, secret_forms
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.snapshot.sources.kubernetes import hidden_values
from pipeline_services.triage.model import Diagnosis
from pipeline_services.triage.walk import cli
from tests.judgements.test_replay import recorded
from tests.runs import ROOT, run
from tests.snapshot.fake_pipeline import CANARY, secret
from tests.triage.made import AT, AWAY, FULL, REPLACED, SCALED, diagnosis, event, pod, snapshot

RECORDED = sorted((ROOT / "tests" / "snapshots").glob("*.json.gz"))
KEYS = {"component", "cause", "since", "self_healing", "confidence", "evidence", "next", "escalation", "runbook"}
Triage = Callable[..., int]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Runs the command on a saved snapshot for which the diagnosis is given."""

    def run(found: Diagnosis, *arguments: str, seen: Snapshot | None = None) -> int:
        file = tmp_path / "seen.json"
        (seen or snapshot()).save(file)
        monkeypatch.setattr(cli, "diagnose", lambda *_: found)
        return cli.main(["--snapshot", str(file), "--reports", str(tmp_path / "reports"), *arguments])

    return run


def written(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "reports").iterdir())


def answer(tmp_path: Path) -> Any:
    return json.loads((tmp_path / "reports" / "triage.json").read_text())


def test_healthy_is_one_line_exit_0_and_one_file(judged: Triage, tmp_path: Path, capsys: Any) -> None:
    assert judged(diagnosis()) == 0
    (old, healthy) = capsys.readouterr().out.splitlines()
    assert old.startswith("The snapshot is ")
    assert healthy.startswith("HEALTHY: ")
    assert written(tmp_path) == ["triage.json"]
    assert answer(tmp_path)["healthy"] is True


def test_findings_are_exit_1_an_incident_and_a_bundle(judged: Triage, tmp_path: Path, capsys: Any) -> None:
    assert judged(diagnosis(FULL, SCALED)) == 1
    incident, evidence = "incident-20261123T074140Z.md", "evidence-20261123T074140Z.tar.gz"
    assert written(tmp_path) == [evidence, incident, "triage.json"]
    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == [
        f"Incident: {tmp_path / 'reports' / incident}",
        f"Hand over: {tmp_path / 'reports' / evidence}",
    ]
    assert len(said) <= 40
    findings = answer(tmp_path)["findings"]
    assert [finding["component"] for finding in findings] == ["storage", "producer"]
    assert all(set(finding) >= KEYS for finding in findings)


def test_what_heals_by_itself_is_handed_to_nobody(judged: Triage, tmp_path: Path, capsys: Any) -> None:
    assert judged(diagnosis(REPLACED)) == 1
    assert written(tmp_path) == ["incident-20261123T074140Z.md", "triage.json"]


def test_only_what_could_not_be_known_is_exit_2(judged: Triage, tmp_path: Path, capsys: Any) -> None:
    assert judged(diagnosis(unanswered=(AWAY,))) == 2
    assert written(tmp_path) == ["triage.json"]
    assert answer(tmp_path)["healthy"] is False
    assert "INCONCLUSIVE  1 check of processor: Prometheus does not answer" in capsys.readouterr().out


def test_a_step_that_was_tried_is_escalated(judged: Triage, tmp_path: Path, capsys: Any) -> None:
    assert judged(diagnosis(FULL), "--tried") == 1
    assert "L3 - Platform Team, now: the step did not help" in capsys.readouterr().out
    document = (tmp_path / "reports" / "incident-20261123T074140Z.md").read_text()
    assert "escalated to L3 - Platform Team" in document
    assert "| triage | documented: incident-20261123T074140Z.md" in document


def test_where_nothing_can_be_written_the_answer_stands(judged: Triage, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "reports").write_text("a file, no folder")
    assert judged(diagnosis(SCALED)) == 1
    assert "NO FILES: cannot write to" in capsys.readouterr().out


def test_nothing_half_written_is_left(judged: Triage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert judged(diagnosis(SCALED)) == 1
    assert written(tmp_path) == []


def test_the_bundle_is_its_owners_only(judged: Triage, tmp_path: Path) -> None:
    judged(diagnosis(FULL))
    modes = {path.name[:4]: path.stat().st_mode & 0o777 for path in (tmp_path / "reports").iterdir()}
    assert modes == {"evid": 0o600, "inci": 0o644, "tria": 0o644}


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--nonsense"], ["--snapshot", "x", "--context", "y"], ["--snapshot", "x", "--watch"]),
        *(["--settings", "none"], ["--pipeline", "none"]),
    ],
    ids=["unknown", "two sources", "watch a file", "no settings", "no pipeline"],
)
def test_a_command_that_makes_no_sense_is_refused_in_one_line(arguments: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 4
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("REFUSED: ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--snapshot", "none.json"], "cannot read the snapshot none.json"),
        (["--kubeconfig", "none"], "there is no kubeconfig none"),
        ([], "there is no kubeconfig"),
    ],
    ids=["no file", "no kubeconfig", "no cluster"],
)
def test_what_is_not_there_is_refused_in_one_line_and_no_answer_is_lost(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cli.main([*arguments, "--reports", str(tmp_path / "reports")]) == 4
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1
    assert said[0].startswith(f"REFUSED: {says}")
    assert not (tmp_path / "reports").exists()


def test_help_helps(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    said = capsys.readouterr().out
    for word in ("--watch", "--snapshot", "--tried", "exit codes", "evidence-<time>.tar.gz", "Reads only"):
        assert word in said


class FakePipeline:
    """A pipeline of which every look is given."""

    looks: Iterator[Snapshot]
    clock = ""

    def __init__(self, target: object, settings: object) -> None:
        self.asked: list[bool] = []

    def __enter__(self) -> FakePipeline:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def snapshot(self, *, deep: bool = False) -> Snapshot:
        assert deep, "triage needs the deep snapshot"
        return next(self.looks)


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Runs the command on a cluster whose looks and diagnoses are given."""

    def run(found: list[Diagnosis], *arguments: str) -> int:
        kubeconfig = tmp_path / "config"
        kubeconfig.write_text("{}")
        left = iter(found)
        FakePipeline.looks = iter([snapshot()] * len(found))
        monkeypatch.setattr("pipeline_services.snapshot.live.LivePipeline", FakePipeline)
        monkeypatch.setattr("pipeline_services.triage.walk.watch.LOOK_EVERY_S", 0.0)
        monkeypatch.setattr("pipeline_services.triage.walk.watch.Watch.run.__defaults__", (0.0, 60.0, lambda: AT + 30))
        monkeypatch.setattr(cli, "diagnose", lambda *_: next(left))
        return cli.main(["--kubeconfig", str(kubeconfig), "--reports", str(tmp_path / "reports"), *arguments])

    return run


def test_a_live_cluster_is_looked_at_once_and_says_how_to_watch(live: Triage, tmp_path: Path, capsys: Any) -> None:
    assert live([diagnosis(REPLACED)]) == 1
    said = re.sub(r"\s+", "", capsys.readouterr().out)  # a path that is longer than a row is broken
    assert f"followit:maketriageARGS='--kubeconfig{tmp_path / 'config'}--watch'" in said


def test_watching_ends_healthy_with_the_incident_written(live: Triage, tmp_path: Path, capsys: Any) -> None:
    assert live([diagnosis(REPLACED), diagnosis(), diagnosis()], "--watch") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Watching what heals by itself: kafka. Ctrl-C ends it."
    assert said[-3].startswith("kafka: resolved: healed by itself")
    assert said[-2].startswith("HEALTHY")
    assert answer(tmp_path)["healthy"] is True
    assert "healed by itself" in (tmp_path / "reports" / "incident-20261123T074140Z.md").read_text()


def test_watching_a_healthy_pipeline_looks_once(live: Triage) -> None:
    assert live([diagnosis()], "--watch") == 0


def test_ctrl_c_is_130(live: Triage, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def stop(*_: object, **__: object) -> Snapshot:
        raise KeyboardInterrupt

    monkeypatch.setattr(FakePipeline, "snapshot", stop)
    assert live([]) == 130
    assert capsys.readouterr().out == "Stopped by Ctrl-C.\n"


def test_a_cluster_that_does_not_answer_is_exit_2(live: Triage, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def away(*_: object, **__: object) -> Snapshot:
        raise ServiceUnreachable("the API server does not answer", next_step="make status")

    monkeypatch.setattr(FakePipeline, "snapshot", away)
    assert live([]) == 2
    assert capsys.readouterr().out == "INCONCLUSIVE: the API server does not answer. Next: make status\n"


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.name.removesuffix(".json.gz"))
def test_recorded_snapshots_are_judged_by_the_real_command(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "snapshot.json"
    recorded(file.name.removesuffix(".json.gz")).save(saved)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    started = time.monotonic()
    done = run("pipeline_services.triage", "--snapshot", saved, "--reports", tmp_path, env=environment)
    assert time.monotonic() - started < 20
    healthy = file.name.startswith("healthy")
    assert (done.returncode, done.stderr) == (0 if healthy else 1, "")
    assert len(done.stdout.splitlines()) <= 40
    assert max(map(len, done.stdout.splitlines()[:-2] or [""])) <= 120
    found = json.loads((tmp_path / "triage.json").read_text())
    assert found["healthy"] is healthy
    assert bool(list(tmp_path.glob("incident-*.md"))) is not healthy


def told() -> Snapshot:
    """A snapshot as it is published, of a pipeline that told its secret everywhere."""
    environment = [{"name": "TOLD", "value": CANARY}, {"name": "URL", "value": f"https://u:{CANARY}@host"}]
    teller = pod("producer-abc", "producer")
    teller["spec"]["containers"][0]["env"] = environment
    teller["metadata"]["annotations"] = {"note": CANARY}
    lines = [f"2026-11-23T07:41:00Z token={CANARY}", f"2026-11-23T07:41:01Z plain {CANARY} text"]
    raw = snapshot(
        {
            "pods": [teller],
            "logs/producer": [{"pod": "producer-abc", "container": "p", "lines": lines, "previous": lines}],
            "events": [event("Pod/producer-abc", "Failed", f"cannot use {CANARY}", first=AT - 30)],
        }
    )
    forms = secret_forms(hidden_values([secret("any", anything=CANARY.encode())]), set())
    return Snapshot(raw.taken_at, raw.context, raw.namespace, redacted(raw.answers, forms))


def test_a_canary_is_in_no_file_and_not_on_the_screen(judged: Triage, tmp_path: Path, capsys: Any) -> None:
    judged(diagnosis(SCALED, FULL), seen=told())
    (tmp_path / "seen.json").unlink()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3
    contents = [path.read_bytes() for path in files]
    with tarfile.open(next(path for path in files if path.suffix == ".gz")) as opened:
        inner = [opened.extractfile(entry) for entry in opened.getmembers()]
        contents += [file.read() for file in inner if file]
    text = b"\n".join([*contents, capsys.readouterr().out.encode()])
    assert b"[redacted]" in text, "the places that told it were not seen at all"
    assert CANARY.encode() not in text


def test_a_fault_of_triage_itself_is_one_line_and_not_the_code_of_findings(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def fail(*_: object) -> Diagnosis:
        raise KeyError("status")

    monkeypatch.setattr(cli, "diagnose", fail)
    assert cli.main(["--snapshot", str(RECORDED[0])]) == 3
    assert capsys.readouterr().out.splitlines()[-1].startswith("SUITE FAILED: KeyError: 'status' (test_cli.py:")
