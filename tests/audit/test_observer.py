"""The observer keeps its ways, opens them anew after a look that failed, and waits for what is to come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.audit import observer as module
from pipeline_services.audit.observed import Message, Observation
from pipeline_services.audit.observer import IN_FLIGHT_S, SETTLED_WITHIN_S, Observer, fields_of, stored_in
from pipeline_services.clients.influxdb import Series
from pipeline_services.clients.port_forward import Endpoint
from pipeline_services.model.errors import NoData, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.offsets import Offsets
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.reading_identity import Identity
from tests.judgements.foreign_roles import ADDRESS, foreign_kafka

PLAIN = Pipeline.load(Path("plain"))
AT = 1_795_000_000 * 10**9


def message(number: int) -> Message:
    return Message(0, number, Identity(("line_1",), AT + number))


class FakeCluster:
    """Has nothing but a name."""

    namespace = "plain-pipeline"

    def list(self, _kind: str, *, namespace: str = "") -> list[object]:
        assert not namespace
        return []


class Bucket:
    """Answers with one reading, or breaks."""

    def __init__(self) -> None:
        self.broken = False

    def select(self, _what: str, _where: str, *, by: str) -> list[Series]:
        if self.broken:
            raise ServiceUnreachable("influxdb-service does not answer")
        assert by == '"conveyor_id"'
        audit = Series({"conveyor_id": "audit-1f-3"}, [[AT + 10**12, 1.5]])  # the ledger's own, which says nothing
        return [audit, Series({"conveyor_id": "line_1"}, [[AT, 1.5]])]


class Ways:
    """Counts the ways to InfluxDB that were opened and closed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = self.closed = 0
        self.bucket = Bucket()
        monkeypatch.setattr(module, "ready_endpoint", lambda *_: Endpoint("influxdb-service", "influxdb-0", 8086))
        monkeypatch.setattr(module, "PortForward", lambda *_: self)
        monkeypatch.setattr(module, "open_bucket", lambda *_: self.bucket)

    def __enter__(self) -> Ways:
        self.opened += 1
        return self

    def __exit__(self, *_error: object) -> None:
        self.closed += 1


def test_one_way_serves_all_looks_until_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    ways, cluster = Ways(monkeypatch), FakeCluster()
    with Observer(cluster, PLAIN) as observer:  # type: ignore[arg-type]
        assert [observer.newest(), observer.newest()] == [AT / 10**9] * 2
        assert (ways.opened, ways.closed) == (1, 0)
        ways.bucket.broken = True
        with pytest.raises(ServiceUnreachable):
            observer.newest()
        assert ways.closed == 1
        ways.bucket.broken = False
        assert observer.newest() == AT / 10**9
        assert (ways.opened, ways.closed) == (2, 1)
    assert ways.closed == 2


def seen(*, stored: int, committed: int, settled: bool) -> Observation:
    messages = [message(number) for number in range(3)]
    counts = Counter(one.identity for one in messages[:stored])
    return Observation(messages, 0, {0: 0}, {0: 0}, {0: committed}, counts, AT + 100 if settled else AT - 100)


def looks(monkeypatch: pytest.MonkeyPatch, *what: Observation | ServiceUnreachable) -> tuple[Observer, list[Any]]:
    """An observer that sees one thing after the other, and a wait that takes no time."""
    left, asked = list(what), []

    def observe(_self: Observer, seconds: float, end: object) -> Observation:
        asked.append((seconds, end))
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, ServiceUnreachable):
            raise one
        return one

    def wait_until(look: Callable[[], Any], *, within: float, retry_on: Any, **_more: Any) -> Any:
        assert within == SETTLED_WITHIN_S
        for _ in range(10):
            try:
                if found := look():
                    return found
            except retry_on:
                continue
        raise module.WaitExpired("in vain", None)

    monkeypatch.setattr(Observer, "observe", observe)
    monkeypatch.setattr(module, "wait_until", wait_until)
    return Observer(FakeCluster(), PLAIN), asked  # type: ignore[arg-type]


def test_it_waits_for_what_may_still_be_on_its_way_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    pending, done = seen(stored=1, committed=3, settled=False), seen(stored=3, committed=3, settled=False)
    observer, asked = looks(monkeypatch, pending, ServiceUnreachable("not yet"), done)
    assert observer.settled(0.0, {0: 3}) is done
    assert len(asked) == 3
    assert {end[0] for _, end in asked} == {3}


def test_what_is_lost_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = seen(stored=1, committed=3, settled=True)
    observer, asked = looks(monkeypatch, lost)
    assert observer.settled(0.0, {0: 3}) is lost
    assert len(asked) == 1


def test_a_group_that_never_comes_to_it_is_said_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = seen(stored=1, committed=1, settled=True)
    observer, _ = looks(monkeypatch, waiting)
    assert observer.settled(0.0, {0: 3}) is waiting


def test_what_never_answers_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    observer, _ = looks(monkeypatch, ServiceUnreachable("kafka does not answer"))
    with pytest.raises(ServiceUnreachable):
        observer.settled(0.0, {0: 3})


def test_a_group_has_longer_than_a_message_is_taken_to_be_on_its_way() -> None:
    assert SETTLED_WITHIN_S > 2 * IN_FLIGHT_S


class FakeBucket:
    """Answers one query with what it was made with."""

    def __init__(self, series: list[Series]) -> None:
        self.store, self.series = PLAIN.store, series
        self.asked: tuple[str, str, str] | None = None
        self.ever: list[Series] = []

    def select(self, what: str, where: str, *, by: str = "", timeout_s: float) -> list[Series]:
        if not by:
            return self.ever
        self.asked = (what, where, by)
        return self.series


def test_the_store_is_asked_for_the_time_of_the_messages_by_the_tags_of_their_series() -> None:
    bucket: Any = FakeBucket([Series({"conveyor_id": "line_1"}, [[AT, 1.5], [AT, 1.5], [AT + 3, 1.4]])])
    stored = stored_in(bucket, fields_of(PLAIN), [message(0), message(3)])
    assert bucket.asked == ('"speed_ms"', f"time >= {AT} AND time <= {AT + 3}", '"conveyor_id"')
    assert stored == Counter({Identity(("line_1",), AT): 2, Identity(("line_1",), AT + 3): 1})


def test_a_store_without_the_tag_is_no_loss_but_a_wrong_description() -> None:
    bucket: Any = FakeBucket([Series({}, [[AT, 1.5]])])
    with pytest.raises(UnexpectedAnswer, match="has no tag 'conveyor_id'"):
        stored_in(bucket, fields_of(PLAIN), [message(0)])


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


@pytest.mark.parametrize("tags", [{}, {"conveyor_id": ""}])
def test_a_store_that_groups_by_what_it_has_not_is_no_loss_either(tags: dict[str, str]) -> None:
    bucket: Any = FakeBucket([Series(tags, [[AT, 1.5]])])
    with pytest.raises(UnexpectedAnswer, match=r"has no tag 'conveyor_id': \[message\] names it"):
        stored_in(bucket, fields_of(PLAIN), [message(0)])


def test_a_place_where_nothing_was_ever_stored_is_a_wrong_description() -> None:
    bucket: Any = FakeBucket([])
    with pytest.raises(NoData, match="bucket conveyor-data has never had a field speed_ms of conveyor_speed"):
        stored_in(bucket, fields_of(PLAIN), [message(0)])
    bucket.ever = [Series({}, [[AT - 10**12, 1.5]])]
    assert stored_in(bucket, fields_of(PLAIN), [message(0)]) == Counter()


def test_a_kafka_outside_the_cluster_is_asked_at_its_address() -> None:
    document = foreign_kafka()
    del document["components"]["kafka"]["security"]
    observer = Observer(FakeCluster(), Pipeline.from_document(document))  # type: ignore[arg-type]
    assert observer.kafka() == {"bootstrap_servers": [ADDRESS]}


class Broker:
    """Has a topic of one partition with four messages, of which the group has committed three."""

    def __init__(self, where: object) -> None:
        self.where = where

    def __enter__(self) -> Broker:
        return self

    def __exit__(self, *_error: object) -> None:
        """Nothing is open."""

    def topics(self) -> dict[str, list[dict[str, int]]]:
        return {PLAIN.topics.readings: [{"partition": 0}]}

    def offsets(self, _group: str, _topic: str, partitions: list[int]) -> Offsets:
        return Offsets(0.0, dict.fromkeys(partitions, 3), dict.fromkeys(partitions, 4))


def test_topic_group_and_store_make_one_observation(monkeypatch: pytest.MonkeyPatch) -> None:
    stamps = [f"2026-11-18T11:06:40.00000000{number}Z" for number in range(4)]
    raw = [f'{{"conveyor_id": "line_1", "timestamp": "{stamp}"}}'.encode() for stamp in stamps]
    raw[2] = b'{"conveyor_id": "line_1"}'

    def read(
        _where: object, _topic: str, start: dict[int, int], end: dict[int, int], enter: Callable[[Any], None]
    ) -> None:
        for offset in range(start[0], end[0]):
            enter(SimpleNamespace(partition=0, offset=offset, value=raw[offset]))

    bucket: Any = FakeBucket([Series({"conveyor_id": "line_1"}, [[AT + 1, 1.5]])])
    monkeypatch.setattr(module, "KafkaBroker", Broker)
    monkeypatch.setattr(module, "offsets_since", lambda *_: ({0: 0}, {0: 1}))
    monkeypatch.setattr(module, "read_records", read)
    monkeypatch.setattr(Observer, "kafka", lambda _self: 9092)
    monkeypatch.setattr(Observer, "_store", lambda _self: bucket)
    observer = Observer(FakeCluster(), PLAIN)  # type: ignore[arg-type]
    whole = observer.observe(60.0)
    assert [one.offset for one in whole.messages] == [1, 3]
    assert (whole.unidentified, whole.lacks) == (1, "no field timestamp")
    assert (whole.committed, whole.stored) == ({0: 3}, Counter([whole.messages[0].identity]))
    assert [one.offset for one in observer.observe(60.0, {0: 3}).messages] == [1], "what came later is left out"
