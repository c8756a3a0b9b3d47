"""Do the endpoints of the Services say where the pods are? Pure.

The controller that writes them may have missed a change: then all pods are ready, and who connects anew finds nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from pipeline_services.judgements.comparison import Difference
from pipeline_services.judgements.drift import ENDPOINTS, Drift
from pipeline_services.judgements.pods import is_made_by
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    addresses_of,
    containers_of,
    endpoints_of,
    has_labels,
    is_complete,
    is_maintained,
    is_terminating,
    name_of,
    ports_of,
    ready_since,
    selector_of,
    service_of,
    template_of,
)
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

SETTLED_S: Final = 30.0
"""Seconds for which a pod has to be ready, so that its endpoint is not only on its way."""
_SERVICE: Final = "Service"


def misled(snapshot: Snapshot) -> Iterator[Drift]:
    """The pipeline's Services whose endpoints are not the pods behind them, where no rollout is under way."""
    for part in snapshot.pipeline.workloads.values():
        workload = named(snapshot, part.list_name, part.workload)
        pods = _settled_pods(snapshot, part)
        if workload is None or not is_complete(workload) or not pods:
            continue
        for name in filter(None, (part.service.name if part.service else "", part.headless)):
            service = named(snapshot, "services", name)
            slices = [item for item in snapshot.data("endpointslices") if service_of(item) == name]
            if service is None or not all(map(is_maintained, slices)):
                continue
            led = _led_to(slices)
            gone = led.keys() - {name_of(pod) for pod in snapshot.data("pods")}
            wanted = {name_of(pod): pod for pod in pods if has_labels(pod, selector_of(service))}
            found = (*_addresses(led, wanted, gone), *_ports(service, slices, template_of(workload)))
            if wanted and found:
                yield Drift(_SERVICE, name, "network", found)


def _settled_pods(snapshot: Snapshot, part: Component) -> list[K8sObject]:
    """The pods of a workload; none where one of them goes, is not ready yet, or has just become so."""
    pods = [pod for pod in snapshot.data("pods") if is_made_by(pod, part) and addresses_of(pod)]
    latest = snapshot.taken_at - SETTLED_S
    settled = all(not is_terminating(pod) and (ready_since(pod) or snapshot.taken_at) <= latest for pod in pods)
    return pods if settled else []


def _led_to(slices: Sequence[K8sObject]) -> dict[str, list[str]]:
    """The addresses of the ready endpoints, by the pod that each says it is."""
    found: dict[str, list[str]] = {}
    for entry in (one for item in slices for one in endpoints_of(item, ready=True)):
        name = (entry.get("targetRef") or {}).get("name")
        if name:
            found.setdefault(str(name), []).extend(map(str, entry.get("addresses") or ()))
    return found


def _addresses(
    led: Mapping[str, Sequence[str]], wanted: Mapping[str, K8sObject], gone: Iterable[str]
) -> Iterator[Difference]:
    for name, pod in wanted.items():
        if not set(led.get(name, ())) & set(addresses_of(pod)):
            where = f"{addresses_of(pod)[0]}, where the pod is"
            yield Difference(f"{ENDPOINTS}[{name}]", ", ".join(led.get(name, ())) or None, where)
    for name in sorted(gone):
        yield Difference(f"{ENDPOINTS}[{name}]", f"{', '.join(led[name])}, and the pod is gone", None)


def _ports(service: K8sObject, slices: Sequence[K8sObject], template: K8sObject) -> Iterator[Difference]:
    """Endpoints with another port than the Service's, as the pods' template has it."""
    by_name = {
        str(port["name"]): int(port["containerPort"])
        for container in containers_of(template)
        for port in container.get("ports") or ()
        if port.get("name")
    }
    targets = {str(one.get("name", "")): one.get("targetPort", one["port"]) for one in ports_of(service)}
    for entry in (port for item in slices for port in item.get("ports") or ()):
        target = targets.get(str(entry.get("name") or ""))
        wanted = target if isinstance(target, int) else by_name.get(str(target))
        if wanted is not None and entry.get("port") not in (None, wanted):
            yield Difference(f"{ENDPOINTS}.port", entry["port"], wanted)
