"""Take and prove: what is proved is noted, and what differs is named."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_services.maintenance import __main__ as command
from pipeline_services.maintenance import backup
from pipeline_services.maintenance.archive import Archive, Archives, closed
from pipeline_services.maintenance.site import Site
from pipeline_services.model.errors import NoData
from tests.conftest import Refused
from tests.maintenance.backup_site import notes, said
from tests.maintenance.influxdb.fake_influx import FakeInflux
from tests.maintenance.influxdb.hand_made import BUCKET
from tests.maintenance.kafka.fake_broker import FakeBroker


def test_a_backup_says_how_large_it_is_and_which_was_before(
    site: Site, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said[0].startswith("Kafka: 3 records of the last hour, 1 topics")
    assert "18 points in 2 series" in said[1]
    assert said[2] == "the archive before it: none"
    monkeypatch.setattr(time, "time", lambda: archive.manifest.at + 7_200)
    backup.take(site, for_a_restore=True)
    assert said[4].startswith(f"the archive before it: {archive.folder} (2 h 0 min old, 0.0 MB, 18 points in 2 series)")
    assert archive.manifest.source == f"{site.pipeline.namespace} on kind-test"


def test_a_proved_backup_is_noted(site: Site, archive: Archive) -> None:
    backup.prove(site, archive)
    assert notes(site) == [
        {"at": round(archive.manifest.at), "points": 18, "bytes": archive.manifest.size, "findings": []}
    ]
    assert said[-1].startswith("proved: 18 points restored into a server of its own and compared")


def test_all_controls_are_played(site: Site, archive: Archive) -> None:
    backup.prove(site, archive, with_controls=True)
    assert said[-1] == "controls: 7 of 7 detected"


def test_a_copy_that_differs_is_noted_and_fails(site: Site, archive: Archive, copy_server: FakeInflux) -> None:
    copy_server.broken["/api/v2/restore/shards/1"] = (204, b"")
    with pytest.raises(backup.NotProved, match=r"sensors is empty; 18 points expected; at .* a point is missing"):
        backup.prove(site, archive)
    assert notes(site)[0]["findings"][0].startswith("sensors is empty")


def test_a_token_of_a_secret_that_does_not_log_in_fails(site: Site, archive: Archive) -> None:
    site = replace(site, tokens={"the token of the Secret x": "never made"})
    with pytest.raises(backup.NotProved, match="does not accept the token of the Secret x"):
        backup.prove(site, archive)


def test_nothing_stored_proves_nothing(site: Site, live_server: FakeInflux) -> None:
    live_server.held[BUCKET] = {}
    with pytest.raises(NoData, match="nothing to restore"):
        backup.prove(site, backup.take(site))


def test_kafka_is_proved_and_its_controls_are_played(site: Site, archive: Archive) -> None:
    backup.prove_kafka(site, archive, with_controls=True)
    proved = next(line for line in said if line.startswith("proved: 3 records of Kafka"))
    assert "goes on at the right record of 1 partition" in proved
    assert said[-1] == "controls: 2 of 2 detected"
    assert [(note["points"], note["findings"]) for note in notes(site)] == [(3, [])]


def test_a_broker_that_loses_a_record_fails(site: Site, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeBroker, "window", lambda _self, places, _since: dict.fromkeys(places, (0, 2)))
    with pytest.raises(backup.NotProved, match="is missing; the copy ends before record 2"):
        backup.prove_kafka(site, archive)
    assert notes(site)[0]["findings"]


@pytest.mark.parametrize("arguments", [["backup"], ["rotate-token"], ["rotate-tls", "--dry-run"]])
def test_without_a_cluster_there_is_one_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert command.main(arguments) == command.FAILED
    assert capsys.readouterr().err == "no cluster conveyor answers. Next: make up\n"


def test_a_restore_needs_a_folder(refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = tmp_path / "conveyor" / "backups" / "conveyor"
    assert f"which backup? there is no archive in {folder}" in refused(command.main, ["restore"])
    with Archives(folder).new(0.0) as draft:
        closed(draft, 0.0, "here", {})
    choose = f"make restore FROM={folder}/<19700101T000000Z>"
    assert f"which backup? {choose}" in refused(command.main, ["restore"])
    for wrong in (tmp_path / "none", tmp_path, Path(__file__), "a" * 300):
        said = refused(command.main, ["restore", "--from", str(wrong)])
        assert str(wrong) in said
        assert said.count("\n") == 1
        assert f". Next: {choose}; " in said
