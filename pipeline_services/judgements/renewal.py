"""Section 5's monthly tasks: old secrets, autoscalers that have proved themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.growth import DAY_S
from pipeline_services.judgements.upkeep import ANCHOR, claim_of, note_on
from pipeline_services.model import own_cluster, roles
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.k8s import age, epoch, status_of
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

MONTH: Final = 35 * DAY_S
"""A month and a few days: a review that is a little late is none that was left out."""
QUARTER: Final = 90 * DAY_S
LASTS: Final = 45 * DAY_S
"""What a certificate must still be valid for, so that it outlives the next review by two weeks."""
TLS: Final = "tls"
ROTATIONS: Final[Mapping[str, str]] = {"tokens": "make rotate-token", TLS: "make rotate-tls"}
"""What is rotated under load, and the command that does it."""


def rotations(pipeline: Pipeline) -> list[str]:
    """What there is to rotate: nothing of an InfluxDB that others run, no certificate where it speaks plain HTTP."""
    own = roles.INFLUXDB in pipeline.with_volume  # the volume's claim says when each was rotated
    return [what for what in ROTATIONS if own and (what != TLS or pipeline.config.tls)]


def secret_is_rotated(snapshot: Snapshot, secret: str) -> None:
    """Every value of the secret was written anew within 90 days.

    Raises:
        NoData: nobody recorded when it was written.
    """
    newest: dict[str, float] = {}
    for change in _changes(snapshot, "Secret", secret):
        for path in change["fields"]:
            if path.startswith("data."):
                newest[path] = max(newest.get(path, 0.0), epoch(change["time"]))
    if not newest:
        raise NoData(f"nobody recorded when the values of {secret} were written")
    key = min(newest, key=newest.__getitem__)
    days = (snapshot.taken_at - newest[key]) / DAY_S
    if days * DAY_S > QUARTER:
        advice = advice_about("config").but(
            impact="a leaked value still works",
            next_command=f"kubectl describe secret -n {{namespace}} {secret}",
            runbook=ANCHOR,
        )
        observed = f"{key.removeprefix('data.')} in {secret} is {days:.0f} days old"
        raise Deviation(snapshot, observed, f"<= {QUARTER / DAY_S:.0f} days", advice)


def rotation_is_proved(snapshot: Snapshot, what: str) -> None:
    """The last rotation of the tokens or of TLS is no older than 90 days, and lost nothing while the pipeline ran.

    Raises:
        PreconditionNotMet: InfluxDB's volume is younger than that and nobody has rotated yet.
    """
    command, claim = ROTATIONS[what], claim_of(snapshot, roles.INFLUXDB)
    advice = advice_about("config").but(
        impact="a leaked value still works, and nobody knows whether it can be replaced without loss",
        next_command=command,
        runbook=ANCHOR,
        level="L2",
    )
    note = note_on(claim, f"{own_cluster.ROTATED}{what}", "lost", command)
    if note is None:
        if age(claim, snapshot.taken_at) < QUARTER:
            raise PreconditionNotMet(f"{what}: not rotated yet", next_step=command)
        raise Deviation(snapshot, f"{what}: never rotated", "once in 90 days", advice)
    if note.findings or note.counted:
        problem = note.findings[0] if note.findings else f"{note.counted} readings lost"
        observed = f"{what}: the last rotation had problems: {problem}"
        raise Deviation(snapshot, observed, "nothing lost, no old value left", advice)
    days = (snapshot.taken_at - note.at) / DAY_S
    if days * DAY_S > QUARTER:
        raise Deviation(snapshot, f"{what}: last rotated {days:.0f} days ago", f"<= {QUARTER / DAY_S:.0f} days", advice)


def certificate_outlives_the_next_review(snapshot: Snapshot) -> None:
    """InfluxDB's certificate is still valid two weeks after the next review."""
    left = (float(snapshot.data("tls")["secret"]["not_after"]) - snapshot.taken_at) / DAY_S
    if left * DAY_S < LASTS:
        advice = advice_about(roles.INFLUXDB).but(
            impact="it may expire before anybody looks again; then nothing is stored",
            next_command=f"kubectl describe secret -n {{namespace}} {snapshot.pipeline.config.tls}",
            runbook="tls-certificate",
            level="L2",
        )
        observed = f"InfluxDB's certificate is valid for {left:.0f} days more"
        raise Deviation(snapshot, observed, f">= {LASTS / DAY_S:.0f} days", advice)


def autoscaler_is_proved(snapshot: Snapshot, hpa_name: str) -> None:
    """The autoscaler has scaled within a month, under real load or in the load test of ``chaos/``.

    Raises:
        PreconditionNotMet: there is none, or it is young and has had nothing to do yet.
    """
    hpa = named(snapshot, "hpas", hpa_name)
    if hpa is None:
        raise PreconditionNotMet(f"there is no HPA {hpa_name}")
    load = "make load-test"
    last = status_of(hpa).get("lastScaleTime")
    if last is None and age(hpa, snapshot.taken_at) < MONTH:
        raise PreconditionNotMet(f"{hpa_name} has not had to scale yet", next_step=load)
    if last is None or snapshot.taken_at - epoch(last) > MONTH:
        advice = advice_about("hpa").but(
            impact="it is not known whether the pipeline scales with its load", next_command=load, runbook=ANCHOR
        )
        observed = f"{hpa_name} has never scaled" if last is None else f"{hpa_name} last scaled on {last[:10]}"
        raise Deviation(snapshot, observed, "once within a month", advice)


def _changes(snapshot: Snapshot, kind: str, name: str) -> list[Mapping[str, Any]]:
    return [change for change in snapshot.data("changes") if (change["kind"], change["name"]) == (kind, name)]
