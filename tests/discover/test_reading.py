"""The thin part: a namespace that nobody has described is read in two looks, and the command says what it did."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline_services.clients.manifests import rendered
from pipeline_services.discover import cli, reading
from pipeline_services.discover.profile import discovered
from pipeline_services.discover.reading import blank, look
from pipeline_services.model.errors import NoData
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.pipeline_schema import PUBLISHED
from pipeline_services.snapshot.snapshot import Snapshot
from tests.discover.namespaces import RECORDINGS, foreign
from tests.snapshot.fake_pipeline import CANARY, NS, FakePipeline, fake_pipeline

if TYPE_CHECKING:
    pass

HEALTHY = RECORDINGS / "healthy.json.gz"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[FakePipeline]:
    """The suite's own pipeline behind a fake API server, with the objects of its manifests."""
    with fake_pipeline(tmp_path) as pipeline:
        objects: dict[str, list[dict[str, Any]]] = {}
        for item in rendered(REPOSITORY / "manifests" / "base"):
            objects.setdefault(item["kind"], []).append(item)
        for kind in ("Deployment", "StatefulSet", "DaemonSet", "Service", "ConfigMap", "HorizontalPodAutoscaler"):
            pipeline.api.routes[KINDS[kind].path(NS)] = (200, {"items": objects[kind]})
        pipeline.prometheus.routes["/api/v1/query"] = _answer
        yield pipeline


def _answer(query: dict[str, str]) -> tuple[int, dict[str, Any]]:
    counts = "__name__" in query["query"]
    rows = [{"metric": {"__name__": "conveyor_write_failures_total"}, "value": [1, "1"]}] if counts else []
    return 200, {"status": "success", "data": {"resultType": "vector", "result": rows}}


def test_a_namespace_that_nobody_described_is_read_with_its_services(running: FakePipeline) -> None:
    snapshot = look(running.cluster)
    assert snapshot.data("influxdb_health")["status"] == 200
    assert snapshot.data("series_names") == ["conveyor_write_failures_total"]
    found = Pipeline.from_document(discovered(snapshot).facts.document())
    own = Pipeline.load()
    assert (dict(found.services), found.topics.group) == (dict(own.services), own.topics.group)
    assert found.metrics == {"write_failures": "conveyor_write_failures_total"}
    assert found.config.tls == own.config.tls
    assert CANARY not in snapshot.to_json()
    assert "message_fields" in snapshot.failures  # no pod of Kafka is ready here


def test_nothing_is_changed_by_looking(running: FakePipeline) -> None:
    look(running.cluster)
    assert {method for method, *_ in running.api.asked} <= {"GET"}


def test_series_that_cannot_be_asked_for_are_a_failure_of_their_own(running: FakePipeline) -> None:
    running.prometheus.routes["/api/v1/query"] = (500, {})
    snapshot = look(running.cluster)
    assert "series_names" in snapshot.failures
    assert discovered(snapshot).facts.document()["metrics"]["produced"] == "conveyor_readings_produced_total"


def test_the_newest_messages_of_each_partition_tell_their_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[dict[int, int], dict[int, int]]] = []

    def read(_port: int, _topic: str, start: dict[int, int], end: dict[int, int], enter: Any) -> None:
        asked.append((start, end))
        for second in range(3):
            enter(SimpleNamespace(value=b'{"sent_at": "2026-01-01T00:00:0%dZ", "line": "a"}' % second))

    monkeypatch.setattr(reading, "offsets_since", lambda *_: ({0: 0, 1: 95}, {0: 400, 1: 100}))
    monkeypatch.setattr(reading, "read_records", read)
    draft = Pipeline.load()
    topics = {draft.topics.readings: [{"partition": 0}, {"partition": 1}]}
    found = reading._message_fields(1, Snapshot(1.0, "c", "n", {"kafka_topics": topics}), draft)
    assert asked == [({0: 390, 1: 95}, {0: 400, 1: 100})]
    assert (found["seen"], found["series"], found["time"]) == (3, ["line"], "sent_at")
    with pytest.raises(NoData, match="Kafka has no topic"):
        reading._message_fields(1, Snapshot(1.0, "c", "n", {"kafka_topics": {}}), draft)
    monkeypatch.setattr(reading, "read_records", lambda *_: None)
    with pytest.raises(NoData, match="holds no message"):
        reading._message_fields(1, Snapshot(1.0, "c", "n", {"kafka_topics": topics}), draft)


def test_what_nobody_has_described_yet_asks_for_no_service() -> None:
    assert not blank("plant").workloads
    assert blank("plant").cluster


def test_the_command_writes_a_profile_that_can_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "profiles" / "mine.toml"
    assert cli.main(["--snapshot", str(HEALTHY), "--out", str(out)]) == 0
    assert Pipeline.load(out).service("kafka") == Pipeline.load().service("kafka")
    first = out.read_text().splitlines()[0].split()
    assert (out.parent / first[1]).resolve() == PUBLISHED
    said = capsys.readouterr().out
    assert "lines found" in said
    assert "0 to be filled in" in said


def test_a_profile_that_cannot_be_written_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--snapshot", str(HEALTHY), "--out", "/proc/p.toml"]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("REFUSED: cannot write /proc/p.toml: ")
    assert line.endswith(". Next: name another file with --out")


def test_the_command_prints_and_says_what_no_role_claims(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "seen.json"
    foreign().save(file)
    assert cli.main(["--snapshot", str(file)]) == 0
    printed = capsys.readouterr()
    assert tomllib.loads(printed.out)["topics"]["readings"] == "speeds"
    assert "# drift: no role claims Deployment billing" in printed.out
    assert printed.err.splitlines() == [
        "topics.partitions: fill in: nothing says how many; a broker makes 1",
        "drift: no role claims Deployment billing",
    ]


@pytest.mark.parametrize(
    ("recording", "code", "last"), [("healthy", 0, "nothing differs"), ("matrix/topic-missing", 1, "1 difference")]
)
def test_the_command_compares(
    recording: str, code: int, last: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = tmp_path / "mine.toml"
    assert cli.main(["--snapshot", str(HEALTHY), "--out", str(profile)]) == 0
    assert cli.main(["--snapshot", str(RECORDINGS / f"{recording}.json.gz"), "--check", str(profile)]) == code
    assert capsys.readouterr().out.splitlines()[-1].endswith(last)


def test_what_is_not_there_is_refused_and_what_does_not_answer_is_not_known(
    running: FakePipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--snapshot", str(tmp_path / "none.json")]) == 4
    assert cli.main(["--snapshot", str(HEALTHY), "--check", str(tmp_path / "none.toml")]) == 4
    config = ["--kubeconfig", str(tmp_path / "config")]
    assert cli.main([*config, "--namespace", "nowhere"]) == 4
    assert "REFUSED: " in capsys.readouterr().err
    assert cli.main([*config, "--namespace", NS, "--out", str(tmp_path / "p.toml")]) == 0
    running.api.shutdown()
    running.api.server_close()
    assert cli.main([*config, "--namespace", NS]) == 2
