"""Policies, services and names: why pods that run cannot reach each other (section 3.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pipeline_services.checklist import checks
from pipeline_services.judgements.pods import all_ready_since
from pipeline_services.model import roles
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import K8sObject, condition_since, is_ready, name_of, phase_of, replicas_of, spec_of
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.causes import cluster_parts, contact, policies, services
from pipeline_services.triage.causes.finding import About, make_finding, stopped_since, well
from pipeline_services.triage.causes.influxdb import unanswered_writes
from pipeline_services.triage.causes.log_lines import logged
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Confidence, Finding

CAUSES: Final = (
    Cause(
        "connection-fails",
        "pods cannot reach a healthy service",
        Escalation.L3,
        "network-policy-issues",
        symptomatic=True,
        steps=("kubectl get networkpolicies -n {namespace}", "kubectl get endpointslices -n {namespace}"),
        afterwards="no time-outs in the log",
    ),
    Cause(
        "dns-down",
        "the cluster's DNS does not answer",
        Escalation.L3,
        "network-policy-issues",
        steps=(
            "kubectl get deployments,daemonsets,pods -n kube-system",
            "kubectl scale deployment coredns -n kube-system --replicas=1",
        ),
        undo="kubectl scale deployment coredns -n kube-system --replicas=0",
        afterwards="names resolve in the pods",
    ),
    Cause(
        "names-unresolvable",
        "pods cannot resolve names",
        Escalation.L3,
        "network-policy-issues",
        steps=("kubectl get deployments,daemonsets,pods -n kube-system", "kubectl get networkpolicies -n {namespace}"),
        afterwards="names resolve in the pods",
    ),
)

DNS_LABEL: Final = ("k8s-app", "kube-dns")
_NO_NAME: Final = (
    r"(?i)name or service not known|temporary failure in name resolution|no such host|UnknownHostException"
    r"|nodename nor servname|server misbehaving"
)
_ASKED: Final = {roles.KAFKA: "kafka_topics", roles.INFLUXDB: "influxdb_health"}
"""By which source of a snapshot a server shows that it answers."""
RECONNECT_S: Final = 15.0
"""Seconds in which a client may still complain about a server that has just come back."""
_GROUP_REQUEST: Final = r"(Join|Sync|Leave)Group request failed|Heartbeat failed"
"""Answered late or not at all by the group's coordinator, over a connection that there is."""


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Names first, then services, then policies, then what is left: a connection that fails for no reason seen here."""
    found = [*_names(evidence), *services.findings(evidence), *policies.findings(evidence)]
    yield from found or _connections(evidence)


def _names(evidence: Evidence) -> Iterator[Finding]:
    servers = evidence.system(*DNS_LABEL)
    deployment = evidence.object("system_deployments", "coredns")
    astray = [app for app in (roles.PRODUCER, roles.PROCESSOR) if _asks_elsewhere(evidence, app)]
    red = [] if astray else evidence.failed_metrics("name-resolves")
    asking = [app for app in (roles.PRODUCER, roles.PROCESSOR) if app not in astray]
    unresolved = [found for app in asking if (found := _unresolved(evidence, app))]
    lines = [line for found in unresolved for line in found]
    # DNS answers, and one app alone is without it: that is the app's own way to the network.
    of_one_app = not red and len(unresolved) == 1 < len(asking) and any(map(is_ready, servers))
    seen = (*(one.why for one in red[:2]), *logged(lines[-2:]))
    away = evidence.known("system_pods") and not (any(map(is_ready, servers)) or evidence.outdated(servers))
    scaled = deployment is not None and replicas_of(deployment) == 0
    if away or scaled or cluster_parts.lacks_pods(evidence, policies.DNS):
        told = make_finding(
            About(evidence, "dns", subject="deployment/coredns"),
            "dns-down",
            "coredns is scaled to 0: no DNS server runs" if scaled else _not_ready(evidence, servers, deployment),
            *(f"pod {name_of(pod)}: {phase_of(pod)}" for pod in servers[:2]),
            *seen,
            since=stopped_since(evidence, deployment),
            steps=None if scaled else cluster_parts.looks(evidence, "coredns", DNS_LABEL[1]),
        )
        yield cluster_parts.passing(evidence, told if scaled else replace(told, undo=""), "coredns")
    elif (red or lines) and not (of_one_app or policies.close_dns(evidence) or cluster_parts.explains_names(evidence)):
        yield make_finding(
            About(evidence, "dns"),
            "names-unresolvable",
            "pods cannot resolve the names of the services",
            *seen,
            confidence=Confidence.MEDIUM,
            against=("the DNS servers are ready",) if servers else (),
        )


def _not_ready(evidence: Evidence, servers: list[K8sObject], deployment: K8sObject | None) -> str:
    """That no DNS server is, though some are asked for, and what keeps the first of them."""
    if deployment is None and cluster_parts.lacks_pods(evidence, policies.DNS):
        return "there is no deployment/coredns, so no DNS server runs"
    wanted = replicas_of(deployment) if deployment else "?"
    kept = cluster_parts.states(servers)
    why = f"; {kept[0]}" if kept else ""
    return f"no DNS server is ready: {_seen(evidence, len(servers))} of coredns, {wanted} wanted{why}"


def _seen(evidence: Evidence, pods: int) -> str:
    return f"{pods} pods" if evidence.known("system_pods") else "no ready pod"


def _asks_elsewhere(evidence: Evidence, app: str) -> bool:
    """Whether the app's pods are told to ask other DNS servers than the cluster's."""
    specs = [spec_of(pod) for pod in evidence.pods(app)]
    return any(
        spec.get("dnsPolicy") in ("None", "Default") or (spec.get("dnsConfig") or {}).get("nameservers")
        for spec in specs
    )


def _unresolved(evidence: Evidence, app: str) -> list[str]:
    """What the app says of names that it cannot resolve; not what it said until it became ready, which needs them."""
    since = max(all_ready_since(evidence.pods(app)), default=0.0)
    not_over, found = set(evidence.standing_lines(app)), list[tuple[float, str]]()
    for pod in evidence.pods(app):
        said = [line for line in evidence.lines_of(app, pod) if line[0] > since and line in not_over]
        nameless = [line for line in said if re.search(_NO_NAME, line[1])]
        for service, server in evidence.pipeline.services.items():
            complaints = [line for line in nameless if service in line[1]]
            found += contact.standing(evidence, app, pod, server, complaints)
    return [text for _, text in sorted(set(found))]


def _names_of(part: Component) -> list[str]:
    """What clients call it in their logs, in small letters."""
    hosts = [address.rpartition(":")[0] for address in part.addresses]
    return [name.lower() for name in (*([part.service.name] if part.service else []), *hosts)]


def _connections(evidence: Evidence) -> Iterator[Finding]:
    """The server is healthy, policies and services look right, but the client gets no connection."""
    pipeline = evidence.pipeline
    for flow in pipeline.flows:
        if not flow.carries_readings:
            continue
        client, server = flow.source, flow.destination
        if server == roles.KAFKA and evidence.failed(checks.CLIENTS_NOT_LIMITED):
            continue  # the broker itself makes its clients wait
        if evidence.failed(checks.SET_AS_DECLARED, server) or evidence.failure(_ASKED.get(server, "")):
            continue  # its settings are others, or it answers nobody, which is said of it
        if server == roles.INFLUXDB and unanswered_writes(evidence):
            continue  # it has its connections: the answers are late
        lines = _time_outs_of(evidence, client, server)
        if (
            lines
            and (evidence.ready(server) or (pipeline[server].address and evidence.known("kafka_topics")))
            and (evidence.failed(checks.PODS_READY, client) or _flow_stopped(evidence, client))
        ):
            yield make_finding(
                About(evidence, "network", affects=evidence.pipeline.affected_by(client)),
                "connection-fails",
                f"the network lets nothing through from {client} to {server}: {server}, its Service and the "
                "policies look right",
                *logged(lines[-2:]),
                *well(evidence, server),
                confidence=Confidence.MEDIUM,
                against=("the policies and the service look right",),
            )


def _time_outs_of(evidence: Evidence, client: str, server: str) -> list[str]:
    """What the client's pods say of a server that does not answer them, since it became ready; not what is over."""
    names = [server, *_names_of(evidence.pipeline[server])]
    ready_at = max((condition_since(pod, "Ready") or evidence.now for pod in evidence.ready(server)), default=0.0)
    not_over = set(evidence.standing_lines(client, within=60))
    found: list[tuple[float, str]] = []
    for pod in evidence.pods(client):
        complaints = [
            (at, line)
            for at, line in evidence.lines_of(client, pod, within=60)
            if at > ready_at + RECONNECT_S
            and (at, line) in not_over
            and re.search(policies.TIMED_OUT, line)
            and not re.search(_GROUP_REQUEST, line)
            and any(name in line.lower() for name in names)
        ]
        found += contact.standing(evidence, client, pod, server, complaints)
    return [line for _, line in sorted(found)]


def _flow_stopped(evidence: Evidence, client: str) -> bool:
    if client == roles.PRODUCER:
        return bool(evidence.failed_metrics("producer-rate", "unacknowledged-age"))
    return bool(evidence.failed_metrics("consumer-lag", "consumer-lag-growth", "write-failures", "stored-reading-age"))
