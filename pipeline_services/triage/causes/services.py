"""Services that are missing, or lead to nobody, to a stranger or to a closed port (section 3.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.judgements.endpoints import strangers
from pipeline_services.model.k8s import (
    K8sObject,
    containers_of,
    has_labels,
    labels_of,
    name_of,
    port_of,
    ports_of,
    selector_of,
    spec_of,
)
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.text import pairs
from pipeline_services.triage.causes.finding import About, make_finding, well
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding
from pipeline_services.triage.steps import RESTORE

CAUSES: Final = (
    Cause(
        "service-missing",
        "a service does not exist",
        Escalation.L3,
        "network-policy-issues",
        steps=("kubectl get services -n {namespace}", RESTORE),
        afterwards="the service has an endpoint",
    ),
    Cause(
        "service-selects-nothing",
        "a service's selector matches no pod",
        Escalation.L3,
        "network-policy-issues",
        steps=(
            "kubectl get service -n {namespace} {service} -o wide",
            "kubectl get endpointslices -n {namespace}",
            RESTORE,
        ),
        afterwards="the service has an endpoint",
    ),
    Cause(
        "service-port-wrong",
        "a service forwards to a port on which nothing listens",
        Escalation.L3,
        "network-policy-issues",
        steps=("kubectl describe service -n {namespace} {service}", RESTORE),
        afterwards="the service answers",
    ),
    Cause(
        "service-selects-too-much",
        "a service also selects a pod of another workload",
        Escalation.L3,
        "network-policy-issues",
        steps=(
            "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={service}",
            "kubectl label pod -n {namespace} {pod} {unlabel}",
        ),
        undo="kubectl label pod -n {namespace} {pod} {labels} --overwrite",
        afterwards="the service has only its own workload's endpoints",
    ),
)


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Each Service of the profile in turn, and what gives pods their names."""
    if not evidence.known("services"):
        return
    yield from _headless(evidence)
    for service, app in evidence.pipeline.services.items():
        if app not in evidence.absent:
            yield from _service(evidence, service, app)


def _service(evidence: Evidence, service: str, app: str) -> Iterator[Finding]:
    found, subject = evidence.object("services", service), f"service/{service}"
    affected = {*evidence.pipeline.affected_by(app), "config"}
    about = About(evidence, "network", subject=subject, affects=affected, details={"service": service})
    if found is None:
        summary = f"{subject} is missing; clients of {app} need it"
        yield make_finding(about, "service-missing", summary, *well(evidence, app))
        return
    since = evidence.changed("services", service)
    if elsewhere := spec_of(found).get("externalName"):
        summary = f"{subject} leads to {elsewhere}, and to no pod"
        yield make_finding(about, "service-selects-nothing", summary, *well(evidence, app), since=since)
        return
    selector, pods = selector_of(found), evidence.pods(app)
    if pods and not any(has_labels(pod, selector) for pod in pods):
        summary = f"the selector of {subject} matches no pod of {app}"
        lines = (
            f"its selector is {pairs(selector) or 'empty'}",
            f"labels of {name_of(pods[0])}: {labels_of(pods[0])}",
            *well(evidence, app),
        )
        yield make_finding(about, "service-selects-nothing", summary, *lines, since=since)
        return
    yield from _strangers(evidence, service)
    wrong = _wrong_port(found, pods, evidence.pipeline.service(app).port)
    failed = evidence.failed(checks.SERVICE_HAS_ENDPOINT, service)
    if wrong:
        lines = (wrong, *well(evidence, app))
        yield make_finding(about, "service-port-wrong", f"{subject} {wrong}", *lines, since=since)
    elif failed and evidence.ready(app):
        summary = f"{subject} leads to no pod"
        yield make_finding(about, "service-selects-nothing", summary, failed[0].why, since=since)


def _headless(evidence: Evidence) -> Iterator[Finding]:
    """The Services that give the pods of StatefulSets their names, of which a broker advertises one."""
    for part in evidence.pipeline.workloads.values():
        if part.headless and part.id not in evidence.absent and not evidence.object("services", part.headless):
            yield make_finding(
                About(
                    evidence,
                    "network",
                    subject=f"service/{part.headless}",
                    affects=evidence.pipeline.affected_by(part.id),
                    details={"service": part.headless},
                ),
                "service-missing",
                f"there is no service/{part.headless}: {part.first_pod_host} is a name that does not resolve",
                *well(evidence, part.id),
            )


def _strangers(evidence: Evidence, service: str) -> Iterator[Finding]:
    if not (evidence.known("endpointslices") and evidence.known("pods")):
        return
    part, others = evidence.pipeline[evidence.pipeline.services[service]], strangers(evidence.snapshot, service)
    if others:
        yield make_finding(
            About(
                evidence,
                part,
                owner="network",
                subject=f"service/{service}",
                affects={*evidence.pipeline.affected_by(part.id), "config"},
                details={"service": service, "pod": others[0]},
            ),
            "service-selects-too-much",
            f"service/{service} leads to {', '.join(others)} as well, which is no pod of {part.id}",
            f"{len(evidence.ready(part.id))} ready pods carry the labels {part.label_selector}",
            since=evidence.changed("services", service),
        )


def _wrong_port(service: K8sObject, pods: list[K8sObject], port: int) -> str:
    entry = port_of(service, port)
    if entry is None:
        return f"has no port {port}, only {[one['port'] for one in ports_of(service)]}"
    target = entry.get("targetPort", port)
    known = {
        key
        for pod in pods
        for container in containers_of(pod)
        for declared in container.get("ports") or ()
        for key in (declared["containerPort"], declared.get("name"))
    }
    return f"leads to port {target!r}, which no container declares" if known and target not in known else ""
