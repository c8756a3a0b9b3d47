"""Objects in a snapshot's lists, by name and by component."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pipeline_services.model.component import Component
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import (
    K8sObject,
    containers_of,
    failed_at,
    is_done,
    is_ready,
    is_terminating,
    name_of,
    owners_of,
    phase_of,
    progress_of,
    template_of,
)
from pipeline_services.snapshot.snapshot import Snapshot

LEFT_OVER_AFTER_S: Final = 900.0
"""Seconds for which a pod that failed is still news once others have taken its place; it may be listed for weeks."""


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
    done, as of a Job with the same labels, or left over."""
    found = snapshot.derive(_found)
    if component not in found:
        parts = snapshot.pipeline.parts_of(component)
        pods = [pod for pod in snapshot.data("pods") if not is_done(pod)]
        left = set().union(*(left_over(snapshot, part, pods) for part in parts))
        labelled = [pod for pod in pods if any(part.owns(pod) for part in parts)]
        found[component] = [pod for pod in labelled if name_of(pod) not in left]
    return list(found[component])


def left_over(snapshot: Snapshot, part: Component, pods: Iterable[K8sObject]) -> set[str]:
    """The names of the pods with a workload's labels that have failed and that nobody misses: a Job's that run another
    program, and those that were replaced a while ago, evicted or ended by their node as they may have been."""
    own = [pod for pod in pods if part.owns(pod) and not is_terminating(pod)]
    failed = [pod for pod in own if phase_of(pod) == "Failed"]
    if not failed:
        return set()
    workload = next((one for one in snapshot.data_or(part.list_name, ()) if name_of(one) == part.workload), None)
    if workload is None:
        return set()
    of_jobs = filter(_is_of_job, failed)
    programs = {one["name"] for one in containers_of(template_of(workload))}
    left = {name_of(pod) for pod in of_jobs if programs.isdisjoint(one["name"] for one in containers_of(pod))}
    if sum(map(is_ready, own)) >= progress_of(workload).wanted:
        late = snapshot.taken_at - LEFT_OVER_AFTER_S
        left |= {name_of(pod) for pod in failed if not _is_of_job(pod) and failed_at(pod) < late}
    return left


def _is_of_job(pod: K8sObject) -> bool:
    return any(owner["kind"] == "Job" for owner in owners_of(pod))


def _found(_: Snapshot) -> dict[str, list[K8sObject]]:
    """What ``labelled_pods`` has found in the snapshot so far: dozens of checks ask for the pods of one component."""
    return {}
