"""Take a backup, prove it by a restore beside the pipeline, and restore one onto the pipeline."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pipeline_services.maintenance import archive as archives
from pipeline_services.maintenance.archive import Archive, closed, require_whole
from pipeline_services.maintenance.influxdb.controls import Bench, Control, played
from pipeline_services.maintenance.influxdb.copy import ALWAYS, NEVER, throwaway_influxdb
from pipeline_services.maintenance.influxdb.difference import compared
from pipeline_services.maintenance.influxdb.fingerprint import Stored
from pipeline_services.maintenance.influxdb.proof import (
    Frozen,
    clipped,
    findings,
    frozen,
    marked,
    missed_marker,
    refused_tokens,
    require_points,
)
from pipeline_services.maintenance.influxdb.server import InfluxServer
from pipeline_services.maintenance.influxdb.transfer import back_up, restore_all
from pipeline_services.maintenance.kafka import backup as kafka_backup
from pipeline_services.maintenance.kafka.copy import throwaway_kafka
from pipeline_services.maintenance.rotation.workloads import Workloads
from pipeline_services.maintenance.site import LINES_NOTED, Site, called, tokens_in
from pipeline_services.model import own_cluster, roles
from pipeline_services.model.errors import PipelineError, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.text import duration, exact_duration, file_time, plural, utc
from pipeline_services.platform.deploy.secrets.store import SecretStore

PART: Final = roles.INFLUXDB
"""The folder of InfluxDB's files in an archive, and the name of what they say."""
CONSENT: Final = "restore"
"""The word without which nothing is replaced."""
AGAIN: Final = "the same command again"
MEGABYTE: Final = 1e6
LINE_WIDTH: Final = 300


class NotProved(UnexpectedAnswer):
    """A backup did not give back what was stored, or a control was not detected."""


def take(site: Site, *, for_a_restore: bool = False) -> Archive:
    """Back up InfluxDB and Kafka into a new archive, and delete archives that are superseded.

    Args:
        for_a_restore: of InfluxDB alone, since Kafka may be away; and no archive is deleted: one of them is to be
            restored, and what is there now may be worth less than any of them.

    Raises:
        PipelineError: one of them does not give everything.
    """
    began, at = time.monotonic(), time.time()
    before = site.archives.last()
    was = frozen(site.live, at)
    with site.archives.new(at) as folder:
        (folder / PART).mkdir()
        back_up(site.live, folder / PART, at)
        kafka = {} if for_a_restore else {roles.KAFKA: _take_kafka(site, folder / roles.KAFKA, at)}
        closed(folder, at, site.source, {PART: was.to_dict(), **kafka})
    archive = archives.opened(site.archives.root / file_time(at))
    site.say(f"{summary(archive, was.stored)}; took {exact_duration(time.monotonic() - began)}")
    site.say(f"the archive before it: {summary(before) if before else 'none'}")
    gone = [] if for_a_restore else site.archives.rotate()
    if gone:
        site.say(f"deleted {plural(len(gone), 'archive')}, so that {archives.KEPT} stay: {', '.join(gone)}")
    return archive


def _take_kafka(site: Site, folder: Path, at: float) -> dict[str, Any]:
    folder.mkdir()
    with site.kafka() as broker:
        kept = kafka_backup.back_up(broker, site.pipeline.topics, folder, at)
    site.say(f"Kafka: {kept.records} records of the last hour, {len(kept.topics)} topics, offsets of {kept.group}")
    return kept.to_dict()


def summary(archive: Archive, stored: Stored | None = None) -> str:
    """Where an archive is, how old and how large."""
    known = stored or Frozen.from_dict(archive.manifest.facts.get(PART, {})).stored
    series = sum(map(len, known.buckets.values()))
    size = f"{archive.manifest.size / MEGABYTE:.1f} MB, {known.points} points in {series} series"
    return f"{archive.folder} ({duration(time.time() - archive.manifest.at)} old, {size})"


def prove(site: Site, archive: Archive, *, with_controls: bool = False) -> None:
    """Restore an archive that was just taken into a throwaway server, compare every point, and note what came of it.

    Args:
        with_controls: damage archive and copy on purpose as well; each damage has to be named.

    Raises:
        NotProved: the copy differs, or a control was not detected.
        NoData: nothing old enough is stored.
        PreconditionNotMet: old points arrived meanwhile.
    """
    began = time.monotonic()
    was = Frozen.from_dict(archive.manifest.facts[PART])
    require_points(was.stored)
    require_whole(archive)
    with throwaway_influxdb(site.cluster, site.pipeline, site.journal, ALWAYS if with_controls else NEVER) as (
        http,
        token,
    ):
        copy = InfluxServer(http, site.operator, site.pipeline.store.org)
        with marked(site.live, site.pipeline.store, time.time()) as marker:
            restore_all(http, token, archive.folder / PART)
            lines = missed_marker(site.live, copy, site.writes_to, marker)
        lines += refused_tokens(copy, site.tokens)
        lines += findings(was, copy, time.time(), site.live)
        took = exact_duration(time.monotonic() - began)
        site.note(PART, own_cluster.BACKUP_TESTED, noted(archive, was.stored.points, lines))
        _require(lines, f"the backup {archive.folder} does not give back what was stored")
        site.say(f"proved: {was.stored.points} points restored into a server of its own and compared; took {took}")
        if with_controls:
            _play_controls(site, archive, was, copy)


def prove_kafka(site: Site, archive: Archive, *, with_controls: bool = False) -> None:
    """Restore Kafka's part of an archive into a throwaway broker and compare; a group has to go on at the right record.

    Raises:
        NotProved: the copy differs, the group goes on elsewhere, or a control was not detected.
    """
    began, folder = time.monotonic(), archive.folder / roles.KAFKA
    kept = kafka_backup.Kept.from_dict(archive.manifest.facts.get(roles.KAFKA, {}))
    require_whole(archive)
    with throwaway_kafka(site.cluster, site.pipeline, site.journal) as copy:
        kafka_backup.restore_into(copy, kept, folder)
        lines = kafka_backup.findings(copy, kept, folder)
        site.note(roles.KAFKA, own_cluster.BACKUP_TESTED, noted(archive, kept.records, lines))
        _require(lines, f"the backup of Kafka in {archive.folder} does not give back what was stored")
        took = exact_duration(time.monotonic() - began)
        site.say(
            f"proved: {kept.records} records of Kafka restored and compared; {kept.group} goes on at the right "
            f"record of {plural(len(kept.committed), 'partition')}; took {took}"
        )
        if with_controls:
            found = [Control(*one) for one in kafka_backup.controls(copy, kept, folder)]
            _judge_controls(site, found)


def _play_controls(site: Site, archive: Archive, was: Frozen, copy: InfluxServer) -> None:
    with tempfile.TemporaryDirectory() as work:
        where = (site.pipeline.store.org, site.writes_to)
        bench = Bench(archive, PART, was, site.live, copy, site.operator, Path(work), *where)
        _judge_controls(site, played(bench))


def _judge_controls(site: Site, controls: Iterable[Control]) -> None:
    found = []
    for control in controls:
        site.say(str(control))
        found.append(control)
    _require([str(one) for one in found if not one.detected], "a damaged backup was not noticed")
    site.say(f"controls: {len(found)} of {len(found)} detected")


def _require(lines: list[str], what: str, next_step: str = "") -> None:
    if lines:
        raise NotProved(f"{what}: {'; '.join(lines)}", next_step=next_step)


def noted(archive: Archive, entries: int, lines: list[str]) -> dict[str, Any]:
    """What is noted of a proof: when, how many points or records, and the first findings. Pure."""
    shown = [line[:LINE_WIDTH] for line in lines[:LINES_NOTED]]
    at, size = round(archive.manifest.at), archive.manifest.size
    return {"at": at, "points": entries, "bytes": size, "findings": shown}


def restore(site: Site, folder: Path, consent: Callable[[str], str]) -> None:
    """Replace everything that the pipeline's InfluxDB holds by an archive, after a fresh backup, and prove the result.

    The Secrets get the archive's tokens where theirs were made later, as after a lost volume.

    Args:
        consent: asked with what is about to be replaced; anything but the word leaves all as it is.

    Raises:
        PreconditionNotMet: no consent, or the archive is of another pipeline.
        NotProved: the archive does not give back what it says, or does not know the operator's token, so nothing was
            replaced; or the result differs, or all was replaced but in part.
    """
    archive = _chosen(site, folder)
    was = Frozen.from_dict(archive.manifest.facts.get(PART, {}))
    said = consent(
        f"Replaces all points, users, tokens and tasks of InfluxDB of {site.source} by those of "
        f"{utc(archive.manifest.at)} ({was.stored.points} points). "
        "What was stored since then is only in the fresh backup."
    )
    if said.strip() != CONSENT:
        raise PreconditionNotMet(f"nothing was changed: the word was not {CONSENT!r}")
    fresh = take(site, for_a_restore=True)
    with throwaway_influxdb(site.cluster, site.pipeline, site.journal) as (http, token):
        copy = InfluxServer(http, site.operator, site.pipeline.store.org)
        restore_all(http, token, folder / PART)
        operators = {called(site.pipeline.config.admin): site.operator}
        _require(
            refused_tokens(copy, operators), "nothing was changed: after the restore nobody could repair the tokens"
        )
        _require(findings(was, copy, time.time()), "nothing was changed: the archive does not give back what it says")
        site.say("the archive is proved in a server of its own; replacing the pipeline's InfluxDB")
        site = _replace(site, folder, fresh)
        lines = _unlike(site, was, copy)
    _require(lines, f"InfluxDB is not what the archive holds; the backup from before is {fresh.folder}", AGAIN)
    site.say(f"restored and proved: {was.stored.points} points; the backup from before is {fresh.folder}")


def _chosen(site: Site, folder: Path) -> Archive:
    try:
        archive = archives.opened(folder)
        require_whole(archive)
        if archive.manifest.source != site.source:
            raise PreconditionNotMet(f"{folder} is a backup of {archive.manifest.source}, not of {site.source}")
    except PipelineError as error:
        error.next_step = site.archives.to_choose()
        raise
    return archive


def _with_its_tokens(site: Site) -> Site:
    """The site once Secrets and clients have tokens that InfluxDB accepts: the archive's, where theirs are later."""
    secrets = site.cluster.list("secrets")
    written = SecretStore(site.cluster, secrets, site.pipeline).ensure_tokens()
    if not written:
        return site
    site.say(f"{' and '.join(written)}: held a token that was made after the backup; now the archive's")
    workloads = Workloads(site.cluster, site.say)
    workloads.restart(workloads.reading(written))
    return replace(site, tokens=tokens_in(site.cluster.list("secrets"), site.pipeline.config))


def _replace(site: Site, folder: Path, fresh: Archive) -> Site:
    try:
        restore_all(site.live.http, site.operator, folder / PART)
        return _with_its_tokens(site)
    except PipelineError as error:
        raise NotProved(
            f"InfluxDB is replaced in part: {error.message}; the backup from before is {fresh.folder}", next_step=AGAIN
        ) from error


def _unlike(site: Site, was: Frozen, copy: InfluxServer) -> list[str]:
    """In what the live server differs from the copy, as far as its retention does not delete it soon."""
    retention, now = site.live.retention_s(), time.time()
    spans = clipped(was.stored.spans, retention, now)
    differences = compared(copy.stored(spans), site.live.stored(spans), retention, now)
    return [*map(str, differences), *refused_tokens(site.live, site.tokens)]
