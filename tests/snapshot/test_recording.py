"""The command that saves a snapshot: what it writes, and how it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.snapshot.collector import main
from pipeline_services.snapshot.snapshot import Snapshot
from tests.conftest import Refused
from tests.snapshot.fake_pipeline import NS, FakePipeline


def test_a_recording_from_the_command_line(
    pipeline: FakePipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "snapshot.json"
    code = main(["--out", str(out), "--kubeconfig", str(tmp_path / "config"), "--namespace", NS])
    assert code == 0
    assert Snapshot.load(out).data("pods")
    assert "kafka_lag: ServiceUnreachable: no ready pod behind the service kafka-service" in capsys.readouterr().err


def test_a_recording_that_cannot_be_made_is_one_line(tmp_path: Path, refused: Refused) -> None:
    said = refused(main, ["--out", str(tmp_path / "s"), "--kubeconfig", str(tmp_path / "none")])
    assert said.startswith("REFUSED: there is no kubeconfig ")
    assert said.count("\n") == 1


def test_a_recording_that_cannot_be_written_is_one_line(
    pipeline: FakePipeline, tmp_path: Path, refused: Refused
) -> None:
    asked = ["--kubeconfig", str(tmp_path / "config"), "--namespace", NS]
    assert f"cannot write {tmp_path}: Is a directory" in refused(main, ["--out", str(tmp_path), *asked])


def test_a_recording_of_a_cluster_that_does_not_answer_is_inconclusive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise ServiceUnreachable("the API server does not answer")

    monkeypatch.setattr("pipeline_services.snapshot.collector.resolve_target", silent)
    assert main(["--out", str(tmp_path / "s")]) == 2
    assert capsys.readouterr().err == "INCONCLUSIVE: the API server does not answer\n"
