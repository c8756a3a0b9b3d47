"""What is read of a server is what it holds; an answer that breaks off, or says so itself, is none."""

from __future__ import annotations

import pytest

from pipeline_services.clients.influxdb import identifier, literal
from pipeline_services.maintenance.influxdb.fingerprint import Series
from pipeline_services.maintenance.influxdb.server import InfluxServer, SeriesOnServer
from pipeline_services.model.errors import ServiceUnreachable, UnexpectedAnswer
from tests.maintenance.influxdb.fake_influx import FakeInflux
from tests.maintenance.influxdb.hand_made import BUCKET, HOUR_AGO_NS

D1 = Series.of("reading", {"device": "d1"})
SPANS = {BUCKET: (0, 2**62)}


def test_a_print_of_each_bucket_that_is_there(live: InfluxServer) -> None:
    stored = live.stored({**SPANS, "gone": (0, 1)})
    assert {name: len(prints) for name, prints in stored.buckets.items()} == {BUCKET: 2}
    assert (stored.points, stored.buckets[BUCKET][D1].points) == (18, 8)
    assert stored.types[BUCKET] == {"reading.sequence": "integer", "reading.value": "float"}


def test_only_points_of_the_span_count(live: InfluxServer) -> None:
    span = (HOUR_AGO_NS + 10**9, HOUR_AGO_NS + 3 * 10**9)
    assert live.stored({BUCKET: span}).points == 4


def test_one_series_is_read_alone(live: InfluxServer) -> None:
    look = SeriesOnServer(live, BUCKET, D1)
    assert look.points(HOUR_AGO_NS, HOUR_AGO_NS + 1) == {HOUR_AGO_NS: {"sequence": 0, "value": 0.5}}
    assert look.print_of(0, 2**62) == live.stored(SPANS).buckets[BUCKET][D1]
    assert look.print_of(0, 1) is None


def test_a_series_with_more_tags_is_another(live: InfluxServer, live_server: FakeInflux) -> None:
    live_server.held[BUCKET]["reading,device=d1,room=r"] = {1: {"value": 1.0}}
    assert SeriesOnServer(live, BUCKET, D1).print_of(0, 2) is None


def test_contents_and_logins(live: InfluxServer) -> None:
    assert live.contents().tokens == ("checks (active): read buckets/1", "operator (active): read buckets/1")
    assert live.retention_s() == {BUCKET: 0, "other": 0}
    assert live.accepts("reader-token")
    assert not live.accepts("nobody's")


def test_a_login_that_is_neither_let_in_nor_refused_is_not_known(live: InfluxServer, live_server: FakeInflux) -> None:
    live_server.broken["/api/v2/buckets"] = (500, b"boom")
    with pytest.raises(UnexpectedAnswer, match="answers 500 to a login"):
        live.accepts("reader-token")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, b"boom", "answers 500 to /query: boom"),
        (200, b'{"results":[{"error":"timed out"}]}\n', "does not answer SHOW MEASUREMENTS: timed out"),
        (200, b'{"error":"no such db"}\n', "no such db"),
        (200, b'{"results":[{"series":[{"na', "cannot be read"),
        (200, b"[1]\n", "cannot be read"),
        (200, b'{"results":[{"series":[{"name":"a"}]}]}\n', "cannot be read"),
    ],
)
def test_an_answer_that_is_not_whole_is_none(
    live: InfluxServer, live_server: FakeInflux, status: int, body: bytes, said: str
) -> None:
    live_server.broken["/query"] = (status, body)
    with pytest.raises(UnexpectedAnswer, match=said):
        live.stored(SPANS)


def test_a_server_that_is_away_is_told(live: InfluxServer, live_server: FakeInflux) -> None:
    live_server.shutdown()
    live_server.server_close()
    with pytest.raises(ServiceUnreachable):
        live.stored(SPANS)


def test_names_and_texts_cannot_break_out_of_a_statement() -> None:
    assert identifier('a"b\\') == '"a\\"b\\\\"'
    assert literal("it's \\") == "'it\\'s \\\\'"
