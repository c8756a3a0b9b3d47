"""What the observing ledger reads, and what its command ends with."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.audit import observe
from pipeline_services.audit.observed import Message, Observation
from pipeline_services.audit.observer import Observer, fields_of, stored_in
from pipeline_services.audit.sent import Sent
from pipeline_services.clients.influxdb import Series
from pipeline_services.model.errors import NoData, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.exit_codes import FOUND, NOT_KNOWN, PASSED, REFUSED
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.reading_identity import Identity

PLAIN = Pipeline.load(Path("plain"))
FIELDS = fields_of(PLAIN)
AT = 1_795_000_000 * 10**9


def message(number: int) -> Message:
    return Message(0, number, Identity(("line_1",), AT + number))


class FakeBucket:
    """Answers one query with what it was made with."""

    def __init__(self, series: list[Series]) -> None:
        self.store, self.series = PLAIN.store, series
        self.asked: tuple[str, str, str] | None = None

    def select(self, what: str, where: str, *, by: str, timeout_s: float) -> list[Series]:
        self.asked = (what, where, by)
        return self.series


def test_the_store_is_asked_for_the_time_of_the_messages_by_the_tags_of_their_series() -> None:
    bucket: Any = FakeBucket([Series({"conveyor_id": "line_1"}, [[AT, 1.5], [AT, 1.5], [AT + 3, 1.4]])])
    stored = stored_in(bucket, FIELDS, [message(0), message(3)])
    assert bucket.asked == ('"speed_ms"', f"time >= {AT} AND time <= {AT + 3}", '"conveyor_id"')
    assert stored == Counter({Identity(("line_1",), AT): 2, Identity(("line_1",), AT + 3): 1})


def test_a_store_without_the_tag_is_no_loss_but_a_wrong_description() -> None:
    bucket: Any = FakeBucket([Series({}, [[AT, 1.5]])])
    with pytest.raises(UnexpectedAnswer, match="has no tag 'conveyor_id'"):
        stored_in(bucket, FIELDS, [message(0)])


def test_errors_are_read_of_every_life_of_the_processor_s_pods() -> None:
    status = {"containerStatuses": [{"name": "processor", "restartCount": 1}]}
    pod = {"metadata": {"name": "processor-1", "labels": {"app": "processor"}}, "status": status}
    other = {"metadata": {"name": "kafka-0", "labels": {"app": "kafka"}}, "status": {}}

    def logs(name: str, container: str, *, previous: bool, **_more: Any) -> list[str]:
        if previous:
            raise NoData("no log of an earlier life")
        return [f"2026-11-27T21:00:00.5Z 21:00:00 - {level} - {name}/{container}" for level in ("INFO", "ERROR")]

    cluster: Any = SimpleNamespace(list=lambda _kind: [pod, other], logs=logs)
    [line] = Observer(cluster, PLAIN).errors_of("processor", 600)
    assert (line.at, line.text) == (1_795_813_200.5, "21:00:00 - ERROR - processor-1/processor")


def test_errors_are_read_of_each_of_two_processors() -> None:
    two = PLAIN.document()
    second = {"workload": "archiver", "selector": {"app": "archiver"}, "container": "main", "part_of": "processor"}
    two["components"]["archiver"] = {**two["components"]["processor"], **second}
    names = {"archiver-1": "archiver", "processor-1": "processor"}
    pods = [{"metadata": {"name": name, "labels": {"app": app}}, "status": {}} for name, app in names.items()]

    def logs(name: str, container: str, **_more: Any) -> list[str]:
        second = 1 if container == "main" else 2
        return [f"2026-11-27T21:00:0{second}Z 21:00:00 - ERROR - {name}/{container}"]

    cluster: Any = SimpleNamespace(list=lambda _kind: pods, logs=logs)
    lines = Observer(cluster, Pipeline.from_document(two)).errors_of("processor", 600)
    assert [line.text.rpartition(" ")[2] for line in lines] == ["archiver-1/main", "processor-1/processor"]


def command(monkeypatch: pytest.MonkeyPatch, found: Observation | Exception, *words: str) -> int:
    def answer(*_: object) -> Observation:
        if isinstance(found, Exception):
            raise found
        return found

    cluster = SimpleNamespace(connect=lambda _target: nullcontext())
    observer = SimpleNamespace(observe=answer)
    monkeypatch.setattr(observe, "Observer", lambda *_: nullcontext(observer))
    monkeypatch.setattr(observe, "Cluster", cluster)
    monkeypatch.setattr(observe, "closing", lambda one: one)
    monkeypatch.setattr(observe, "resolve_target", lambda *_: None)
    return observe.main(["--pipeline", "plain", *words])


def seen(stored: int, of: int = 3, unidentified: int = 0) -> Observation:
    messages = [message(number) for number in range(of)]
    counts = Counter(one.identity for one in messages[:stored])
    return Observation(messages, unidentified, {0: 0}, {0: 0}, {0: of}, counts, AT + 1000)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (seen(3), PASSED),
        (seen(2), FOUND),
        (seen(3, unidentified=1), NOT_KNOWN),
        (seen(0, 0), NOT_KNOWN),
        (ServiceUnreachable("Kafka does not answer"), NOT_KNOWN),
    ],
)
def test_the_exit_code_says_what_is_known(found: Any, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command(monkeypatch, found) == code


def test_all_that_is_lost_is_written_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lost.json"
    assert command(monkeypatch, seen(1), "--out", str(file)) == FOUND
    assert file.read_text().count('"why"') == 2


def test_a_pipeline_with_numbered_messages_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        observe.main([])
    assert ended.value.code == REFUSED
    assert "has no [message]" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1", "many", "10001"])
def test_how_many_are_sent_is_a_number(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        observe.main(["--pipeline", "plain", "--send", count])
    assert ended.value.code == REFUSED
    assert "is no number from 1 to 10000" in capsys.readouterr().err


def test_nothing_is_sent_without_consent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = tmp_path / "kubeconfig"
    theirs.write_text("{apiVersion: v1, kind: Config}")
    with pytest.raises(SystemExit) as ended:
        observe.main(["--pipeline", "plain", "--send", "5", "--kubeconfig", str(theirs)])
    assert ended.value.code == REFUSED
    assert "--allow-chaos CONTEXT if that is really meant" in capsys.readouterr().err


def sending(monkeypatch: pytest.MonkeyPatch, stored: int) -> int:
    messages = [message(number) for number in range(3)]
    observation = Observation(
        messages, 0, {0: 0}, {0: 0}, {0: 3}, Counter(one.identity for one in messages[:stored]), AT + 1000
    )
    observer = SimpleNamespace(
        kafka_port=lambda: 9092,
        fields=FIELDS,
        offsets=lambda: SimpleNamespace(end={0: 3}),
        settled=lambda _since, _end: observation,
    )
    monkeypatch.setattr(observe, "_sending", lambda *_: nullcontext(observer))
    monkeypatch.setattr(observe, "send", lambda *_: [Sent(one.identity) for one in messages])
    return observe.main(["--pipeline", "plain", "--send", "3"])


def test_what_was_sent_is_accounted_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert sending(monkeypatch, stored=3) == PASSED
    assert "the audit's messages: 3 sent, 3 acknowledged, 3 in the topic, 3 stored, lost 0" in capsys.readouterr().out
    assert sending(monkeypatch, stored=2) == FOUND
