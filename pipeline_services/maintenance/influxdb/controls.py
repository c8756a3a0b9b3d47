"""Negative controls of a restore: a backup or a copy is damaged on purpose, and the comparison has to say how.

They work on a copy of the archive and on the throwaway server that it was restored into, never on the live one.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline_services.maintenance.archive import Archive, closed, require_whole
from pipeline_services.maintenance.influxdb.difference import NANO, compared
from pipeline_services.maintenance.influxdb.fingerprint import Series, points_in
from pipeline_services.maintenance.influxdb.proof import ALL_TIME, Frozen, findings, refused_tokens
from pipeline_services.maintenance.influxdb.server import TOKENS, InfluxServer, SeriesOnServer
from pipeline_services.maintenance.influxdb.transfer import manifest_of, restore_all
from pipeline_services.model.errors import NoData, UnexpectedAnswer
from pipeline_services.model.text import utc_ns
from pipeline_services.model.waiting import wait_until

EXPIRING: Final = "control-retention"
HOUR_S: Final = 3_600
EXPIRED_WITHIN_S: Final = 60.0
"""Seconds that the throwaway server, which looks every second, may take to delete what is beyond its retention."""


@dataclass(frozen=True, slots=True)
class Control:
    """What was damaged, what the suite said of it, and whether that names the damage."""

    damage: str
    said: str
    detected: bool

    def __str__(self) -> str:
        return f"{'detected' if self.detected else 'MISSED'}: {self.damage}: {self.said or 'nothing was said'}"


@dataclass(frozen=True, slots=True)
class Bench:
    """A restored copy that may be damaged, and what it was restored from.

    Attributes:
        live: the server that was backed up; it is only read.
        token: the operator's, of both.
        part: the folder of InfluxDB's files within an archive.
        work: an empty folder for damaged archives.
        org, bucket: where the readings are.
    """

    archive: Archive
    part: str
    was: Frozen
    live: InfluxServer
    copy: InfluxServer
    token: str
    work: Path
    org: str
    bucket: str

    def restore(self, folder: Path | None = None) -> None:
        """Make the copy what the archive says, or another folder of InfluxDB's files."""
        restore_all(self.copy.http, self.token, folder or self.archive.folder / self.part)

    def said(self) -> str:
        """What the comparison says of the copy as it is."""
        return "; ".join(findings(self.was, self.copy, time.time(), self.live))

    def damaged(self, name: str) -> Path:
        """A copy of the archive's folder, to be damaged."""
        return Path(shutil.copytree(self.archive.folder, self.work / name))

    def shards(self, folder: Path) -> list[Path]:
        """The files with points, the largest first."""
        files = (folder / self.part).glob("*.tar.gz")
        return sorted(files, key=lambda file: file.stat().st_size, reverse=True)


def truncated(bench: Bench) -> Control:
    """The largest file of the archive ends in its middle."""
    folder = bench.damaged("truncated")
    file = bench.shards(folder)[0]
    with file.open("r+b") as content:
        content.truncate(file.stat().st_size // 2)
    said = _refusal(lambda: require_whole(Archive(folder, bench.archive.manifest)))
    return Control("truncated archive", said, file.name in said and "truncated" in said)


def shard_file_missing(bench: Bench) -> Control:
    """A file with points is not in the archive."""
    folder = bench.damaged("missing")
    file = bench.shards(folder)[0]
    file.unlink()
    said = _refusal(lambda: require_whole(Archive(folder, bench.archive.manifest)))
    at_restore = _refusal(lambda: bench.restore(folder / bench.part))
    return Control("shard file missing", f"{said}; {at_restore}", file.name in said and file.name in at_restore)


def shard_left_out(bench: Bench) -> Control:
    """The same, and no manifest knows of it: only the points themselves can show it."""
    folder = bench.damaged("left-out")
    file = bench.shards(folder)[0]
    known = manifest_of(folder / bench.part)
    for bucket in known["buckets"]:
        for policy in bucket["retentionPolicies"]:
            for group in policy["shardGroups"]:
                group["shards"] = [shard for shard in group["shards"] if shard["fileName"] != file.name]
    file.unlink()
    next((folder / bench.part).glob("*.manifest")).write_text(json.dumps(known), encoding="utf-8")
    require_whole(closed(folder, bench.archive.manifest.at, bench.archive.manifest.source, {}))
    bench.restore(folder / bench.part)
    said = bench.said()
    return Control("shard left out of archive and manifest", said, bench.bucket in said)


def bucket_empty(bench: Bench) -> Control:
    """All points of the bucket are deleted from the copy."""
    bench.copy.bucket(bench.bucket).delete(*ALL_TIME, "")
    said = bench.said()
    return Control("empty bucket", said, f"{bench.bucket} is empty" in said)


def value_changed(bench: Bench) -> Control:
    """One value of the longest series is another; the number of points stays."""
    prints = bench.was.stored.buckets[bench.bucket]
    series = max(prints, key=lambda one: prints[one].points)
    at = prints[series].last_ns
    values = SeriesOnServer(bench.live, bench.bucket, series).points(at, at + 1)[at]
    kinds = bench.was.stored.types[bench.bucket]
    name = next((name for name in values if kinds.get(f"{series.measurement}.{name}") == "float"), None)
    if name is None:
        raise NoData(f"no field of {series} is a number that could be changed")
    other = float(values[name]) + 1
    line = f"{in_line_protocol(series)} {name}={other!r} {at}"
    bench.copy.change("POST", "/api/v2/write", line.encode(), org=bench.org, bucket=bench.bucket)
    said = bench.said()
    counts = f"{bench.bucket} ({points_in(prints)} points of {points_in(prints)})"
    return Control("one value changed at equal count", said, counts in said and f"at {utc_ns(at)} {name} is" in said)


def beyond_retention(bench: Bench) -> Control:
    """Points of a bucket are older than the retention that it then gets, so the server deletes them."""
    path, name = "/api/v2/buckets", {"type": "expire", "shardGroupDurationSeconds": HOUR_S}
    organisation = next(bucket["orgID"] for bucket in bench.copy.buckets() if bucket["name"] == bench.bucket)
    made = {"orgID": organisation, "name": EXPIRING, "retentionRules": [{**name, "everySeconds": 0}]}
    bench.copy.change("POST", path, made)
    now = time.time()
    old = "\n".join(f"reading value={number} {int((now - 30 * HOUR_S + number) * NANO)}" for number in range(100))
    bench.copy.change("POST", "/api/v2/write", old.encode(), org=bench.org, bucket=EXPIRING)
    was = bench.copy.stored({EXPIRING: ALL_TIME})
    bucket = next(bucket for bucket in bench.copy.buckets() if bucket["name"] == EXPIRING)
    shorter = {"retentionRules": [{**name, "everySeconds": 2 * HOUR_S}]}
    bench.copy.change("PATCH", f"{path}/{bucket['id']}", shorter)

    def difference() -> str:
        now_held = bench.copy.stored({EXPIRING: ALL_TIME})
        return "; ".join(map(str, compared(was, now_held, bench.copy.retention_s(), time.time())))

    said = wait_until(difference, within=EXPIRED_WITHIN_S, what="the throwaway server to delete what is too old")
    return Control("data older than the retention", said, "older than the bucket's retention of 2 h" in said)


def wrong_token(bench: Bench) -> Control:
    """A token is deleted from the copy, and one that nobody made is tried."""
    tokens = bench.copy.tokens()
    lost = next((one for one in tokens if one["token"] != bench.token), None)
    if lost is None:
        raise NoData("there is no token but the operator's, so none can be lost")
    bench.copy.change("DELETE", f"{TOKENS}/{lost['id']}")
    said = "; ".join([*refused_tokens(bench.copy, {"the lost token": str(lost["token"])}), bench.said()])
    named = "does not accept the lost token" in said and "token missing: " in said
    return Control("wrong token", said, named)


CONTROLS: Final[tuple[Callable[[Bench], Control], ...]] = (
    truncated,
    shard_file_missing,
    shard_left_out,
    bucket_empty,
    value_changed,
    beyond_retention,
    wrong_token,
)


def played(bench: Bench) -> Iterator[Control]:
    """Each control in turn, the copy made whole again after each.

    Raises:
        UnexpectedAnswer: the copy is not whole again, so the next control would prove nothing.
    """
    for control in CONTROLS:
        yield control(bench)
        bench.restore()
        if left := bench.said():
            raise UnexpectedAnswer(f"the copy is not whole again after {control.__name__}: {left}")


def in_line_protocol(series: Series) -> str:
    """Measurement and tags as InfluxDB takes them."""

    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace(",", "\\,").replace(" ", "\\ ").replace("=", "\\=")

    return ",".join(
        [escaped(series.measurement), *(f"{escaped(name)}={escaped(value)}" for name, value in series.tags)]
    )


def _refusal(attempt: Callable[[], object]) -> str:
    """What an attempt is refused with; nothing where it is not."""
    try:
        attempt()
    except (NoData, UnexpectedAnswer) as error:
        return error.message
    return ""
