"""What each way of InfluxDB to fail means, and how a parcel is delivered through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
from influxdb_client.rest import ApiException
from prometheus_client import CollectorRegistry

from pipeline_services.apps.config import StoreConfig
from pipeline_services.apps.dead_letters import DeadLettersUnavailable
from pipeline_services.apps.delivery import Delivery
from pipeline_services.apps.metrics import FAILURE_REASONS, ProcessorMetrics
from pipeline_services.apps.parcel import Bad, pack
from pipeline_services.apps.store import MEASUREMENT, Store, StoreUnavailable, Unacceptable, classified, line
from pipeline_services.model.message import Reading, encode
from pipeline_services.model.pipeline import Pipeline
from tests.apps.fake_influxdb import FakeInfluxDB, serving


@dataclass(frozen=True)
class Record:
    """A record as the Kafka client hands it over."""

    offset: int
    value: bytes | None
    topic: str = "t"
    partition: int = 0
    key: bytes | None = b"conveyor-00"


def reading(sequence: int) -> Reading:
    return Reading("life", "conveyor-00", sequence, 1_000 + sequence, 1.5)


def records(count: int) -> list[Record]:
    return [Record(offset, encode(reading(offset))) for offset in range(count)]


class Letters:
    """A dead-letter topic that may be away."""

    def __init__(self) -> None:
        self.sent: list[Bad] = []
        self.away = False

    def send(self, bad: Sequence[Bad]) -> None:
        if self.away:
            raise DeadLettersUnavailable("away")
        self.sent += bad

    def close(self) -> None:
        pass


@pytest.fixture
def fake() -> FakeInfluxDB:
    return FakeInfluxDB()


@pytest.fixture
def store(fake: FakeInfluxDB) -> Iterator[Store]:
    with serving(fake) as url:
        yield Store(StoreConfig(url, "org", "bucket", None, "token"))


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def delivery(store: Store, letters: Letters, registry: CollectorRegistry) -> Delivery:
    return Delivery(store, letters, ProcessorMetrics(registry))  # type: ignore[arg-type]


def test_the_line() -> None:
    expected = f"conveyor_reading,device_id=conveyor-00,producer_id=life checksum={reading(7).checksum()}i,"
    assert line(reading(7)).decode() == expected + "sequence=7i,value=1.5 1007"
    assert Pipeline.load().store.measurement == MEASUREMENT


@pytest.mark.parametrize(
    ("status", "reason", "for_operator"),
    [
        (401, "unauthorized", True),
        (403, "forbidden", True),
        (404, "not-found", True),
        (429, "busy", False),
        (500, "server-error", False),
        (503, "busy", False),
        (418, "unexpected", True),
        (302, "unexpected", True),
    ],
)
def test_nothing_is_given_up_for_an_answer_like(status: int, reason: str, for_operator: bool) -> None:
    means = classified(ApiException(status=status, reason="as told"))
    assert isinstance(means, StoreUnavailable)
    assert (means.reason, means.for_operator) == (reason, for_operator)
    assert reason in FAILURE_REASONS


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_line_is_bad_only_for(status: int) -> None:
    assert isinstance(classified(ApiException(status=status, reason="as told")), Unacceptable)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("SSLError\n[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer", "tls"),
        ("SSLError\nhostname mismatch, certificate is not valid for 'influxdb-service'", "tls"),
        ("SSLError\n[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol", "unreachable"),
    ],
)
def test_a_connection_that_is_not_trusted_is_told_from_one_that_broke(said: str, reason: str) -> None:
    means = classified(ApiException(status=0, reason=said))
    assert isinstance(means, StoreUnavailable)
    assert means.reason == reason


def test_nobody_there() -> None:
    with serving(FakeInfluxDB()) as url:
        gone = url
    with pytest.raises(StoreUnavailable) as caught:
        Store(StoreConfig(gone, "org", "bucket", None, "token")).ping()
    assert caught.value.reason == "unreachable"


def test_twice_written_is_once_stored(delivery: Delivery, fake: FakeInfluxDB) -> None:
    for _ in range(2):
        delivery.deliver(pack({0: records(10)}))
    assert (len(fake.points), fake.writes) == (10, 2)


def test_what_cannot_be_decoded_is_dead_lettered_with_its_reason(delivery: Delivery, letters: Letters) -> None:
    polled = [*records(2), Record(2, b"garbage"), Record(3, None)]
    delivery.deliver(pack({0: polled}))
    assert [(bad.record.offset, bad.reason) for bad in letters.sent] == [(2, "not-json"), (3, "empty")]


def test_exactly_what_influxdb_refuses_is_dead_lettered(
    delivery: Delivery, fake: FakeInfluxDB, letters: Letters, registry: CollectorRegistry
) -> None:
    refused = {3, 4, 99}
    fake.answer = lambda lines: 422 if any(f"sequence={bad}i" in one for bad in refused for one in lines) else 204
    parcel = pack({0: records(100)})
    delivery.deliver(parcel)
    assert {bad.record.offset for bad in letters.sent} == refused
    assert {bad.reason for bad in letters.sent} == {"rejected-by-store"}
    assert len(fake.points) == 97
    assert registry.get_sample_value("conveyor_readings_written_total") == 97
    assert registry.get_sample_value("conveyor_readings_dead_lettered_total") == 3
    assert registry.get_sample_value("conveyor_end_to_end_latency_seconds_count") == 97
    assert len(parcel) == 0


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_nothing_is_dead_lettered_or_counted_while_influxdb_refuses_all(
    status: int, delivery: Delivery, fake: FakeInfluxDB, letters: Letters, registry: CollectorRegistry
) -> None:
    fake.answer = lambda lines: status
    parcel = pack({0: [*records(5), Record(5, b"garbage")]})
    with pytest.raises(StoreUnavailable):
        delivery.deliver(parcel)
    assert (len(parcel), letters.sent, fake.points) == (6, [], {})
    assert registry.get_sample_value("conveyor_readings_written_total") == 0
    fake.answer = lambda lines: 204
    delivery.deliver(parcel)
    assert (len(parcel), len(letters.sent), len(fake.points)) == (0, 1, 5)


def test_an_outage_in_the_middle_of_halving_loses_nothing(
    delivery: Delivery, fake: FakeInfluxDB, letters: Letters
) -> None:
    fake.answer = lambda lines: 503 if fake.writes == 3 else 422 if any("sequence=7i" in one for one in lines) else 204
    parcel = pack({0: records(20)})
    with pytest.raises(StoreUnavailable):
        delivery.deliver(parcel)
    delivery.deliver(parcel)
    assert [bad.record.offset for bad in letters.sent] == [7]
    assert len(fake.points) == 19


def test_a_dead_letter_topic_that_is_away_holds_up_the_parcel(
    delivery: Delivery, letters: Letters, registry: CollectorRegistry
) -> None:
    letters.away = True
    parcel = pack({0: [*records(1), Record(1, b"garbage")]})
    for _ in range(2):
        with pytest.raises(DeadLettersUnavailable):
            delivery.deliver(parcel)
    assert len(parcel) == 1
    letters.away = False
    delivery.deliver(parcel)
    assert len(letters.sent) == 1
    assert registry.get_sample_value("conveyor_readings_written_total") == 1


def test_an_altered_reading_never_reaches_the_store(delivery: Delivery, fake: FakeInfluxDB, letters: Letters) -> None:
    altered = encode(reading(1)).replace(b'"value":1.5', b'"value":1.6')
    delivery.deliver(pack({0: [replace(records(1)[0], value=altered)]}))
    assert (letters.sent[0].reason, fake.points) == ("bad-checksum", {})
