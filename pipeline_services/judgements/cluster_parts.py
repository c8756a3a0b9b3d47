"""Do the parts of the cluster itself run that the pipeline stands on (sections 3.5 and 3.6)?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from pipeline_services.judgements.comparison import Difference, differences
from pipeline_services.judgements.corefile import hidden
from pipeline_services.judgements.declared import view_of
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.heartbeats import require_fresh_nodes
from pipeline_services.judgements.pods import STARTING_FOR
from pipeline_services.judgements.texts import text_differences
from pipeline_services.model.cluster_part import COREFILE, LEASE, ClusterPart, declared_here
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.k8s import (
    JOINING_S,
    SILENT_AFTER_S,
    K8sObject,
    condition_since,
    condition_status,
    is_joining,
    is_true,
    labels_of,
    name_of,
    named_ports,
    ports_of,
    progress_of,
    renewed_at,
    replicas_of,
    selector_of,
    spec_of,
    template_of,
)
from pipeline_services.model.kinds import KINDS, SYSTEM
from pipeline_services.model.metrics.advice import Advice, advice_about
from pipeline_services.model.own_cluster import SYSTEM_NAMESPACE
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

DNS_PORT: Final = 53


def part_runs(snapshot: Snapshot, name: str) -> None:
    """The part of that name is there and has all the pods that it needs, or renews its Lease.

    Of a Deployment one pod is enough to do the work. A DaemonSet may lack the pods of nodes that are not Ready.

    Raises:
        PreconditionNotMet: it is not there, and something that the profile does not know may do its work.
    """
    part = snapshot.pipeline.cluster[name]
    source = f"{SYSTEM}{KINDS[part.kind].source}"
    found = named(snapshot, source, name)
    if found is None:
        _require_no_other(snapshot, source, name)
        observed = f"there is no {subject_of(part, name)}, which {part.does}"
        raise Deviation(snapshot, observed, "one", _advice(part, name, there=False))
    observed = _silent(snapshot, found) if part.kind == LEASE else _lacking(snapshot, found, part)
    if observed:
        wanted = "every few seconds" if part.kind == LEASE else "its pods ready"
        whole = f"{name if part.kind == LEASE else subject_of(part, name)}, which {part.does}, {observed}"
        raise Deviation(snapshot, whole, wanted, _advice(part, name))


def part_is_as_declared(snapshot: Snapshot, name: str) -> None:
    """The part is set as this checkout declares it: a network plugin that runs may be told to enforce nothing.

    Raises:
        PreconditionNotMet: it is not there, which another check says; or something else stands for one of the declared
            parts, so that the cluster is of another make, and the rest of it as well.
        NoData: the checkout declares nothing of it.
    """
    part, (kind, declares) = snapshot.pipeline.cluster[name], declared_object(snapshot, name)
    if _live(snapshot, name) is None:
        raise PreconditionNotMet(f"there is no {kind} {declares}")
    for one in set_otherwise(snapshot, name):
        _require_own_make(snapshot)
        command = f"kubectl get {kind.lower()} -n {SYSTEM_NAMESPACE} {declares} -o yaml"
        advice = _advice(part, name).but(impact=f"it {part.does} in another way, or not at all", next_command=command)
        raise Deviation(snapshot, f"{kind.lower()}/{declares}: {one}", f"what {part.manifest} declares", advice)


def set_otherwise(snapshot: Snapshot, name: str) -> list[Difference]:
    """In what a part of the cluster that is there is not as it is declared; of a DNS server its Corefile is."""
    declared, live = _declared(snapshot, name), _live(snapshot, name)
    if live is None:
        return []
    if isinstance(live, str):
        return list(text_differences(declared["data"], {COREFILE: live}))
    return list(differences(view_of(declared, declared["kind"]), view_of(live, declared["kind"])))


def declared_object(snapshot: Snapshot, name: str) -> tuple[str, str]:
    """Kind and name of the object that is declared of a part."""
    declared = _declared(snapshot, name)
    return str(declared["kind"]), name_of(declared)


def _declared(snapshot: Snapshot, name: str) -> K8sObject:
    found: K8sObject | None = snapshot.data("declared_parts").get(name)
    if found is None:
        raise NoData(f"nothing is declared of {name}")
    return found


def _live(snapshot: Snapshot, name: str) -> K8sObject | str | None:
    """The part's object, or the Corefile of a DNS server."""
    part = snapshot.pipeline.cluster[name]
    if part.config_map:
        found: str | None = snapshot.data("dns_config").get(name)
        return found
    return named(snapshot, f"{SYSTEM}{KINDS[part.kind].source}", name)


def names_are_answered(snapshot: Snapshot, name: str) -> None:
    """The DNS server of that name answers the names of the pipeline's Services as its configuration stands now."""
    pipeline, part = snapshot.pipeline, snapshot.pipeline.cluster[name]
    found = snapshot.data("dns_config").get(name)
    if found is None:
        observed = f"there is no ConfigMap {part.config_map} in {SYSTEM_NAMESPACE}"
        raise Deviation(snapshot, observed, "one", _advice(part, name, there=False))
    _require_way(snapshot, name)
    for space, services in _services_by_namespace(pipeline, snapshot.namespace).items():
        why = hidden(found, [f"{service}.{space}.svc.{part.zone}" for service in services], part.zone, space)
        if not why:
            continue
        command = f"kubectl get configmap -n {SYSTEM_NAMESPACE} {part.config_map} -o yaml"
        advice = _advice(part, name).but(next_command=command)
        observed = f"the Corefile of {name} does not answer the Services: {why}"
        raise Deviation(snapshot, observed, f"the plugin 'kubernetes' answers {part.zone}", advice)


def _services_by_namespace(pipeline: Pipeline, own: str) -> Mapping[str, list[str]]:
    """The names of the Services that the pipeline uses, by where each is."""
    found: dict[str, list[str]] = {own: list(pipeline.services)}
    for part in pipeline.components.values():
        if part.service and part.elsewhere:
            found.setdefault(part.namespace, []).append(part.service.name)
    return found


def _require_way(snapshot: Snapshot, name: str) -> None:
    """A Service leads to the DNS server's pods, where the account may see those of the system."""
    part = snapshot.pipeline.cluster[name]
    is_described = bool(snapshot.pipeline.components[part.component].selector)
    if not is_described or snapshot.data_if_allowed("system_services", None) is None or way_to(snapshot, name):
        return
    command = f"kubectl get services -n {SYSTEM_NAMESPACE} -o wide"
    observed = f"no Service of {SYSTEM_NAMESPACE} leads to port {DNS_PORT} of {name}'s pods"
    raise Deviation(snapshot, observed, "one", _advice(part, name).but(next_command=command))


def way_to(snapshot: Snapshot, name: str) -> list[str]:
    """The Services of the system's namespace that take questions for names to a DNS server's pods."""
    part = snapshot.pipeline.cluster[name]
    template = _template_of(snapshot, name)
    pods = {**labels_of(template), **snapshot.pipeline.components[part.component].selector}
    ports = named_ports(template)
    return [
        name_of(service)
        for service in snapshot.data_if_allowed("system_services", ())
        if selector_of(service) and selector_of(service).items() <= pods.items() and _leads_to(service, ports)
    ]


def _leads_to(service: K8sObject, ports: Collection[int | str]) -> bool:
    """Whether questions, which are datagrams, go to a port that the servers declare, where they declare any."""
    asked = [one for one in ports_of(service) if one["port"] == DNS_PORT and one.get("protocol", "TCP") == "UDP"]
    return any(not ports or one.get("targetPort", DNS_PORT) in ports for one in asked)


def _template_of(snapshot: Snapshot, name: str) -> K8sObject:
    """What the part's pods are made from, empty where that is not seen: a Service may select by all of their labels."""
    found = snapshot.data_if_allowed(f"{SYSTEM}{KINDS[snapshot.pipeline.cluster[name].kind].source}", ())
    return next(
        (template_of(one) for one in found if name_of(one) == name), {"metadata": {}, "spec": {"containers": []}}
    )


def subject_of(part: ClusterPart, name: str) -> str:
    """The part's object as kubectl takes it."""
    return f"{part.kind.lower()}/{name}"


def silence(lease: K8sObject, newest: float) -> float:
    """Seconds between the last renewal of a Lease and the newest of all that are known.

    No clock but the cluster's own is asked: that of whoever looks may be minutes off.
    """
    return newest - renewed_at(lease)


def _require_own_make(snapshot: Snapshot) -> None:
    for name in declared_here(snapshot.pipeline.cluster):
        source = f"{SYSTEM}{KINDS[snapshot.pipeline.cluster[name].kind].source}"
        if named(snapshot, source, name) is None:
            _require_no_other(snapshot, source, name)


def _require_no_other(snapshot: Snapshot, source: str, name: str) -> None:
    """Clusters differ in what connects their pods or answers names: what is called otherwise is not gone."""
    kind = snapshot.pipeline.cluster[name].kind
    others = [] if kind == LEASE else {name_of(one) for one in snapshot.data(source)} - snapshot.pipeline.cluster.keys()
    if others:
        raise PreconditionNotMet(
            f"there is no {name}, and {', '.join(sorted(others))} may do its work: "
            f"say in [cluster] of the profile which parts this cluster has"
        )


def _silent(snapshot: Snapshot, lease: K8sObject) -> str:
    newest = max(renewed_at(one) for one in snapshot.data("system_leases") if spec_of(one).get("renewTime"))
    silent = silence(lease, newest)
    return f"has not renewed its lease for {silent:.0f} s" if silent > SILENT_AFTER_S else ""


def _lacking(snapshot: Snapshot, workload: K8sObject, part: ClusterPart) -> str:
    progress = progress_of(workload)
    if not progress.wanted:
        return "is scaled to 0" if part.kind == "Deployment" else "is wanted on no node"
    enough = 1 if part.kind == "Deployment" else progress.wanted
    if progress.available < enough and part.kind == "DaemonSet":
        enough -= sum(not is_true(node, "Ready") for node in snapshot.data("nodes"))
    if progress.available < enough:
        require_fresh_nodes(snapshot)
        _require_over(snapshot, workload)
        if part.kind == "DaemonSet":
            _require_joined(snapshot, enough - progress.available)
    return f"has {progress.available} of {progress.wanted} pods ready" if progress.available < enough else ""


def _require_over(snapshot: Snapshot, workload: K8sObject) -> None:
    """Refuse to call a part down that has had no ready pod only for as long as a start takes, as while it rolls out.

    Raises:
        PreconditionNotMet: that is so.
    """
    since = condition_since(workload, "Available")
    if condition_status(workload, "Available") == "False" and snapshot.taken_at - (since or 0.0) < STARTING_FOR:
        raise PreconditionNotMet(f"{name_of(workload)} is being replaced or starts; try again in {STARTING_FOR:g} s")


def _require_joined(snapshot: Snapshot, missing: int) -> None:
    """Refuse to miss no more of a DaemonSet's pods than nodes have just been added.

    Raises:
        PreconditionNotMet: that is so.
    """
    joining = [one for one in snapshot.data("nodes") if is_true(one, "Ready") and is_joining(one, snapshot.taken_at)]
    if missing <= len(joining):
        raise PreconditionNotMet(f"node {name_of(joining[0])} has just been added; try again in {JOINING_S:g} s")


def require_measured(snapshot: Snapshot, seconds: float) -> None:
    """Refuse to blame an autoscaler while what measures usage starts, or works again for less than so many seconds.

    Raises:
        PreconditionNotMet: that is so.
    """
    parts = [name for name, part in snapshot.pipeline.cluster.items() if part.component == "hpa"]
    for workload in snapshot.answers.get("system_deployments", ()):
        since = condition_since(workload, "Available")
        if name_of(workload) in parts and replicas_of(workload) and since is not None:
            _require_over(snapshot, workload)
            if snapshot.taken_at - since < seconds:
                raise PreconditionNotMet(f"{name_of(workload)} has just become ready; try again in {seconds:g} s")


def _advice(part: ClusterPart, name: str, *, there: bool = True) -> Advice:
    command = f"kubectl get deployments,daemonsets,pods -n {SYSTEM_NAMESPACE}"
    if there and part.kind != LEASE:
        command = f"kubectl describe {part.kind.lower()} -n {SYSTEM_NAMESPACE} {name}"
    return advice_about(part.component).but(
        impact=part.impact, next_command=command, runbook="the-cluster-itself", level="L3"
    )
