"""At the start a wrong address shows as a crash, and an outage does not; the dead-letter topic takes all or nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, TopicAlreadyExistsError

from pipeline_services.apps import dead_letters, kafka_link
from pipeline_services.apps.config import KafkaConfig
from pipeline_services.apps.dead_letters import LARGEST, DeadLetters, DeadLettersUnavailable
from pipeline_services.apps.kafka_link import LOOK_EVERY, NoBroker, Stall, await_broker, ensure_topics, unreachable
from pipeline_services.apps.parcel import Bad
from tests.apps.test_producer import Clock, FakeStop
from tests.apps.test_store import Record

CONFIG = KafkaConfig(("broker:9092",), "t", "d", 6, "group")
NOT_KNOWN = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
NO_ANSWER = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
REFUSED = ConnectionRefusedError(111, "Connection refused")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(kafka_link, "time", SimpleNamespace(monotonic=clock))
    return clock


def wait_for_broker(monkeypatch: pytest.MonkeyPatch, clock: Clock, reason: Callable[[], OSError | None]) -> int:
    """How often the loop stamped meanwhile."""
    beats: list[None] = []
    monkeypatch.setattr(kafka_link, "unreachable", lambda config: reason())
    assert await_broker(CONFIG, FakeStop(clock), lambda: beats.append(None))  # type: ignore[arg-type]
    return len(beats)


@pytest.mark.parametrize(
    ("reason", "after"), [(NOT_KNOWN, 10), (NO_ANSWER, 60), (REFUSED, 60), (TimeoutError("timed out"), 60)], ids=str
)
def test_gives_up_at_the_start_and_says_what_to_check(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, reason: OSError, after: int
) -> None:
    began = clock()
    with pytest.raises(NoBroker) as caught:
        wait_for_broker(monkeypatch, clock, lambda: reason)
    assert clock() - began == pytest.approx(after, abs=2)
    assert str(caught.value).startswith("no Kafka broker at broker:9092 for ")
    assert str(caught.value).endswith("Check KAFKA_BROKER")


@pytest.mark.parametrize("reason", [NO_ANSWER, REFUSED], ids=str)
def test_a_broker_that_comes_late_is_waited_for(monkeypatch: pytest.MonkeyPatch, clock: Clock, reason: OSError) -> None:
    there_at = clock() + 50
    assert wait_for_broker(monkeypatch, clock, lambda: reason if clock() < there_at else None) == 50


def test_asked_to_stop_while_waiting(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    stop = FakeStop(clock)
    clock.after(5, stop.request)
    monkeypatch.setattr(kafka_link, "unreachable", lambda config: REFUSED)
    assert not await_broker(CONFIG, stop, lambda: None)  # type: ignore[arg-type]


def test_one_broker_that_listens_is_enough() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as gone:
        port, closed = listener.getsockname()[1], gone.getsockname()[1]
        gone.close()
        both = KafkaConfig((f"127.0.0.1:{closed}", f"127.0.0.1:{port}"), "t", "d", 6, "g")
        assert unreachable(both) is None
        assert isinstance(unreachable(KafkaConfig((f"127.0.0.1:{closed}",), "t", "d", 6, "g")), ConnectionRefusedError)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[OSError | None]:
    """What the broker's address says at each look; the last answer stays."""
    answers: list[OSError | None] = [None]
    monkeypatch.setattr(kafka_link, "unreachable", lambda config: answers.pop(0) if len(answers) > 1 else answers[0])
    return answers


def stalled_for(stall: Stall, clock: Clock, seconds: float) -> float:
    for _ in range(round(seconds)):
        clock.pass_by(1.0)
        stall.seconds()
    return stall.seconds()


def test_without_an_answer_from_a_broker_that_is_there_it_is_a_stall(looks: list[OSError | None]) -> None:
    clock = Clock()
    assert stalled_for(Stall(CONFIG, clock), clock, 30) == 30


def test_an_outage_is_no_stall_and_the_clock_begins_with_its_end(looks: list[OSError | None]) -> None:
    clock = Clock()
    stall = Stall(CONFIG, clock)
    looks[:] = [REFUSED] * 10 + [None]
    assert stalled_for(stall, clock, 10 * LOOK_EVERY) == 0
    assert stalled_for(stall, clock, 30) == 30


def test_an_answer_ends_a_stall(looks: list[OSError | None]) -> None:
    clock = Clock()
    stall = Stall(CONFIG, clock)
    stalled_for(stall, clock, 30)
    stall.answered()
    assert stalled_for(stall, clock, 3) == 3


class FakeAdmin:
    """Topics, with another replica that may be faster."""

    existing: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    created: list[str] = []  # noqa: RUF012 - reset by the fixture

    def __init__(self, **_: Any) -> None:
        pass

    def __enter__(self) -> FakeAdmin:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def list_topics(self) -> list[str]:
        return list(self.existing)

    def create_topics(self, topics: dict[str, dict[str, Any]], wait_for_metadata: bool) -> None:
        ((name, settings),) = topics.items()
        if name in self.taken:
            raise TopicAlreadyExistsError
        assert (settings["num_partitions"], settings["replication_factor"]) == (6, 1)
        self.created.append(name)


@pytest.mark.parametrize(
    ("existing", "taken", "created"),
    [((), (), ["t", "d"]), (("t",), (), ["d"]), (("t", "d"), (), []), ((), ("t",), ["d"])],
    ids=["none", "one", "both", "another was faster"],
)
def test_topics_are_made_where_missing(
    monkeypatch: pytest.MonkeyPatch, existing: tuple[str, ...], taken: tuple[str, ...], created: list[str]
) -> None:
    monkeypatch.setattr(kafka_link, "KafkaAdminClient", FakeAdmin)
    monkeypatch.setattr(FakeAdmin, "existing", existing)
    monkeypatch.setattr(FakeAdmin, "taken", taken)
    monkeypatch.setattr(FakeAdmin, "created", [])
    ensure_topics(CONFIG)
    assert FakeAdmin.created == created


@dataclass
class FakeProducer:
    """Takes messages; from ``fails_from`` on their acknowledgements do not come."""

    fails_from: int = 10**9
    sent: list[dict[str, Any]] = field(default_factory=list)

    def send(self, topic: str, **message: Any) -> FakeProducer:
        assert topic == "d"
        self.sent.append(message)
        return self

    def get(self, timeout: float) -> None:
        if len(self.sent) > self.fails_from:
            raise KafkaTimeoutError("not acknowledged")


@pytest.fixture
def producers(monkeypatch: pytest.MonkeyPatch) -> list[FakeProducer]:
    waiting = [FakeProducer(), FakeProducer()]
    monkeypatch.setattr(dead_letters, "build_producer", lambda config: waiting.pop(0))
    monkeypatch.setattr(dead_letters, "discard", lambda producer: None)
    return list(waiting)


def bad(offset: int, value: bytes | None = b"garbage") -> Bad:
    return Bad(Record(offset, value), "not-json", "as told")


def test_a_dead_letter_says_why_and_whence(producers: list[FakeProducer]) -> None:
    DeadLetters(CONFIG).send([bad(7), bad(8, None)])
    first, second = producers[0].sent
    assert dict(first["headers"]) == {"reason": b"not-json", "detail": b"as told", "source": b"t/0/7"}
    assert (first["value"], first["key"], second["value"]) == (b"garbage", b"conveyor-00", b"")


def test_a_dead_letter_fits_where_the_message_fitted(producers: list[FakeProducer]) -> None:
    DeadLetters(CONFIG).send([bad(7, b"x" * (LARGEST + 1))])
    (message,) = producers[0].sent
    assert len(message["value"]) == LARGEST
    assert dict(message["headers"])["cut-from-bytes"] == str(LARGEST + 1).encode()


def test_one_missing_acknowledgement_is_a_failure_and_a_new_producer(producers: list[FakeProducer]) -> None:
    letters = DeadLetters(CONFIG)
    producers[0].fails_from = 1
    with pytest.raises(DeadLettersUnavailable, match="not acknowledged"):
        letters.send([bad(7), bad(8)])
    letters.send([bad(7), bad(8)])
    assert len(producers[1].sent) == 2
