"""Do the services have endpoints, and do they lead to ports that pods listen on (section 3.6)?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import is_made_by, require_back, require_settled
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.k8s import (
    K8sObject,
    endpoints_of,
    labels_of,
    name_of,
    named_ports,
    port_of,
    ports_of,
    selector_of,
    service_of,
    template_of,
)
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.text import pairs
from pipeline_services.snapshot.objects import named, workload_of
from pipeline_services.snapshot.snapshot import Snapshot

ENTERED_S: Final = 10.0
"""Seconds within which a pod that became ready is among the endpoints, and the nodes lead to it."""
_DIVIDED: Final = "some requests go to a pod that cannot answer them"


def are_ready(snapshot: Snapshot, service_name: str) -> None:
    """The service exists, has its port, and at least one ready endpoint."""
    component = snapshot.pipeline.services[service_name]
    advice = advice_about(component).but(
        next_command=f"kubectl get endpointslices -n {{namespace}} -l kubernetes.io/service-name={service_name}"
    )
    service = named(snapshot, "services", service_name)
    if service is None:
        raise Deviation(snapshot, f"there is no service {service_name}", "one", advice)
    port = snapshot.pipeline.service(component).port
    if port_of(service, port) is None:
        ports = [entry["port"] for entry in ports_of(service)]
        raise Deviation(snapshot, f"{service_name} has the ports {ports}", f"{port}", advice)
    if any(_ready_addresses(item) for item in snapshot.data("endpointslices") if service_of(item) == service_name):
        return
    require_settled(snapshot, component)
    require_back(snapshot, component, ENTERED_S)
    raise Deviation(snapshot, f"{service_name} has no ready endpoint", "at least one", advice)


def lead_to_pods(snapshot: Snapshot, service_name: str) -> None:
    """The service selects the pods that its component's workload makes, and leads to a port that they declare.

    Judged by the workload's template, so that it holds while no pod runs, and before the next one does.

    Raises:
        PreconditionNotMet: service, port or workload are not there, which other checks say.
        NoData: the pods declare no port at all, and the service gives a number.
    """
    component = snapshot.pipeline.services[service_name]
    port = snapshot.pipeline.service(component).port
    service = named(snapshot, "services", service_name)
    entry = port_of(service, port) if service else None
    if service is None or entry is None:
        raise PreconditionNotMet(f"there is no service {service_name} with port {port}")
    template = template_of(workload_of(snapshot, component))
    advice = advice_about(component).but(
        next_command=f"kubectl describe service -n {{namespace}} {service_name}",
        runbook="network-policy-issues",
        level="L2",
    )
    selector, labels = selector_of(service), labels_of(template)
    if not selector or selector.items() - labels.items():
        expected = f"what {component}'s pods are labelled: {_words(labels)}"
        raise Deviation(snapshot, f"{service_name} selects {_words(selector)}", expected, advice)
    others = strangers(snapshot, service_name)
    if others:
        observed = f"{service_name} also leads to {', '.join(others)}, not a pod of {component}'s workload"
        raise Deviation(snapshot, observed, f"{component}'s own pods only", advice.but(impact=_DIVIDED))
    target, declared = entry.get("targetPort", port), named_ports(template)
    if not declared and isinstance(target, int):
        raise NoData(f"{component}'s pods declare no port that {target} could be compared with")
    if target not in declared:
        expected = f"a port that {component}'s pods declare: {', '.join(map(str, declared)) or 'there is none'}"
        raise Deviation(snapshot, f"{service_name} leads to port {target}", expected, advice)


def strangers(snapshot: Snapshot, service_name: str) -> list[str]:
    """The pods behind the Service that its component's workload has not made: each gets its share of the requests."""
    part = snapshot.pipeline[snapshot.pipeline.services[service_name]]
    slices = [item for item in snapshot.data("endpointslices") if service_of(item) == service_name]
    targets = [entry.get("targetRef") or {} for item in slices for entry in endpoints_of(item, ready=True)]
    names = {str(target["name"]) for target in targets if target.get("kind") == "Pod"}
    known = {name_of(pod): pod for pod in snapshot.data("pods")}
    return sorted(name for name in names & known.keys() if not is_made_by(known[name], part))


def _words(labels: Mapping[str, str]) -> str:
    return pairs(labels) or "nothing"


def _ready_addresses(item: K8sObject) -> list[str]:
    return [address for entry in endpoints_of(item, ready=True) for address in entry.get("addresses") or ()]
