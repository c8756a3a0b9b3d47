"""Autoscalers, and the metrics API without which none works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.checklist.run import CheckResult
from pipeline_services.judgements import hpas
from pipeline_services.model.component import Autoscaler, Component
from pipeline_services.model.k8s import (
    K8sObject,
    age,
    condition,
    condition_since,
    condition_status,
    is_ready,
    replicas_of,
    scale_target_of,
)
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes import cluster_parts, unreached
from pipeline_services.triage.causes.finding import About, make_finding, stopped_since
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding
from pipeline_services.triage.steps import RESTORE, ROLL_BACK, ROLL_FORWARD

CAUSES: Final = (
    Cause(
        "usage-unknown",
        "the metrics API does not answer, so no autoscaler works",
        Escalation.L2,
        "high-resource-usage",
        steps=(
            "kubectl get deployments,daemonsets,pods -n kube-system",
            "kubectl scale deployment metrics-server -n kube-system --replicas=1",
        ),
        undo="kubectl scale deployment metrics-server -n kube-system --replicas=0",
        afterwards="the HPAs show percentages",
    ),
    Cause(
        "autoscaler-missing",
        "an autoscaler does not exist",
        Escalation.L2,
        "high-resource-usage",
        steps=(RESTORE,),
        afterwards="the HPA is there and shows percentages",
    ),
    Cause(
        "autoscaler-wrong",
        "an autoscaler has wrong bounds or a wrong target",
        Escalation.L2,
        "high-resource-usage",
        steps=("kubectl describe hpa -n {namespace} {hpa}", RESTORE),
        afterwards="{min} to {max} replicas at {cpu} % CPU",
    ),
    Cause(
        "autoscaler-at-limit",
        "an autoscaler is at its maximum and needs more pods",
        Escalation.L2,
        "high-resource-usage",
        symptomatic=True,
        steps=("kubectl describe hpa -n {namespace} {hpa}", "kubectl top pods -n {namespace}"),
        afterwards="fewer than {max} replicas",
    ),
    Cause(
        "request-missing",
        "an autoscaler scales pods that request no CPU",
        Escalation.L2,
        "high-resource-usage",
        steps=("kubectl describe {workload} -n {namespace}", ROLL_BACK),
        undo=ROLL_FORWARD,
        afterwards="no HPA shows <unknown> within a minute",
    ),
)

METRICS_LABEL = ("k8s-app", "metrics-server")
_NOT_LED_THERE: Final = (
    "the metrics API (apiservice v1beta1.metrics.k8s.io) does not answer, though metrics-server runs: nothing scales"
)
_OF_ONE_THAT_RUNS: Final = (
    "kubectl get apiservice v1beta1.metrics.k8s.io",
    "kubectl logs -n kube-system -l k8s-app=metrics-server --tail=50",
    "kubectl get deployments,daemonsets,pods -n kube-system",
    RESTORE,
)
"""What is typed where it runs and has no metrics: to scale it would do nothing."""
_ITS_OWN = "missing request|is not AbleToScale"
_NOT_THE_METRICS = f"there is no HPA|AmbiguousSelector|{_ITS_OWN}"
"""What an autoscaler says when it is its own fault, or that of what it scales, that it has no figures."""
_OF_TOO_FEW: Final = ("producer-rate", "consumer-lag", "consumer-lag-growth", "stored-reading-age")


def findings(evidence: Evidence) -> Iterator[Finding]:
    """The metrics API, then each autoscaler."""
    yield from _usage(evidence)
    yield from _autoscalers(evidence)


def _usage(evidence: Evidence) -> Iterator[Finding]:
    servers = evidence.system(*METRICS_LABEL)
    deployment = evidence.object("system_deployments", "metrics-server")
    scaled = deployment is not None and replicas_of(deployment) == 0
    if evidence.outdated(servers) and not scaled:
        return
    away = evidence.known("system_pods") and not any(is_ready(pod) for pod in servers)
    why = evidence.failure("pod_metrics")
    blind = evidence.failed(checks.HPA_KNOWS_METRICS)
    missing = [one for one in blind if not re.search(_NOT_THE_METRICS, one.why)]
    silent = why and "may not" not in why and evidence.snapshot.failures["pod_metrics"].kind != "AccessDenied"
    if away or scaled or silent or missing or cluster_parts.lacks_pods(evidence, "hpa"):
        runs = any(map(is_ready, servers)) and not scaled
        kept = cluster_parts.states(servers)
        unready = f"metrics-server has no ready pod{f' ({kept[0]})' if kept else ''}: " if away else ""
        state = _not_there(evidence, scaled=scaled) or unready
        told = make_finding(
            About(evidence, "hpa", subject="deployment/metrics-server"),
            "usage-unknown",
            _NOT_LED_THERE if runs else f"{state}the metrics API has no metrics, so nothing scales",
            why,
            f"deployment/metrics-server: {len([pod for pod in servers if is_ready(pod)])} ready pods"
            if deployment
            else "",
            *kept,
            *(one.why for one in missing),
            since=stopped_since(evidence, deployment),
            steps=_OF_ONE_THAT_RUNS if runs else None if scaled else _of_one_that_does_not(evidence),
        )
        otherwise = evidence.failed(checks.CLUSTER_PART_SET_AS_DECLARED, METRICS_LABEL[1])
        # then that is why, or that the API server reaches no pod of it
        cause = replace(told.cause, symptomatic=bool(otherwise) or bool(unreached.cut_off(evidence)[0]))
        told = replace(told, cause=cause, undo=told.undo if scaled else "")
        yield cluster_parts.passing(evidence, told, METRICS_LABEL[1])


def _not_there(evidence: Evidence, *, scaled: bool) -> str:
    """That nothing is to run at all, in words; empty where something is."""
    if cluster_parts.is_gone(evidence, METRICS_LABEL[1]):
        return "there is no deployment/metrics-server: "
    return "metrics-server is scaled to 0: " if scaled else ""


def _of_one_that_does_not(evidence: Evidence) -> tuple[str, ...]:
    """What is typed where it is asked for and does not run, which no scaling changes."""
    looks = cluster_parts.looks(evidence, METRICS_LABEL[1])
    return (*looks, RESTORE) if cluster_parts.is_restored(evidence, METRICS_LABEL[1]) else looks


def _autoscalers(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.known("hpas"):
        return
    for name, component in evidence.pipeline.autoscalers.items():
        part, hpa = evidence.pipeline[component], evidence.object("hpas", name)
        if hpa is None:
            yield make_finding(
                About(evidence, "hpa", subject=f"hpa/{name}"),
                "autoscaler-missing",
                f"HPA {name} does not exist, so {part.id} does not scale",
            )
        elif part.autoscaler:
            yield from _autoscaler(evidence, part, part.autoscaler, hpa)


def _autoscaler(evidence: Evidence, part: Component, wanted: Autoscaler, hpa: K8sObject) -> Iterator[Finding]:
    """An autoscaler that is not as it should be, or is and may go no further."""
    name, target = wanted.name, scale_target_of(hpa)[1]
    details = {
        "hpa": name,
        "min": str(wanted.min_replicas),
        "max": str(wanted.max_replicas),
        "cpu": str(wanted.cpu_percent),
    }
    blind = [one for one in evidence.failed(checks.HPA_KNOWS_METRICS, name) if re.search(_ITS_OWN, one.why)]
    if evidence.known(part.list_name) and not evidence.workload(part.id) and target == part.workload:
        blind = []  # it has nothing to scale, which is said of that
    without = hpas.containers_without_request(evidence.snapshot, name) if evidence.known(part.list_name) else []
    if without:
        yield make_finding(
            About(evidence, part, affects={"hpa"}),
            "request-missing",
            f"{part.kubectl_name} has no CPU request (container {', '.join(without)}), so {name} cannot scale it",
            *(one.why for one in blind),
            since=evidence.changed(part.kind, part.workload, "spec.template"),
        )
        return
    wrong = evidence.failed(checks.HPA_SET_AS_DOCUMENTED, name)
    wrong += evidence.failed(checks.KEY_METRIC, "hpa-replicas", name)
    wrong += blind
    if wrong:
        why = wrong[0].why if target == part.workload else f"{name} scales {target!r}, not {part.workload!r}"
        yield make_finding(
            About(evidence, "hpa", subject=f"hpa/{name}", details=details),
            "autoscaler-wrong",
            why,
            why,
            condition(hpa, "AbleToScale").get("message", "") if condition_status(hpa, "AbleToScale") == "False" else "",
            since=evidence.changed("hpas", name, "spec"),
        )
        return
    limited = condition(hpa, "ScalingLimited")
    # pods that do not work are no sign that more are needed: retrying, too, takes CPU
    full = len(evidence.ready(part.id)) >= wanted.max_replicas
    too_few = _too_few(evidence, part) if full and limited.get("reason") == "TooManyReplicas" else []
    if too_few and age(hpa, evidence.now) > hpas.NEW_FOR:
        yield make_finding(
            About(evidence, "hpa", subject=f"hpa/{name}", affects=("hpa", part.id), details=details),
            "autoscaler-at-limit",
            f"{name} wants more than {wanted.max_replicas} pods of {part.id}",
            str(limited.get("message", "")),
            *(one.why for one in too_few),
            since=condition_since(hpa, "ScalingLimited"),
        )


def _too_few(evidence: Evidence, part: Component) -> list[CheckResult]:
    """What is red for want of more pods: the most that it may have is as good a number as any other (section 8)."""
    usage = evidence.failed(checks.KEY_METRIC, "cpu-usage", part.id)
    return [*usage, *(one for one in evidence.failed_metrics(*_OF_TOO_FEW) if one.component == part.reports_to)]
