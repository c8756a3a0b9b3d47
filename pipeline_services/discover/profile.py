"""From a snapshot of a namespace to the profile of its pipeline: a pure function, the same for any cluster."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.discover.components import AS_OUR_OWN, Components
from pipeline_services.discover.configuration import Configuration
from pipeline_services.discover.connections import Connections
from pipeline_services.discover.contents import Contents
from pipeline_services.discover.credentials import Credentials
from pipeline_services.discover.dashboards import dashboards_of, data_sources_of
from pipeline_services.discover.facts import Facts
from pipeline_services.discover.namespace import Namespace, Workload
from pipeline_services.discover.opened import DNS, DNS_PORT, DNS_PROTOCOLS, NODE, askers, opened
from pipeline_services.discover.roles import Claim, claims
from pipeline_services.discover.scraping import Scraping
from pipeline_services.model import roles
from pipeline_services.model.flows import ANY, Flow
from pipeline_services.model.k8s import name_of
from pipeline_services.model.pipeline import AT_LEAST_ONCE, AT_MOST_ONCE, METRICS_API, Pipeline
from pipeline_services.snapshot.snapshot import Snapshot

READINGS: Final = ((roles.PRODUCER, roles.KAFKA), (roles.PROCESSOR, roles.KAFKA), (roles.PROCESSOR, roles.INFLUXDB))
"""The connections that readings travel by."""
_SYSTEM: Final = {"Deployment": "system_deployments", "DaemonSet": "system_daemonsets", "Lease": "system_leases"}


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a namespace says of its pipeline.

    Attributes:
        facts: in the order of the file. claims: who plays which role.
        unclaimed: the workloads that play none.
    """

    facts: Facts
    claims: Mapping[str, Claim]
    unclaimed: tuple[Workload, ...]


def discovered(snapshot: Snapshot, known: Mapping[str, tuple[str, str]] | None = None) -> Discovered:
    """The profile of what a snapshot shows. Whether any of it works is not looked at.

    Args:
        known: kind and name of the workload that plays a role, by that, where somebody has said so.

    Raises:
        PipelineError: the workloads of the namespace could not be read.
    """
    namespace, pattern = Namespace.of(snapshot), Pipeline.load()
    found = claims(namespace, known or {})
    workloads = {role: one.workload for role, one in found.items()}
    components = Components(namespace, found, pattern)
    facts, flows, rest = Facts(), Facts(), Facts()
    _head(facts, namespace, Scraping.of(namespace, workloads))
    facts.extend(components.facts())
    _cluster(facts, namespace, pattern, components.present)
    rest.extend(Contents(namespace, workloads).facts())
    rest.extend(Configuration(namespace, workloads).facts())
    _dashboard(rest, namespace, workloads)
    _names(flows, snapshot, Facts([*facts, *rest]).document())
    _flows(flows, namespace, found)
    _opened(flows, snapshot, Facts([*facts, *flows, *rest]).document())
    facts.extend([*flows, *rest])
    left = tuple(one for one in namespace.workloads if one not in workloads.values())
    return Discovered(facts, found, left)


def _head(facts: Facts, namespace: Namespace, scraping: Scraping) -> None:
    name = namespace.snapshot.namespace
    facts.guessed("", "name", name, "the namespace's name")
    facts.found("", "namespace", name, "the namespace that was looked at")
    label, by = scraping.label
    if label:
        facts.found("", "series_label", label, by)
    if not scraping.measures_containers:
        told_by = "Prometheus has no kubelet among its targets"
        facts.add("", "usage", METRICS_API, told_by, sure=scraping.asked)
    facts.guessed("", "delivery", AT_MOST_ONCE, f"nothing shows a promise; {AT_LEAST_ONCE} where it is one")


def _cluster(facts: Facts, namespace: Namespace, pattern: Pipeline, present: Collection[str]) -> None:
    """The parts of the cluster that it has of those that the suite knows."""
    for name, part in pattern.cluster.items():
        source = _SYSTEM[part.kind]
        if name in {name_of(one) for one in namespace.listed(source)}:
            table = f"cluster/{name}"
            facts.found(table, "kind", part.kind, f"{part.kind} {name} of the system's namespace")
            for key in ("component", "does", "impact", "config_map"):
                value = getattr(part, key)
                if key == "component" and value not in present:
                    value = NODE  # what nothing here scales by is still a part of the cluster
                if value:
                    facts.guessed(table, key, value, AS_OUR_OWN)


def _flows(facts: Facts, namespace: Namespace, found: Mapping[str, Claim]) -> None:
    workloads = {role: one.workload for role, one in found.items()}
    played = {role: one.part_of or role for role, one in found.items()}
    connections, scraping = Connections.between(namespace, workloads), Scraping.of(namespace, workloads)
    roles_of = {workload: role for role, workload in workloads.items()}
    for target in dict.fromkeys((*workloads, roles.KAFKA, roles.INFLUXDB)):
        for client, address in connections.to(target):
            source = roles_of.get(client, "")
            if source and not _only_by_a_shared_map(played[source], target):
                reads = (played[source], target) in READINGS
                flow = Flow(source, target, address.port, carries_readings=reads)
                _flow(facts, flow, f"{address.text} in {address.by}", sure=True)
    scraped = [(role, port) for role, port in scraping.ports.items() if role != roles.PROMETHEUS]
    for target, port in (*scraped, *((NODE, port) for port in scraping.node_ports)):
        _flow(facts, Flow(roles.PROMETHEUS, target, port.number), port.by, sure=not port.guessed)


def _opened(facts: Facts, snapshot: Snapshot, document: Mapping[str, Any]) -> None:
    """The flows that only the NetworkPolicies tell of: where nobody needs one, it is to be taken out of both."""
    draft = Pipeline.from_document({key: table for key, table in document.items() if key != "message"})
    for one in opened(snapshot, draft):
        by = f"NetworkPolicy {' and '.join(one.policies)} allows it; no client is known to use it"
        _flow(facts, Flow(one.source, one.destination, one.port), by, sure=False)


def _names(facts: Facts, snapshot: Snapshot, document: Mapping[str, Any]) -> None:
    """Who asks for names: every pod, or those that the NetworkPolicies let where they do not let every pod."""
    everybody = {"source": ANY, "destination": DNS, "port": DNS_PORT}
    known = {key: table for key, table in document.items() if key != "message"}
    draft = Pipeline.from_document({**known, "flows": [everybody]})
    for protocol in DNS_PROTOCOLS:
        for source, by in askers(snapshot, draft, Flow(ANY, DNS, DNS_PORT, protocol)):
            _flow(facts, Flow(source, DNS, DNS_PORT, protocol), by, sure=False)


def _only_by_a_shared_map(source: str, target: str) -> bool:
    """A producer that reads the ConfigMap of all clients knows the store's address but does not use it."""
    return source == roles.PRODUCER and target != roles.KAFKA


def _flow(facts: Facts, flow: Flow, by: str, *, sure: bool) -> None:
    number = len({fact.table for fact in facts if fact.table[:1] == ("flows",)})
    values = {"source": flow.source, "destination": flow.destination, "port": flow.port}
    values |= {"protocol": flow.protocol} if flow.protocol != "TCP" else {}
    values |= {"carries_readings": True} if flow.carries_readings else {}
    for key, value in values.items():
        facts.add(f"flows/{number}", key, value, by, sure=sure)


def _dashboard(facts: Facts, namespace: Namespace, workloads: Mapping[str, Workload]) -> None:
    """The largest of Grafana's dashboards, and its data sources for what is described; nothing without Grafana."""
    grafana = workloads.get(roles.GRAFANA)
    if grafana is None:
        return
    board = next(iter(dashboards_of(namespace, grafana)), None)
    admin = Credentials.of(namespace, workloads).administrator(roles.GRAFANA)
    if board:
        facts.found("dashboard", "title", board.title, board.by)
        facts.found("dashboard", "uid", board.uid, board.by)
    if admin:
        facts.add("dashboard", "admin", admin.reference.name, admin.by, sure=admin.told)
    for panel in board.panels if board else ():
        facts.found("dashboard/panels", str(panel.id), panel.title, panel.by)
    for source in data_sources_of(grafana):
        if source.component in workloads:
            by = source.by if source.uid else f"its name in {source.by}"
            where = "dashboard/datasources", source.component, source.uid or source.name
            facts.add(*where, by, sure=bool(source.uid))
