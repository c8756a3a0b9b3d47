"""Prometheus, Loki and Grafana: scrapes, logs, dashboards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.checklist.run import CheckResult
from pipeline_services.model import roles
from pipeline_services.model.errors import AccessDenied
from pipeline_services.model.k8s import K8sObject
from pipeline_services.model.k8s.pods import references_of
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes import probes, stale_secrets, tls
from pipeline_services.triage.causes.finding import About, make_finding, of_part
from pipeline_services.triage.causes.log_lines import message_of
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding
from pipeline_services.triage.steps import HISTORY, LOGS, READY, RESTORE, ROLL_BACK, ROLL_FORWARD

CAUSES: Final = (
    Cause(
        "scrape-failing",
        "Prometheus cannot scrape some targets",
        Escalation.L2,
        "observability",
        steps=(
            "kubectl logs -n {namespace:prometheus} -l {selector:prometheus} --tail=50",
            "kubectl get networkpolicies -n {namespace}",
            RESTORE,
        ),
        afterwards="every target is up",
    ),
    Cause(
        "series-dropped",
        "Prometheus scrapes its targets but drops their metrics",
        Escalation.L2,
        "observability",
        steps=("kubectl get configmap -n {namespace} {files} -o yaml", RESTORE),
        afterwards="every scraped target has its metrics",
    ),
    Cause(
        "port-closed",
        "a pod is ready, but nothing listens on its port",
        Escalation.L2,
        "pod-status",
        symptomatic=True,
        steps=(HISTORY, LOGS, ROLL_BACK),
        undo=ROLL_FORWARD,
        afterwards=READY,
    ),
    Cause(
        "datasource-broken",
        "Grafana gets no answer from a data source",
        Escalation.L2,
        "grafana-dashboards",
        steps=("kubectl logs -n {namespace} -l {selector:grafana} --tail=50", RESTORE),
        afterwards="the data source answers",
    ),
    Cause(
        "dashboard-damaged",
        "the dashboard lacks panels or does not exist",
        Escalation.L2,
        "grafana-dashboards",
        steps=(RESTORE,),
        afterwards="the dashboard shows all its panels",
    ),
    Cause(
        "panels-empty",
        "panels of the dashboard show no fresh data",
        Escalation.L2,
        "grafana-dashboards",
        symptomatic=True,
        steps=("kubectl logs -n {namespace} -l {selector:grafana} --tail=50", RESTORE),
        afterwards="every panel shows the last few minutes",
    ),
    Cause(
        "logs-not-shipped",
        "logs do not arrive in Loki",
        Escalation.L2,
        "loki-log-search",
        steps=(
            "kubectl logs -n {namespace} -l {selector:log-shipper} --tail=50",
            "kubectl get pods -n {namespace} -l {selector:log-shipper}",
        ),
        afterwards="Loki has lines of every pod from the last minute",
    ),
)


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Scrapes, logs, dashboards."""
    yield from _scrapes(evidence)
    yield from _logs(evidence)
    yield from _dashboards(evidence)


def _scrapes(evidence: Evidence) -> Iterator[Finding]:
    if roles.PROMETHEUS in evidence.pipeline.workloads and not evidence.ready(roles.PROMETHEUS):
        return
    pods = evidence.failed(checks.PODS_SCRAPED)
    red = [*pods, *evidence.failed(checks.NODES_SCRAPED)]
    missing = [one for one in red if not one.parameters or evidence.ready(one.parameters[0])]
    alone = missing[0] if len(missing) == 1 and missing[0] in pods else None
    if alone and "connection refused" in alone.why:
        yield _port_closed(evidence, alone)
    elif alone and (silent := probes.silent(evidence, alone.parameters[0], alone.why)):
        yield silent
    elif missing:
        yield make_finding(
            About(evidence, evidence.pipeline[roles.PROMETHEUS]),
            "scrape-failing",
            _not_scraped([one for one in missing if one in pods]) or missing[0].why,
            *(one.why for one in missing),
            *_changed(evidence, roles.PROMETHEUS),
        )
    elif evidence.failed(checks.SERIES_KEPT):
        red = evidence.failed(checks.SERIES_KEPT)
        files = " ".join(_config_maps(evidence.ready(roles.PROMETHEUS)))
        yield make_finding(
            About(evidence, evidence.pipeline[roles.PROMETHEUS], details={"files": files}),
            "series-dropped",
            f"Prometheus' configuration ({files}) drops metrics of {' and '.join(one.parameters[0] for one in red)}",
            *(one.why for one in red),
            *_changed(evidence, roles.PROMETHEUS),
        )
    elif evidence.failure("prometheus_targets") and evidence.serves(roles.PROMETHEUS):
        why = evidence.failure("prometheus_targets")
        yield make_finding(
            About(evidence, roles.PROMETHEUS), "not-ready", "Prometheus is ready but does not answer", why
        )


def _port_closed(evidence: Evidence, refused: CheckResult) -> Finding:
    """Prometheus scrapes all others: nothing listens on this pod's port."""
    (app,) = refused.parameters
    part = evidence.pipeline[app]
    return make_finding(
        About(evidence, part, affects={app, roles.PROMETHEUS}),
        "port-closed",
        f"a pod of {app} is ready, but nothing listens on its port",
        refused.why,
        since=evidence.changed(part.kind, part.workload, "spec.template"),
        confidence=Confidence.MEDIUM,
    )


def _logs(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.serves(roles.LOKI):
        return
    red = [*evidence.failed(checks.LOKI_FINDS_ALL_LOGS), *evidence.failed(checks.LOKI_HAS_LOGS_OF)]
    unready = evidence.failed(checks.LOKI_READY)
    if unready or evidence.failure("loki_ready"):
        why = unready[0].why if unready else evidence.failure("loki_ready")
        yield make_finding(About(evidence, roles.LOKI), "not-ready", f"Loki runs but does not serve: {why}", why)
    elif red:
        words = evidence.said(roles.LOG_SHIPPER, rf"(?i)error|refused|timed? ?out|denied|{_WHY}")
        yield make_finding(
            About(
                evidence,
                roles.LOKI,
                subject=evidence.pipeline[roles.LOG_SHIPPER].kubectl_name,
                details=of_part(evidence.pipeline[roles.LOG_SHIPPER]),
            ),
            "logs-not-shipped",
            f"logs do not arrive in Loki: {_refusal(words) or red[0].why}",
            *(f"log of the shipper: {message_of(line)}" for line in words[-2:]),
            *(one.why for one in red),
            *_changed(evidence, roles.LOG_SHIPPER),
        )


_WHY: Final = r"(HTTP )?status code:? 4\d\d.*|rate limit.*|no such host|connection refused|permission denied"
"""Why a shipper gets rid of no line, in its last words of that."""


def _refusal(words: Sequence[str]) -> str:
    """The last of the shipper's reasons; empty where it says none."""
    reasons = [found[0] for found in (re.search(f"(?i){_WHY}", line) for line in words) if found]
    return f"the shipper says: {reasons[-1][:120]}" if reasons else ""


def _explained(evidence: Evidence, source: str, why: str) -> bool:
    """Whether another finding explains it: a certificate, a token, a renamed organisation, a policy in the way."""
    if tls.failed_checks(evidence) and re.search(r"(?i)\btls\b|x509|certificate", why):
        return True
    if re.search(r'organization name "?[^"]*"? not found', why) and evidence.failed(checks.BUCKET_SET_AS_DECLARED):
        return True
    if re.search(stale_secrets.REFUSED, why) and evidence.failed(checks.TOKEN_ACCEPTED, "influxdb_read_token"):
        return True
    return bool(evidence.failed(checks.NETWORK_ALLOWS, f"{roles.GRAFANA}-{source}"))


def _dashboards(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.serves(roles.GRAFANA):
        return
    why = evidence.failure("grafana_health")
    if why or evidence.failed(checks.GRAFANA_HEALTHY):
        said = why or evidence.failed(checks.GRAFANA_HEALTHY)[0].why
        yield make_finding(
            About(evidence, roles.GRAFANA), "not-ready", f"Grafana runs but does not serve: {said}", said
        )
        return
    for one in evidence.failed(checks.GRAFANA_DATASOURCE_ANSWERS):
        (source,) = one.parameters
        if not evidence.ready(source) or _explained(evidence, source, one.why):
            continue
        stale = list(stale_secrets.of_data_source(evidence, one.why)) if source == roles.INFLUXDB else []
        yield from stale
        if not stale:
            yield make_finding(
                About(evidence, roles.GRAFANA, subject=f"datasource/{source}"),
                "datasource-broken",
                one.why,
                one.why,
                f"{source} itself is ready",
                *_changed(evidence, roles.GRAFANA),
            )
    board, lost = evidence.failed(checks.GRAFANA_DASHBOARD_COMPLETE), evidence.failure("grafana_dashboard")
    denied = (failure := evidence.snapshot.failures.get("grafana_dashboard")) and failure.kind == AccessDenied.__name__
    stale = list(stale_secrets.of_grafana(evidence, lost)) if denied else []
    yield from stale
    if (board or lost) and not stale:
        said = board[0].why if board else lost
        yield make_finding(
            About(evidence, roles.GRAFANA, subject=f"dashboard/{evidence.pipeline.dashboard.uid}"),
            "dashboard-damaged",
            said,
            said,
            *_changed(evidence, roles.GRAFANA),
        )
    panels = evidence.failed(checks.GRAFANA_PANEL_FRESH)
    if panels:
        yield make_finding(
            About(evidence, roles.GRAFANA, subject=f"dashboard/{evidence.pipeline.dashboard.uid}"),
            "panels-empty",
            f"panels of the dashboard show no fresh data: {panels[0].why}",
            *(one.why for one in panels),
            *_changed(evidence, roles.GRAFANA),
        )


def _not_scraped(pods: Sequence[CheckResult]) -> str:
    """Whose pods Prometheus does not scrape, where it is more than one component's."""
    of = dict.fromkeys(one.parameters[0] for one in pods)
    return f"Prometheus does not scrape the pods of {' and '.join(of)}" if len(of) > 1 else ""


def _config_maps(pods: Iterable[K8sObject]) -> list[str]:
    """Those without which the pods do not start, by name."""
    references = [one for pod in pods for one in references_of(pod)]
    return sorted({one.name for one in references if one.kind == "ConfigMap" and not one.optional})


def _changed(evidence: Evidence, component: str) -> list[str]:
    """The newest change to the component's workload or files in the last hour."""
    workload = evidence.pipeline[component].workload
    recent = [
        change
        for change in evidence.data("changes") or []
        if str(change["name"]).startswith(workload) and change["kind"] in ("ConfigMap", "Deployment", "DaemonSet")
    ]
    if not recent:
        return []
    newest = max(recent, key=lambda change: str(change["time"]))
    return [f"{newest['kind'].lower()}/{newest['name']} last changed at {newest['time']} by {newest['manager']}"]
