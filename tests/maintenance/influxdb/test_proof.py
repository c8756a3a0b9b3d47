"""A copy is proved by what it holds; what it lacks is named down to the point. Each control finds its damage."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipeline_services.maintenance.archive import Archive, closed
from pipeline_services.maintenance.influxdb import controls
from pipeline_services.maintenance.influxdb.controls import Bench, in_line_protocol, played
from pipeline_services.maintenance.influxdb.fingerprint import Series
from pipeline_services.maintenance.influxdb.proof import (
    Frozen,
    clipped,
    findings,
    frozen,
    frozen_spans,
    holds,
    marked,
    missed_marker,
    refused_tokens,
    require_points,
)
from pipeline_services.maintenance.influxdb.server import InfluxServer
from pipeline_services.maintenance.influxdb.transfer import back_up, restore_all
from pipeline_services.model.configuration import Store
from pipeline_services.model.errors import NoData, PreconditionNotMet, UnexpectedAnswer
from tests.maintenance.influxdb.fake_influx import OPERATOR, FakeInflux
from tests.maintenance.influxdb.hand_made import BUCKET, HOUR_AGO_NS

STORE = Store("plant", BUCKET, "reading")


@pytest.fixture
def archive(live: InfluxServer, copy: InfluxServer, tmp_path: Path) -> Archive:
    """A backup of the live server that is restored into the copy."""
    folder = tmp_path / "archive"
    (folder / "influxdb").mkdir(parents=True)
    was = frozen(live, time.time())
    back_up(live, folder / "influxdb", 0.0)
    restore_all(copy.http, OPERATOR, folder / "influxdb")
    return closed(folder, 0.0, "here", {"influxdb": was.to_dict()})


@pytest.fixture
def was(archive: Archive) -> Frozen:
    return Frozen.from_dict(archive.manifest.facts["influxdb"])


def test_a_true_copy_has_no_finding(was: Frozen, copy: InfluxServer, live: InfluxServer) -> None:
    assert findings(was, copy, time.time(), live) == []
    assert refused_tokens(copy, {"the reader's token": "reader-token"}) == []


def test_what_differs_is_named_down_to_the_point(
    was: Frozen, copy: InfluxServer, copy_server: FakeInflux, live: InfluxServer
) -> None:
    copy_server.held[BUCKET]["reading,device=d1"][HOUR_AGO_NS]["value"] = 7.0
    (line,) = findings(was, copy, time.time(), live)
    assert line.startswith(f"{BUCKET} (18 points of 18): 1 series changed, first reading,device=d1; at ")
    assert line.endswith("value is 7.0; stored was 0.5")
    (without,) = findings(was, copy, time.time())
    assert without.endswith("first reading,device=d1")


def test_old_points_that_arrive_meanwhile_prove_nothing(
    was: Frozen, copy: InfluxServer, copy_server: FakeInflux, live: InfluxServer, live_server: FakeInflux
) -> None:
    for server in (live_server, copy_server):
        server.held[BUCKET]["reading,device=d1"][HOUR_AGO_NS + 5] = {"value": 1.0}
    with pytest.raises(PreconditionNotMet, match="old points arrived meanwhile"):
        findings(was, copy, time.time(), live)


def test_the_marker_is_on_the_live_server_alone_and_gone_after(
    was: Frozen, live: InfluxServer, copy: InfluxServer
) -> None:
    with marked(live, STORE, time.time()) as marker:
        assert missed_marker(live, copy, BUCKET, marker) == []
        assert missed_marker(live, live, BUCKET, marker) == ["the copy has a point that was stored after the backup"]
        assert missed_marker(copy, copy, BUCKET, marker) == [
            "the point stored after the backup is not found where it was stored"
        ]
    assert not holds(live, BUCKET, marker)


def test_a_marker_that_cannot_be_stored_is_told(live: InfluxServer, live_server: FakeInflux) -> None:
    live_server.broken["/api/v2/write"] = (500, b"")
    with pytest.raises(UnexpectedAnswer, match="500 to POST"), marked(live, STORE, 0.0):
        pass


def test_tokens_that_do_not_log_in_are_named(copy: InfluxServer, copy_server: FakeInflux, was: Frozen) -> None:
    assert refused_tokens(copy, {"the old token": "x"}) == ["the copy does not accept the old token"]
    copy_server.broken["/api/v2/buckets"] = (200, b"{}")
    assert refused_tokens(copy, {}) == ["the copy accepts a token that nobody made"]


def test_nothing_stored_is_nothing_to_prove(copy: InfluxServer) -> None:
    with pytest.raises(NoData, match="nothing to restore"):
        require_points(frozen(copy, time.time()).stored)


def test_a_span_ends_before_what_still_arrives_and_begins_after_what_is_deleted_soon() -> None:
    spans = frozen_spans({"for ever": 0, "a day": 86_400, "an hour": 3_600}, 1_000_000.0)
    assert spans["for ever"] == (0, 999_700 * 10**9)
    assert spans["a day"][0] == (1_000_000 - 86_400 + 3_600) * 10**9
    assert spans["an hour"][0] == (1_000_000 - 3_600 + 360) * 10**9


def test_what_retention_has_deleted_since_is_not_compared() -> None:
    spans = {"a": (0, 10**15), "b": (5, 10**15), "gone": (0, 1)}
    assert clipped(spans, {"a": 10_000, "b": 0}, 1_000_000.0) == {"a": (991_000 * 10**9, 10**15), "b": (5, 10**15)}
    assert clipped(spans, {"a": 10_000}, 2_000_000.0) == {}


@pytest.mark.parametrize("known", [{}, [], {"stored": {}, "contents": {}}])
def test_an_archive_that_does_not_say_what_was_stored_is_refused(known: object) -> None:
    with pytest.raises(UnexpectedAnswer):
        Frozen.from_dict(known)  # type: ignore[arg-type]


@pytest.fixture
def bench(archive: Archive, was: Frozen, live: InfluxServer, copy: InfluxServer, tmp_path: Path) -> Bench:
    (tmp_path / "work").mkdir()
    return Bench(archive, "influxdb", was, live, copy, OPERATOR, tmp_path / "work", STORE.org, BUCKET)


def test_every_control_is_detected(bench: Bench) -> None:
    found = {control.damage: str(control) for control in played(bench)}
    assert len(found) == len(controls.CONTROLS)
    assert all(said.startswith("detected: ") for said in found.values()), found


def test_a_control_whose_damage_is_not_named_is_missed(bench: Bench, copy_server: FakeInflux) -> None:
    copy_server.broken["/api/v2/write"] = (204, b"")
    control = controls.value_changed(bench)
    assert str(control) == "MISSED: one value changed at equal count: nothing was said"


def test_a_copy_that_stays_damaged_ends_the_controls(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controls, "CONTROLS", (controls.bucket_empty,))
    monkeypatch.setattr(Bench, "restore", lambda _self: None)
    with pytest.raises(UnexpectedAnswer, match="not whole again after bucket_empty"):
        list(played(bench))


def test_names_with_blanks_and_commas_are_written_as_they_are() -> None:
    assert in_line_protocol(Series.of("a b", {"c,d": "e=f"})) == "a\\ b,c\\,d=e\\=f"
