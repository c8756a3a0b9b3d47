"""Restore: nothing is replaced without a word, and the result is proved."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.maintenance import archive as archives
from pipeline_services.maintenance import backup
from pipeline_services.maintenance.archive import Archive
from pipeline_services.maintenance.site import Site
from pipeline_services.model.errors import PreconditionNotMet, ServiceUnreachable, UnexpectedAnswer
from tests.maintenance.backup_site import said
from tests.maintenance.influxdb.fake_influx import OPERATOR, FakeInflux
from tests.maintenance.influxdb.hand_made import BUCKET, HELD, HOUR_AGO_NS
from tests.maintenance.kafka.fake_broker import FakeBroker


def test_a_restore_does_not_need_kafka(site: Site, older: Path, broker: FakeBroker) -> None:
    broker.offsets = {}
    backup.restore(site, older, agreed)
    fresh = site.archives.last()
    assert fresh is not None
    assert list(fresh.manifest.facts) == ["influxdb"]


def agreed(_question: str) -> str:
    return "restore"


@pytest.fixture
def older(site: Site, archive: Archive, tmp_path: Path) -> Path:
    """An archive from before; its own place is free for the fresh backup of this second."""
    return Path(shutil.move(archive.folder, tmp_path / "older"))


def test_a_lost_volume_is_restored_and_proved(site: Site, older: Path, live_server: FakeInflux) -> None:
    live_server.held = {BUCKET: {}, "other": {}}
    backup.restore(site, older, agreed)
    assert live_server.held == HELD
    assert said[-1].startswith("restored and proved: 18 points; the backup from before is ")


def test_the_oldest_archive_outlives_the_backup_that_its_own_restore_takes(
    site: Site, older: Path, live_server: FakeInflux
) -> None:
    names = [f"20200101T00000{number}Z" for number in range(archives.KEPT)]
    for name in names:
        shutil.copytree(older, site.archives.root / name)
    live_server.held = {BUCKET: {}, "other": {}}
    backup.restore(site, site.archives.root / names[0], agreed)
    assert live_server.held == HELD
    assert site.archives.names()[:-1] == names


def test_tokens_made_after_the_backup_become_those_of_the_archive(
    site: Site, older: Path, live_server: FakeInflux, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster: Any = site.cluster
    live_server.held = {BUCKET: {}, "other": {}}
    live_server.rights = {OPERATOR: "operator", "later": "checks"}  # as `make up` made it on the new volume
    cluster.reader_token, restarted = "later", list[str]()

    def ensured(_: object) -> list[str]:
        assert "later" not in live_server.rights
        cluster.reader_token = "reader-token"
        return ["influxdb-read"]

    monkeypatch.setattr(backup.SecretStore, "ensure_tokens", ensured)
    monkeypatch.setattr(backup.Workloads, "reading", lambda _, secrets: [f"whoever reads {name}" for name in secrets])
    monkeypatch.setattr(backup.Workloads, "restart", lambda _, workloads: restarted.extend(workloads))
    backup.restore(replace(site, tokens={"the token of the Secret influxdb-read": "later"}), older, agreed)
    assert restarted == ["whoever reads influxdb-read"]
    assert said[-2] == "influxdb-read: held a token that was made after the backup; now the archive's"
    assert said[-1].startswith("restored and proved: 18 points")


def test_clients_that_do_not_come_up_with_the_archives_tokens_are_no_reason_to_hide_the_backup_from_before(
    site: Site, older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> list[str]:
        raise ServiceUnreachable("the processor does not come up")

    monkeypatch.setattr(backup.SecretStore, "ensure_tokens", refused)
    with pytest.raises(
        backup.NotProved, match=r"in part: the processor does not .*; the backup from before is "
    ) as told:
        backup.restore(site, older, agreed)
    assert told.value.next_step == "the same command again"


@pytest.mark.parametrize("step", ["kv", "sql", "shards/1"])
def test_a_restore_that_breaks_off_says_so_and_the_same_command_makes_it_good(
    site: Site, older: Path, live_server: FakeInflux, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    live_server.held = {BUCKET: {}, "other": {}}
    live_server.broken[f"/api/v2/restore/{step}"] = (500, b"no space left")
    with pytest.raises(
        backup.NotProved, match=r"replaced in part: .*no space left; the backup from before is "
    ) as told:
        backup.restore(site, older, agreed)
    assert told.value.next_step == "the same command again"
    live_server.broken.clear()
    later = time.time() + 5
    monkeypatch.setattr(time, "time", lambda: later)  # an archive is named by its second
    backup.restore(site, older, agreed)
    assert live_server.held == HELD


def test_what_is_replaced_is_in_the_fresh_backup(site: Site, older: Path, live_server: FakeInflux) -> None:
    live_server.held[BUCKET]["reading,device=d3"] = {HOUR_AGO_NS: {"value": 1.0}}
    backup.restore(site, older, agreed)
    fresh = site.archives.last()
    assert fresh is not None
    assert backup.Frozen.from_dict(fresh.manifest.facts["influxdb"]).stored.points == 19
    assert live_server.held == HELD


@pytest.mark.parametrize("word", ["", "yes", "Restore"])
def test_without_the_word_nothing_is_changed(site: Site, older: Path, live_server: FakeInflux, word: str) -> None:
    live_server.held[BUCKET] = {}
    with pytest.raises(PreconditionNotMet, match="nothing was changed"):
        backup.restore(site, older, lambda _question: word)
    assert live_server.held[BUCKET] == {}


def test_an_archive_that_does_not_know_the_operator_is_refused(
    site: Site, older: Path, live_server: FakeInflux
) -> None:
    live_server.held[BUCKET] = {}
    site = replace(site, operator="made after the backup")
    with pytest.raises(backup.NotProved, match=r"nothing was changed: .* does not accept the token of the Secret infl"):
        backup.restore(site, older, agreed)
    assert live_server.held[BUCKET] == {}


def test_a_damaged_archive_is_refused(site: Site, older: Path, live_server: FakeInflux) -> None:
    live_server.held[BUCKET] = {}
    next((older / "influxdb").glob("*.1.tar.gz")).unlink()
    with pytest.raises(UnexpectedAnswer, match=r"is damaged: the file influxdb/.*\.1\.tar\.gz is missing") as refused:
        backup.restore(site, older, agreed)
    assert refused.value.next_step == f"there is no archive in {site.archives.root}: make backup writes one"
    assert live_server.held[BUCKET] == {}


def test_an_archive_of_another_pipeline_is_refused(site: Site, archive: Archive, tmp_path: Path) -> None:
    other = Path(shutil.copytree(archive.folder, tmp_path / "other"))
    archives.closed(other, time.time(), "elsewhere", archive.manifest.facts)
    with pytest.raises(PreconditionNotMet, match="is a backup of elsewhere, not of") as refused:
        backup.restore(site, other, agreed)
    assert refused.value.next_step == f"make restore FROM={site.archives.root}/<{archive.folder.name}>"


def test_a_result_that_differs_is_told_with_the_way_back(site: Site, older: Path, live_server: FakeInflux) -> None:
    live_server.held[BUCKET] = {}
    live_server.broken["/api/v2/restore/shards/1"] = (204, b"")
    with pytest.raises(backup.NotProved, match="sensors is empty; ") as caught:
        backup.restore(site, older, agreed)
    assert "the backup from before is" in caught.value.message
