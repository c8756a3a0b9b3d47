"""Objects in a snapshot's lists, by name and by component."""

from __future__ import annotations

from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import K8sObject, is_done, name_of
from pipeline_services.snapshot.snapshot import Snapshot


def named(snapshot: Snapshot, source: str, name: str) -> K8sObject | None:
    """The object of that name in the list ``source``, or None where there is none."""
    return next((item for item in snapshot.data(source) if name_of(item) == name), None)


def workload_of(snapshot: Snapshot, component: str) -> K8sObject:
    """The workload of a component. Raises PreconditionNotMet where there is none."""
    part = snapshot.pipeline[component]
    found = named(snapshot, part.list_name, part.workload)
    if found is None:
        raise PreconditionNotMet(f"there is no {part.kind} {part.workload}")
    return found


def labelled_pods(snapshot: Snapshot, component: str) -> list[K8sObject]:
    """The pods with the labels of the component's workloads, those that are being deleted included, but none that is
    done, as of a Job with the same labels."""
    found = snapshot.derive(_found)
    if component not in found:
        parts = snapshot.pipeline.parts_of(component)
        pods = [pod for pod in snapshot.data("pods") if not is_done(pod)]
        found[component] = [pod for pod in pods if any(part.owns(pod) for part in parts)]
    return list(found[component])


def _found(_: Snapshot) -> dict[str, list[K8sObject]]:
    """What ``labelled_pods`` has found in the snapshot so far: dozens of checks ask for the pods of one component."""
    return {}
