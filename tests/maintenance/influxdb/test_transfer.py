"""A backup has everything, comes back whole, and is refused where a part of it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_services.maintenance.influxdb.server import InfluxServer
from pipeline_services.maintenance.influxdb.transfer import back_up, manifest_of, parts_of, restore_all
from pipeline_services.model.errors import NoData, UnexpectedAnswer
from tests.maintenance.influxdb.fake_influx import OPERATOR, FakeInflux
from tests.maintenance.influxdb.hand_made import HELD


def test_all_comes_back(live: InfluxServer, copy: InfluxServer, copy_server: FakeInflux, tmp_path: Path) -> None:
    back_up(live, tmp_path, 0.0)
    restore_all(copy.http, OPERATOR, tmp_path)
    assert copy_server.held == HELD
    assert copy_server.rights == {OPERATOR: "operator", "reader-token": "checks"}
    assert sorted(file.name.partition(".")[2] for file in tmp_path.iterdir()) == [
        *("0.tar.gz", "1.tar.gz", "bolt.gz", "manifest", "sqlite.gz")
    ]


def test_a_shard_that_retention_took_meanwhile_is_left_out(
    live: InfluxServer, live_server: FakeInflux, tmp_path: Path
) -> None:
    live_server.broken["/api/v2/backup/shards/0"] = (404, b"shard not found")
    back_up(live, tmp_path, 0.0)
    assert groups(tmp_path)[0]["shards"] == []


def groups(folder: Path) -> list[dict[str, list[object]]]:
    return [bucket["retentionPolicies"][0]["shardGroups"][0] for bucket in manifest_of(folder)["buckets"]]


@pytest.mark.parametrize("path", ["/api/v2/backup/metadata", "/api/v2/backup/shards/1"])
def test_a_part_that_is_not_given_ends_the_backup(
    live: InfluxServer, live_server: FakeInflux, tmp_path: Path, path: str
) -> None:
    live_server.broken[path] = (401, b"unauthorized")
    with pytest.raises(UnexpectedAnswer, match="answers 401"):
        back_up(live, tmp_path, 0.0)


def test_a_part_that_is_refused_ends_the_restore(
    live: InfluxServer, copy: InfluxServer, copy_server: FakeInflux, tmp_path: Path
) -> None:
    back_up(live, tmp_path, 0.0)
    copy_server.broken["/api/v2/restore/shards/1"] = (500, b"disk full")
    with pytest.raises(UnexpectedAnswer, match=r"500 to /api/v2/restore/shards/1 \(.*\.1\.tar\.gz\): disk full"):
        restore_all(copy.http, OPERATOR, tmp_path)


def test_a_missing_file_is_named_before_anything_is_replaced(
    live: InfluxServer, copy: InfluxServer, copy_server: FakeInflux, tmp_path: Path
) -> None:
    back_up(live, tmp_path, 0.0)
    (tmp_path / "19700101T000000Z.1.tar.gz").unlink()
    with pytest.raises(NoData, match=r"lacks 19700101T000000Z\.1\.tar\.gz"):
        restore_all(copy.http, OPERATOR, tmp_path)
    assert copy_server.held == {}


def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="has 0 manifests"):
        manifest_of(tmp_path)
    (tmp_path / "a.manifest").write_text('{"buckets": [], "kv": {}}')
    with pytest.raises(UnexpectedAnswer, match="cannot be read"):
        manifest_of(tmp_path)


@pytest.mark.parametrize(
    "body", [b"", b'--x\r\nname="kv"\r\n\r\n1\r\n--x--', b'--x\r\nname="kv"\r\n\r\n1\r\n--x\r\nname="sql"\r\n\r\n']
)
def test_metadata_that_is_not_whole_is_refused(body: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match="is not whole"):
        parts_of("multipart/mixed; boundary=x", body)
