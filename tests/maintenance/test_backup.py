"""Take, prove, restore: what is proved is noted, what differs is named, and nothing is replaced without a word."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.clients.http import HttpApi
from pipeline_services.faults.journal import Journal
from pipeline_services.maintenance import __main__ as command
from pipeline_services.maintenance import archive as archives
from pipeline_services.maintenance import backup
from pipeline_services.maintenance.archive import Archive, Archives
from pipeline_services.maintenance.influxdb.server import InfluxServer
from pipeline_services.maintenance.kafka.records import Record
from pipeline_services.maintenance.site import Site
from pipeline_services.model.configuration import Store
from pipeline_services.model.errors import NoData, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.k8s import encoded
from pipeline_services.model.own_cluster import BACKUP_TESTED
from pipeline_services.model.pipeline import Pipeline
from tests.maintenance.influxdb.conftest import copy, copy_server, live, live_server
from tests.maintenance.influxdb.fake_influx import OPERATOR, FakeInflux
from tests.maintenance.influxdb.hand_made import BUCKET, HELD, HOUR_AGO_NS
from tests.maintenance.kafka.fake_broker import FakeBroker

__all__ = ["copy", "copy_server", "live", "live_server"]
FIRST = ("reading,device=d1", HOUR_AGO_NS)


class Claims:
    """The cluster: the notes that are written to it, and its Secrets with the tokens that were handed out."""

    context = "kind-test"

    def __init__(self) -> None:
        self.notes: list[Any] = []
        self.reader_token = "reader-token"

    def list(self, kind: str) -> list[Any]:
        assert kind == "secrets"
        config = Pipeline.load().config
        held = {config.admin: ("token", OPERATOR)}
        held |= {one.secret: (one.key, self.reader_token) for one in config.tokens.values()}
        return [
            {"metadata": {"name": name}, "data": encoded({key: text.encode()})} for name, (key, text) in held.items()
        ]

    def merge(self, kind: str, name: str, patch: Any) -> None:
        self.notes.append(json.loads(patch["metadata"]["annotations"][BACKUP_TESTED]))


@pytest.fixture
def broker() -> FakeBroker:
    """One topic whose group has a record to go on with."""
    topics, made = Pipeline.load().topics, FakeBroker()
    made.make({topics.readings: {"partitions": 1, "settings": {}}})
    made.write((topics.readings, 0), [Record(0, int(time.time() * 1_000) + n, None, b"x") for n in range(3)])
    made.offsets = {(topics.readings, 0): 2}
    return made


@pytest.fixture
def site(
    live: InfluxServer,
    copy: InfluxServer,
    broker: FakeBroker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    @contextmanager
    def throwaway(*_: object) -> Iterator[tuple[HttpApi, str]]:
        yield copy.http, OPERATOR

    monkeypatch.setattr(backup, "throwaway_influxdb", throwaway)
    monkeypatch.setattr(backup.SecretStore, "ensure_tokens", lambda _: [])

    @contextmanager
    def kafka(*_: object) -> Iterator[FakeBroker]:
        yield broker

    @contextmanager
    def throwaway_kafka(*_: object) -> Iterator[FakeBroker]:
        yield FakeBroker()

    monkeypatch.setattr(Site, "kafka", kafka)
    monkeypatch.setattr(backup, "throwaway_kafka", throwaway_kafka)
    cluster: Any = Claims()
    pipeline = replace(Pipeline.load(), store=Store("plant", BUCKET, "reading"))
    tokens = {"the token of the Secret admin": OPERATOR}
    return Site(
        cluster, pipeline, live, OPERATOR, tokens, Journal(tmp_path / "j"), Archives(tmp_path / "a"), said.append
    )


said: list[str] = []


@pytest.fixture(autouse=True)
def _quiet() -> None:
    said.clear()


@pytest.fixture
def archive(site: Site) -> Archive:
    return backup.take(site)


def notes(site: Site) -> list[Any]:
    cluster: Any = site.cluster
    return list(cluster.notes)


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
    with pytest.raises(UnexpectedAnswer, match=r"is damaged: the file influxdb/.*\.1\.tar\.gz is missing"):
        backup.restore(site, older, agreed)
    assert live_server.held[BUCKET] == {}


def test_an_archive_of_another_pipeline_is_refused(site: Site, archive: Archive, tmp_path: Path) -> None:
    other = Path(shutil.copytree(archive.folder, tmp_path / "other"))
    archives.closed(other, time.time(), "elsewhere", archive.manifest.facts)
    with pytest.raises(PreconditionNotMet, match="is a backup of elsewhere, not of"):
        backup.restore(site, other, agreed)


def test_a_result_that_differs_is_told_with_the_way_back(site: Site, older: Path, live_server: FakeInflux) -> None:
    live_server.held[BUCKET] = {}
    live_server.broken["/api/v2/restore/shards/1"] = (204, b"")
    with pytest.raises(backup.NotProved, match="sensors is empty; ") as caught:
        backup.restore(site, older, agreed)
    assert "the backup from before is" in caught.value.message


@pytest.mark.parametrize(
    "arguments", [["restore", "--from", "x"], ["backup"], ["rotate-token"], ["rotate-tls", "--dry-run"]]
)
def test_without_a_cluster_there_is_one_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert command.main(arguments) == command.FAILED
    assert capsys.readouterr().err == "no cluster conveyor answers. Next: make up\n"


def test_a_restore_needs_a_folder() -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["restore"])
    assert ended.value.code == 4
