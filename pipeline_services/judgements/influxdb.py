"""Is InfluxDB healthy, and are its timestamps possible (section 3.4)?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.judgements.config import store_refuses
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import require_ready
from pipeline_services.judgements.readings import no_reading
from pipeline_services.model import roles
from pipeline_services.model.commands import as_operator
from pipeline_services.model.configuration import MAPPING
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.snapshot.snapshot import Snapshot

ORGANISATIONS: Final = "org list"
"""The words of ``influx`` that show them."""
AT_WORK: Final = "influxdb_at_work"
NOT_FOUND: Final = 404
DAY_S: Final = 86_400
HALF_A_YEAR_S: Final = 180 * DAY_S
AHEAD: Final = 5.0
"""Seconds that two clocks may differ: more than any that are kept by NTP, and less than a minute's figures can bear."""


def is_healthy(snapshot: Snapshot) -> None:
    """``/health`` answers 200 with status pass."""
    require_ready(snapshot, roles.INFLUXDB)
    answer = snapshot.data("influxdb_health")
    status = answer["body"].get("status")
    if answer["status"] != 200 or status != "pass":
        advice = advice_about(roles.INFLUXDB).but(
            next_command="kubectl exec -n {namespace} {pod:influxdb} -- curl -sS --max-time 5 "
            "--cacert /etc/influxdb-tls/ca.crt https://localhost:{port:influxdb}/health"
        )
        raise Deviation(snapshot, f"InfluxDB's /health answers {answer['status']} {status!r}", "200 'pass'", advice)


def bucket_is_set_as_declared(snapshot: Snapshot) -> None:
    """The bucket is in the profile's organisation, and keeps readings as long as it says, in shards of usual length."""
    require_ready(snapshot, roles.INFLUXDB)
    kept, wanted = snapshot.data("influxdb_bucket")["retention_s"], snapshot.pipeline.store.retention_s
    if organisation_is_unknown(snapshot):
        store = snapshot.pipeline.store
        advice = advice_about(roles.INFLUXDB).but(
            impact="no reading is stored: each write names the organisation",
            next_command=as_operator(ORGANISATIONS),
            level="L2",
        )
        observed = f"InfluxDB has the bucket {store.bucket}, and no organisation {store.org}"
        raise Deviation(snapshot, observed, f"an organisation {store.org}", advice)
    if kept != wanted:
        shorter = is_kept_shorter(kept, wanted)
        advice = advice_about(roles.INFLUXDB).but(
            impact="stored readings are deleted earlier than was promised"
            if shorter
            else "no reading is deleted when it should be: the volume fills up",
            next_command=as_operator("bucket list --org {org} --name {bucket}"),
            level="L2",
        )
        observed = f"bucket {snapshot.pipeline.store.bucket} keeps readings for {hours(kept)}"
        raise Deviation(snapshot, observed, hours(wanted), advice)
    shard, usual = snapshot.data("influxdb_bucket").get("shard_s"), usual_shard(wanted)
    if shard and (shard < usual or shard > wanted > 0):
        advice = advice_about(roles.INFLUXDB).but(
            impact="InfluxDB opens every shard before it answers: each start takes longer, and memory grows"
            if shard < usual
            else "a shard is deleted as a whole: readings stay longer than twice as long as was promised",
            next_command=as_operator("bucket list --org {org} --name {bucket}"),
            level="L2",
        )
        observed = f"bucket {snapshot.pipeline.store.bucket} begins a shard every {hours(shard)}"
        raise Deviation(snapshot, observed, hours(usual), advice)


def is_kept_shorter(kept: int, wanted: int) -> bool:
    """Whether a bucket deletes readings earlier than wanted; of both times in seconds 0 is for ever."""
    return kept != 0 and (wanted == 0 or kept < wanted)


def organisation_is_unknown(snapshot: Snapshot) -> bool:
    """Whether InfluxDB finds the bucket, and not the organisation that clients name. Where it is the bucket that is not
    in that organisation, the one that was found is that of others, whose organisation nobody is to rename.

    Raises:
        PipelineError: it was not tried, or the bucket is not there.
    """
    tried = snapshot.data("influxdb_write")
    is_missing = tried["status"] == NOT_FOUND and "organization" in tried.get("missing", "organization")
    return bool(snapshot.data("influxdb_bucket")) and is_missing


def usual_shard(kept: int) -> int:
    """Of how many seconds InfluxDB makes the shards of a bucket that keeps readings for so many, 0: for ever."""
    if not kept or kept > HALF_A_YEAR_S:
        return 7 * DAY_S
    return DAY_S if kept >= 2 * DAY_S else 3_600


def nothing_works_on_it(snapshot: Snapshot) -> None:
    """No task and no replication runs inside InfluxDB, and nothing leads who reads the bucket elsewhere: the pipeline
    is described without; who looks, with the administrator's token, is let in."""
    require_ready(snapshot, roles.INFLUXDB)
    if store_refuses(snapshot, AT_WORK):
        held = snapshot.pipeline.config.admin_token
        advice = advice_about("config").but(
            impact="backups, rotations and repairs of InfluxDB fail; the readings are stored as before",
            next_command=f"kubectl describe secret -n {{namespace}} {held.secret}",
        )
        raise Deviation(snapshot, f"InfluxDB refuses {held.key} of Secret {held.secret}", "it is accepted", advice)
    for one in at_work(snapshot):
        advice = advice_about(roles.INFLUXDB).but(
            impact="it reads, writes or sends away readings beside the pipeline, and takes InfluxDB's CPU",
            next_command=as_operator(f"{one['kind']} list --org {{org}}"),
            level="L2",
        )
        raise Deviation(snapshot, words_of(one), "none", advice)


def words_of(found: Mapping[str, Any]) -> str:
    """What is at work, in words."""
    if found["kind"] == MAPPING:
        return f"who asks for {found['name']} in InfluxQL gets what another bucket holds"
    return f"the {found['kind']} {found['name']!r} runs in InfluxDB"


def at_work(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The tasks and replications that are active, and the mappings."""
    return [one for one in snapshot.data(AT_WORK) if one["active"]]


def hours(seconds: int) -> str:
    """A retention as influx takes it, in words where it is for ever."""
    return f"{seconds / 3600:g}h" if seconds else "ever"


def readings_are_past(snapshot: Snapshot) -> None:
    """The newest stored reading was measured before it was asked for: no producer's clock runs ahead.

    Raises:
        PreconditionNotMet: it is the clock of whoever looks that is behind the cluster's.
        NoData: nothing is stored.
    """
    newest = snapshot.data("influxdb_newest")
    if newest["time"] is None:
        raise no_reading(snapshot.pipeline)
    measured, asked = float(newest["time"]), float(newest.get("asked_at", snapshot.taken_at))
    if measured - asked <= AHEAD:
        return
    there = _clock_of_prometheus(snapshot)
    if there is not None and measured - there <= AHEAD:
        raise PreconditionNotMet(f"the clock of this machine is {there - asked:.0f} s behind that of the cluster")
    advice = advice_about(roles.PRODUCER).but(
        impact="readings are stored with timestamps in the future: ages, rates and latencies are wrong until then",
        next_command="kubectl exec -n {namespace} deploy/{name:producer} -- date -u",
        level="L3",
    )
    observed = f"the newest stored reading is {measured - asked:.0f} s in the future"
    raise Deviation(snapshot, observed, f"<= {AHEAD:g} s", advice)


def _clock_of_prometheus(snapshot: Snapshot) -> float | None:
    """What time it was for Prometheus when it was last asked; it stamps each answer."""
    answers = [rows for source, rows in snapshot.answers.items() if source.startswith("prometheus/")]
    return max((float(row["value"][0]) for rows in answers for row in rows), default=None)
