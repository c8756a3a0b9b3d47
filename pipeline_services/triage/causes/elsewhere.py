"""What the pipeline uses and others run: a broker outside the cluster, a server in another namespace. It is not seen.

Only its answers are. A broker outside the cluster that does not answer whoever looks may serve the pipeline all the
same; what is in another namespace is asked the way that everything is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline_services.model import roles
from pipeline_services.model.component import Component
from pipeline_services.model.errors import AccessDenied, ServiceUnreachable
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding

CAUSES: Final[tuple[Cause, ...]] = ()
SAID_BY: Final[Mapping[str, str]] = {
    roles.KAFKA: "kafka_topics",
    roles.INFLUXDB: "influxdb_health",
    roles.PROMETHEUS: "prometheus_targets",
    roles.LOKI: "loki_ready",
    roles.GRAFANA: "grafana_health",
}
"""By component the source that says whether it answers."""


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Those that do not answer, or let nobody in."""
    for role in SAID_BY:
        part = evidence.pipeline.components.get(role)
        if part is not None and part.elsewhere:
            yield from _of(evidence, part)


def _of(evidence: Evidence, part: Component) -> Iterator[Finding]:
    cause = {roles.KAFKA: "broker-unresponsive", roles.INFLUXDB: "store-unresponsive"}.get(part.id, "not-ready")
    failure = evidence.snapshot.failures.get(SAID_BY[part.id])
    if failure is None or failure.kind == AccessDenied.__name__:
        return
    silent, suffered = failure.kind == ServiceUnreachable.__name__, _suffered(evidence, part.id)
    if suffered or (silent and not part.address):
        at = part.address or (part.service.address if part.service else part.id)
        call = f"; call {part.contact}" if part.contact else ""
        yield make_finding(
            About(evidence, part),
            cause,
            f"{at}, {part.elsewhere}, {'does not answer' if silent else 'cannot be asked'}{call}",
            failure.message,
            *suffered,
            confidence=Confidence.MEDIUM,
            steps=(part.first_command,),
        )


def _suffered(evidence: Evidence, role: str) -> list[str]:
    """What the pipeline itself shows of it."""
    if role == roles.KAFKA:
        return [*(one.why for one in evidence.failed_metrics("producer-rate")), *_nothing_stored(evidence)]
    if role == roles.INFLUXDB:
        return [one.why for one in evidence.failed_metrics("write-failures", "influxdb-writes-match-processor")]
    return []


def _nothing_stored(evidence: Evidence) -> list[str]:
    """That the newest stored reading is too old, in words; without Kafka the check cannot tell whose fault that is."""
    newest = (evidence.data("influxdb_newest") or {}).get("time")
    age_s = 0.0 if newest is None else evidence.now - newest
    too_old = age_s > metrics_of(evidence.pipeline)["stored-reading-age"].fail
    return [f"the newest stored reading is {age_s:.0f} s old"] if too_old else []
