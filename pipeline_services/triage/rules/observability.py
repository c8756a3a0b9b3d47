"""The eyes and the autoscalers: Prometheus, Grafana, Loki, the metrics API. While they are blind nothing is green."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline_services.checklist import checks
from pipeline_services.checklist.run import CheckResult
from pipeline_services.judgements import hpas
from pipeline_services.model import roles
from pipeline_services.model.component import Autoscaler, Component
from pipeline_services.model.k8s import (
    K8sObject,
    age,
    condition,
    condition_since,
    is_ready,
    name_of,
    replicas_of,
    scale_target_of,
    status_of,
)
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Confidence, Finding
from pipeline_services.triage.rules import tls
from pipeline_services.triage.rules.finding import of_part, stopped_since, tell

METRICS_LABEL = ("k8s-app", "metrics-server")


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Figures, logs, dashboards, autoscaling."""
    yield from _scrapes(evidence)
    yield from _logs(evidence)
    yield from _dashboards(evidence)
    yield from _usage(evidence)
    yield from _autoscalers(evidence)


def _scrapes(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.ready(roles.PROMETHEUS):
        return
    pods = evidence.failed(checks.PODS_SCRAPED)
    red = [*pods, *evidence.failed(checks.NODES_SCRAPED)]
    missing = [one for one in red if not one.parameters or evidence.ready(one.parameters[0])]
    if len(missing) == 1 and missing[0] in pods and "connection refused" in missing[0].why:
        yield _deaf(evidence, missing[0])
    elif missing:
        yield tell(
            evidence,
            "scrape-failing",
            roles.PROMETHEUS,
            f"Prometheus does not read all figures: {missing[0].why}",
            *(one.why for one in missing),
            *_changed(evidence, roles.PROMETHEUS),
            subject=evidence.pipeline[roles.PROMETHEUS].kubectl_name,
            details=of_part(evidence.pipeline[roles.PROMETHEUS]),
        )
    elif evidence.failure("prometheus_targets"):
        why = evidence.failure("prometheus_targets")
        yield tell(
            evidence,
            "not-ready",
            roles.PROMETHEUS,
            "Prometheus is ready and does not answer",
            why,
            details=of_part(evidence.pipeline[roles.PROMETHEUS]),
        )


def _deaf(evidence: Evidence, refused: CheckResult) -> Finding:
    """Prometheus reads everybody else: it is the pod on whose port nobody listens."""
    (app,) = refused.parameters
    part = evidence.pipeline[app]
    return tell(
        evidence,
        "port-closed",
        app,
        f"a pod of {app} is ready, and nobody listens on its port",
        refused.why,
        subject=part.kubectl_name,
        since=evidence.changed(part.kind, part.workload, "spec.template"),
        affects={app, roles.PROMETHEUS},
        confidence=Confidence.MEDIUM,
        details=of_part(part),
    )


def _logs(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.ready(roles.LOKI):
        return
    red = [*evidence.failed(checks.LOKI_FINDS_ALL_LOGS), *evidence.failed(checks.LOKI_HAS_LOGS_OF)]
    unready = evidence.failed(checks.LOKI_READY)
    if unready or evidence.failure("loki_ready"):
        why = unready[0].why if unready else evidence.failure("loki_ready")
        yield tell(
            evidence,
            "not-ready",
            roles.LOKI,
            f"Loki runs and does not serve: {why}",
            why,
            details=of_part(evidence.pipeline[roles.LOKI]),
        )
    elif red:
        words = evidence.said(roles.LOG_SHIPPER, r"(?i)error|refused|no such host|timed? ?out|denied")
        yield tell(
            evidence,
            "logs-not-shipped",
            roles.LOKI,
            f"logs do not arrive in Loki: {red[0].why}",
            *(one.why for one in red),
            *(f"log of the shipper: {line}" for line in words[-2:]),
            *_changed(evidence, roles.LOG_SHIPPER),
            subject=evidence.pipeline[roles.LOG_SHIPPER].kubectl_name,
            details=of_part(evidence.pipeline[roles.LOG_SHIPPER]),
        )


def _explained(evidence: Evidence, source: str, why: str) -> bool:
    """Whether Grafana gets no answer for what is told already: a certificate that is wrong, a policy in the way."""
    if tls.failed_checks(evidence) and re.search(r"(?i)\btls\b|x509|certificate", why):
        return True
    return bool(evidence.failed(checks.NETWORK_ALLOWS, f"{roles.GRAFANA}-{source}"))


def _dashboards(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.ready(roles.GRAFANA):
        return
    why = evidence.failure("grafana_health")
    if why or evidence.failed(checks.GRAFANA_HEALTHY):
        said = why or evidence.failed(checks.GRAFANA_HEALTHY)[0].why
        yield tell(
            evidence,
            "not-ready",
            roles.GRAFANA,
            f"Grafana runs and does not serve: {said}",
            said,
            details=of_part(evidence.pipeline[roles.GRAFANA]),
        )
        return
    for one in evidence.failed(checks.GRAFANA_DATASOURCE_ANSWERS):
        (source,) = one.parameters
        if evidence.ready(source) and not _explained(evidence, source, one.why):
            yield tell(
                evidence,
                "datasource-broken",
                roles.GRAFANA,
                one.why,
                one.why,
                f"{source} itself is ready",
                *_changed(evidence, roles.GRAFANA),
                subject=f"datasource/{source}",
                details=of_part(evidence.pipeline[roles.GRAFANA]),
            )
    board, lost = evidence.failed(checks.GRAFANA_DASHBOARD_COMPLETE), evidence.failure("grafana_dashboard")
    if board or lost:
        said = board[0].why if board else lost
        yield tell(
            evidence,
            "dashboard-damaged",
            roles.GRAFANA,
            said,
            said,
            *_changed(evidence, roles.GRAFANA),
            subject=f"dashboard/{evidence.pipeline.dashboard.uid}",
            details=of_part(evidence.pipeline[roles.GRAFANA]),
        )
    panels = evidence.failed(checks.GRAFANA_PANEL_FRESH)
    if panels:
        yield tell(
            evidence,
            "panels-empty",
            roles.GRAFANA,
            f"panels of the dashboard show nothing new: {panels[0].why}",
            *(one.why for one in panels),
            *_changed(evidence, roles.GRAFANA),
            subject=f"dashboard/{evidence.pipeline.dashboard.uid}",
            details=of_part(evidence.pipeline[roles.GRAFANA]),
        )


def _usage(evidence: Evidence) -> Iterator[Finding]:
    servers = evidence.system(*METRICS_LABEL)
    deployment = next((one for one in evidence.objects("system_deployments") if name_of(one) == "metrics-server"), None)
    away = evidence.known("system_pods") and not any(is_ready(pod) for pod in servers)
    scaled = deployment is not None and replicas_of(deployment) == 0
    why = evidence.failure("pod_metrics")
    blind = evidence.failed(checks.HPA_KNOWS_METRICS)
    missing = [one for one in blind if not re.search("there is no HPA|missing request", one.why)]
    silent = why and "may not" not in why and evidence.snapshot.failures["pod_metrics"].kind != "AccessDenied"
    if away or scaled or silent or missing:
        yield tell(
            evidence,
            "usage-unknown",
            "hpa",
            "the metrics API has no figures, so nothing scales with its load",
            why,
            f"deployment/metrics-server: {len([pod for pod in servers if is_ready(pod)])} ready pods"
            if deployment
            else "",
            *(one.why for one in missing),
            subject="deployment/metrics-server",
            since=stopped_since(evidence, deployment),
        )


def _autoscalers(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.known("hpas"):
        return
    for name, component in evidence.pipeline.autoscalers.items():
        part, hpa = evidence.pipeline[component], evidence.object("hpas", name)
        if hpa is None:
            yield tell(
                evidence,
                "autoscaler-missing",
                "hpa",
                f"there is no HPA {name}, so {part.id} does not scale",
                f"no hpa/{name}",
                subject=f"hpa/{name}",
            )
        elif part.autoscaler:
            yield from _badly_scaled(evidence, part, part.autoscaler, hpa)


def _badly_scaled(evidence: Evidence, part: Component, wanted: Autoscaler, hpa: K8sObject) -> Iterator[Finding]:
    """An autoscaler that is not as it should be, or is and may go no further."""
    name, target = wanted.name, scale_target_of(hpa)[1]
    details = {
        "hpa": name,
        "min": str(wanted.min_replicas),
        "max": str(wanted.max_replicas),
        "cpu": str(wanted.cpu_percent),
    }
    wrong = evidence.failed(checks.HPA_SET_AS_DOCUMENTED, name)
    wrong += evidence.failed(checks.KEY_METRIC, "hpa-replicas", name)
    wrong += [one for one in evidence.failed(checks.HPA_KNOWS_METRICS, name) if "missing request" in one.why]
    if target != part.workload or wrong:
        said = wrong[0].why if wrong and target == part.workload else f"{name} scales {target}, not {part.workload}"
        yield tell(
            evidence,
            "autoscaler-wrong",
            "hpa",
            said,
            said,
            condition(hpa, "AbleToScale").get("message", ""),
            subject=f"hpa/{name}",
            since=evidence.changed("hpas", name, "spec"),
            details=details,
        )
        return
    limited = condition(hpa, "ScalingLimited")
    full = status_of(hpa).get("currentReplicas", 0) >= wanted.max_replicas
    if full and limited.get("reason") == "TooManyReplicas" and age(hpa, evidence.now) > hpas.NEW_FOR:
        yield tell(
            evidence,
            "autoscaler-at-limit",
            "hpa",
            f"{name} wants more than {wanted.max_replicas} pods of {part.id}",
            str(limited.get("message", "")),
            subject=f"hpa/{name}",
            since=condition_since(hpa, "ScalingLimited"),
            affects=("hpa", part.id),
            details=details,
        )


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
    return [f"{newest['kind'].lower()}/{newest['name']} was changed last at {newest['time']} by {newest['manager']}"]
