"""Errors of an outage that is over: dependents logged them while a pod was away. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.checklist.run import CheckResult
from pipeline_services.judgements.logs import WINDOW, unknown_errors
from pipeline_services.judgements.pods import RECONNECT_S, STARTING_FOR, STILL_SHOWS, all_ready_since
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.k8s import age_since_start, container_statuses, is_ready, is_running
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes.finding import About, make_finding
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding

CAUSES: Final = (
    Cause(
        "outage-over",
        "the component has recovered; its earlier failures are still in logs and metrics",
        Escalation.L1,
        "self-healing",
        heals_within=150,
        steps=("kubectl get pods -n {namespace} -l {selector}", "make triage"),
        afterwards="make daily is green",
    ),
)

SETTLED_AFTER: Final = RECONNECT_S


def is_stale(result: CheckResult) -> bool:
    """Whether a check could not be judged only because it still sees an outage that is over."""
    return not result.failed and (result.check is checks.NO_UNKNOWN_ERRORS_LOGGED or STILL_SHOWS in result.why)


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Pods that are back, then deliveries that work again."""
    yield from _pods_back(evidence)
    yield from _deliveries_back(evidence)


def _deliveries_back(evidence: Evidence) -> Iterator[Finding]:
    """The processor delivers again, and earlier failures are still in its log and in one-minute metrics."""
    since = evidence.delivers_since
    failed = [*evidence.failed_metrics("write-failures"), *evidence.passing_metrics("write-failures")]
    said = (checks.NO_UNKNOWN_ERRORS_LOGGED, roles.PROCESSOR)
    errors = [*evidence.failed(*said), *evidence.undecided(*said)]
    logged = errors if evidence.said_to_deliver else []
    if since is None or evidence.now - since > WINDOW or not (failed or logged):
        return
    if logged and _last_error(evidence, roles.PROCESSOR) > since + SETTLED_AFTER:
        return
    yield make_finding(
        About(evidence, roles.INFLUXDB, affects={roles.PROCESSOR}),
        "outage-over",
        "InfluxDB accepts writes again; earlier failures still count in logs and metrics",
        *(f"{one.id}: {one.why}" for one in (*failed, *logged)),
        since=since,
        confidence=Confidence.MEDIUM,
    )


def _pods_back(evidence: Evidence) -> Iterator[Finding]:
    """A pod that came back a moment ago, and those that depend on it, for which only older errors fail a check."""
    red = [one for one in evidence.results.values() if one.failed or is_stale(one)]
    more = {one.component for one in red if one.check is not checks.NO_UNKNOWN_ERRORS_LOGGED}
    back = _came_back(evidence)
    waiting = {one for one in evidence.pipeline.judged_workloads if _waits(evidence, one)}
    for component in sorted(back, key=evidence.pipeline.rank):
        affected = evidence.pipeline.affected_by(component) - {component}
        suffers = affected - more
        dependents_failed = [one for one in red if one.component in suffers]
        last = max((_last_error(evidence, one.component) for one in dependents_failed), default=None)
        if last is not None and last <= back[component] + SETTLED_AFTER:
            apart = last - back[component]
            who = " and ".join(sorted({one.component for one in dependents_failed}))
            left = "".join(f"; {one} has not recovered" for one in sorted(affected & waiting))
            quiet = f"the last of them is of {abs(apart):.0f} s {'before' if apart < 0 else 'after'} its return"
            yield make_finding(
                About(evidence, component, affects={one.component for one in dependents_failed}),
                "outage-over",
                f"a pod of {component} is back; {who} logged errors until then{left}",
                *(f"{one.id}: {one.why}" for one in dependents_failed),
                quiet,
                since=back[component],
                confidence=Confidence.MEDIUM,
            )


def _came_back(evidence: Evidence) -> dict[str, float]:
    """The components that are whole, and of which a pod became ready within the time for which log errors count."""
    back = {}
    for component in evidence.pipeline.judged_workloads:
        pods = [pod for part in evidence.pipeline.parts_of(component) for pod in evidence.pods(part.id)]
        since = all_ready_since(pods)
        if since and evidence.now - max(since) <= WINDOW:
            back[component] = max(since)
    return back


def _waits(evidence: Evidence, component: str) -> bool:
    """Whether a process of the component has run for longer than a start takes and is not ready: for it, the outage
    lasts, whatever the others say."""
    pods = [pod for part in evidence.pipeline.parts_of(component) for pod in evidence.pods(part.id)]
    unready = (pod for pod in pods if not is_ready(pod) and all(map(is_running, container_statuses(pod) or ({},))))
    return any(age_since_start(pod, evidence.now) >= STARTING_FOR for pod in unready)


def _last_error(evidence: Evidence, component: str) -> float:
    """When the component logged its last error that is no known issue."""
    try:
        unknown = unknown_errors(evidence.snapshot, component)
    except PipelineError:
        return float("inf")  # an outage without a log is not over
    return max((line.at for line in unknown), default=float("inf"))
