"""Policies, services and names: why pods that run cannot reach each other (section 3.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline_services.checklist import checks
from pipeline_services.checklist.run import CheckResult
from pipeline_services.judgements import network_policies
from pipeline_services.judgements.pods import all_ready_since
from pipeline_services.model import roles
from pipeline_services.model.flows import ANY, Flow
from pipeline_services.model.k8s import (
    K8sObject,
    condition_since,
    containers_of,
    is_ready,
    labels_of,
    name_of,
    phase_of,
    port_of,
    ports_of,
    replicas_of,
    selector_of,
)
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Confidence, Finding
from pipeline_services.triage.rules.finding import make_finding, stopped_since

DNS: Final = "dns"
TOO_LOOSE: Final = (checks.NETWORK_DENIES_BY_DEFAULT, checks.NETWORK_DENIES, checks.NETWORK_ALLOWS_NOTHING_ELSE)
"""The checks that find a policy too loose."""
DNS_LABEL: Final = ("k8s-app", "kube-dns")
_NO_NAME: Final = (
    r"(?i)name or service not known|temporary failure in name resolution|no such host|UnknownHostException"
    r"|nodename nor servname|server misbehaving"
)
CATCHING_UP: Final = 15.0
"""Seconds in which a client may still complain about a server that has just come back."""
_NO_WAY: Final = r"(?i)timed? ?out|ConnectTimeout|no route to host|NoBrokersAvailable|i/o timeout"
_GROUP_REQUEST: Final = r"(Join|Sync|Leave)Group request failed|Heartbeat failed"
"""Answered late or not at all by the group's coordinator, over a connection that there is."""


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Names first, then services, then policies, then what is left: a connection that fails for no reason seen here."""
    found = [*_names(evidence), *_services(evidence), *_policies(evidence)]
    yield from found or _connections(evidence)


def _names(evidence: Evidence) -> Iterator[Finding]:
    servers = evidence.system(*DNS_LABEL)
    deployment = next((one for one in evidence.objects("system_deployments") if name_of(one) == "coredns"), None)
    red = evidence.failed_metrics("name-resolves")
    lines = [line for app in (roles.PRODUCER, roles.PROCESSOR) for line in _unresolved(evidence, app)]
    seen = (*(one.why for one in red[:2]), *(f"log: {line}" for line in lines[-2:]))
    away = evidence.known("system_pods") and not any(is_ready(pod) for pod in servers)
    if away or (deployment is not None and replicas_of(deployment) == 0):
        wanted = replicas_of(deployment) if deployment else "?"
        yield make_finding(
            evidence,
            "dns-down",
            "dns",
            f"no DNS server is ready: {len(servers)} pods of coredns, {wanted} wanted",
            *(f"pod {name_of(pod)}: {phase_of(pod)}" for pod in servers[:2]),
            *seen,
            subject="deployment/coredns",
            since=stopped_since(evidence, deployment),
        )
    elif (red or lines) and not _dns_blocked(evidence):
        yield make_finding(
            evidence,
            "names-unresolvable",
            "dns",
            "pods cannot resolve the names of the services",
            *seen,
            confidence=Confidence.MEDIUM,
            against=("the DNS servers are ready",) if servers else (),
        )


def _unresolved(evidence: Evidence, app: str) -> list[str]:
    """What the app says of names that it cannot resolve; not what it said until it became ready, which needs them."""
    since = max(all_ready_since(evidence.pods(app)), default=0.0)
    lines = [text for at, text in evidence.standing_lines(app) if at > since]
    return [line for line in lines if re.search(_NO_NAME, line) and _is_ours(evidence, line)]


def _is_ours(evidence: Evidence, line: str) -> bool:
    return any(service in line for service in evidence.pipeline.services)


def _services(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.known("services"):
        return
    for service, app in evidence.pipeline.services.items():
        if app in evidence.absent:
            continue
        found, subject = evidence.object("services", service), f"service/{service}"
        common: dict[str, Any] = {
            "subject": subject,
            "details": {"service": service},
            "affects": {*evidence.pipeline.affected_by(app), "config"},
        }
        if found is None:
            yield make_finding(
                evidence,
                "service-missing",
                "network",
                f"there is no {subject}, by which {app} is found",
                f"no {subject} in the namespace",
                *_well(evidence, app),
                **common,
            )
            continue
        common["since"] = evidence.changed("services", service)
        selector, pods = selector_of(found), evidence.pods(app)
        if pods and not any(_matches(selector, pod) for pod in pods):
            yield make_finding(
                evidence,
                "service-selects-nothing",
                "network",
                f"the selector of {subject} matches no pod of {app}",
                f"selector {selector}",
                f"labels of {name_of(pods[0])}: {labels_of(pods[0])}",
                *_well(evidence, app),
                **common,
            )
            continue
        wrong = _wrong_port(found, pods, evidence.pipeline.service(app).port)
        if not wrong and evidence.failed(checks.SERVICE_HAS_ENDPOINT, service) and evidence.ready(app):
            why = evidence.failed(checks.SERVICE_HAS_ENDPOINT, service)[0].why
            yield make_finding(
                evidence, "service-selects-nothing", "network", f"{subject} leads to no pod", why, **common
            )
        if wrong:
            yield make_finding(
                evidence, "service-port-wrong", "network", f"{subject} {wrong}", wrong, *_well(evidence, app), **common
            )


def _matches(selector: Mapping[str, str], pod: K8sObject) -> bool:
    return bool(selector) and selector.items() <= labels_of(pod).items()


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


def _policies(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.known("networkpolicies"):
        return
    blocked = {one: _flow(evidence, one) for one in evidence.failed(checks.NETWORK_ALLOWS)}
    names_blocked = [one.why for one, flow in blocked.items() if flow.destination == DNS]
    ways = {one.why: flow for one, flow in blocked.items() if flow.destination != DNS}
    if ways:
        pipeline = evidence.pipeline
        sources = sorted({pipeline[flow.source].reports_to for flow in ways.values() if flow.source != ANY})
        yield make_finding(
            evidence,
            "policy-blocks",
            "network",
            f"no policy lets {', '.join(str(flow) for flow in list(ways.values())[:3])}",
            *ways,
            *_time_outs(evidence),
            subject="networkpolicies",
            since=_changed(evidence),
            affects=pipeline.affected_by(*sources),
        )
    if names_blocked:
        yield make_finding(
            evidence,
            "policy-blocks",
            "network",
            "no policy lets the pods ask the DNS servers",
            *names_blocked,
            *(one.why for one in evidence.failed_metrics("name-resolves")[:2]),
            subject="networkpolicies",
            since=_changed(evidence),
            affects=evidence.pipeline.affected_by(DNS),
        )
    loose = [one for check in TOO_LOOSE for one in evidence.failed(check)]
    if loose:
        yield make_finding(
            evidence,
            "policy-too-loose",
            "network",
            loose[0].why,
            *(one.why for one in loose[:4]),
            subject="networkpolicies",
            since=_changed(evidence),
            affects=(),
        )


def _dns_blocked(evidence: Evidence) -> bool:
    """Whether a policy stands between the pods and the DNS servers."""
    return any(_flow(evidence, one).destination == DNS for one in evidence.failed(checks.NETWORK_ALLOWS))


def _flow(evidence: Evidence, result: CheckResult) -> Flow:
    """The flow that a case of ``test_network_allows`` is about."""
    return network_policies.needed(evidence.pipeline)[result.parameters[0]]


def _changed(evidence: Evidence) -> float | None:
    times = [evidence.changed("networkpolicies", name_of(policy)) for policy in evidence.objects("networkpolicies")]
    recent = [time for time in times if time is not None and evidence.now - time < 3600]
    return max(recent, default=None)


def _time_outs(evidence: Evidence) -> list[str]:
    lines = [line for app in (roles.PRODUCER, roles.PROCESSOR) for line in evidence.said(app, _NO_WAY)]
    return [f"log: {line}" for line in lines[-2:]]


def _well(evidence: Evidence, app: str) -> list[str]:
    return [f"pod {name_of(pod)} itself is ready" for pod in evidence.ready(app)[:1]]


def _connections(evidence: Evidence) -> Iterator[Finding]:
    """The server is well, the policies and services look right, and the client gets no connection."""
    pipeline = evidence.pipeline
    for flow in pipeline.flows:
        if not flow.carries_readings:
            continue
        client, server = flow.source, flow.destination
        service = pipeline.service(server).name
        well_since = max((condition_since(pod, "Ready") or evidence.now for pod in evidence.ready(server)), default=0.0)
        lines = [
            line
            for at, line in evidence.standing_lines(client, within=60)
            if at > well_since + CATCHING_UP
            and re.search(_NO_WAY, line)
            and not re.search(_GROUP_REQUEST, line)
            and (server in line.lower() or service in line)
        ]
        if (
            lines
            and evidence.ready(server)
            and (evidence.failed(checks.PODS_READY, client) or _flow_stands(evidence, client))
        ):
            yield make_finding(
                evidence,
                "connection-fails",
                "network",
                f"{client} gets no connection to {server}, which is well itself",
                *(f"log: {line}" for line in lines[-2:]),
                *_well(evidence, server),
                affects=evidence.pipeline.affected_by(client),
                confidence=Confidence.MEDIUM,
                against=("the policies and the service look right",),
            )


def _flow_stands(evidence: Evidence, client: str) -> bool:
    if client == roles.PRODUCER:
        return bool(evidence.failed_metrics("producer-rate", "unacknowledged-age"))
    return bool(evidence.failed_metrics("consumer-lag", "consumer-lag-growth", "write-failures", "stored-reading-age"))
