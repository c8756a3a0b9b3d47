"""Objects in a snapshot's lists, by name and by component."""

from __future__ import annotations

from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import K8sObject, labels_of, name_of
from pipeline_services.snapshot.snapshot import Snapshot


def named(snapshot: Snapshot, source: str, name: str) -> K8sObject | None:
    """The object of that name in the list ``source``, or None where there is none."""
    return next((item for item in snapshot.data(source) if name_of(item) == name), None)


def workload_of(snapshot: Snapshot, component: str) -> K8sObject:
    """The workload of a component.

    Raises:
        PreconditionNotMet: there is none.
    """
    part = snapshot.pipeline[component]
    found = named(snapshot, part.list_name, part.workload)
    if found is None:
        raise PreconditionNotMet(f"there is no {part.kind} {part.workload}")
    return found


def items_of(snapshot: Snapshot, source: str, component: str) -> list[K8sObject]:
    """The objects in the list ``source`` whose labels are those of the component's workloads."""
    items: list[K8sObject] = snapshot.data(source)
    found, key = snapshot.derive(_found), (source, component)
    if key not in found:
        parts = snapshot.pipeline.parts_of(component)
        found[key] = [item for item in items if any(part.owns(labels_of(item)) for part in parts)]
    return list(found[key])


def _found(_: Snapshot) -> dict[tuple[str, str], list[K8sObject]]:
    """What ``items_of`` has found in the snapshot so far: dozens of checks ask for the pods of one component."""
    return {}
