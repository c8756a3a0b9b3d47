"""Are the live objects those that the manifests declare, down to their last field (sections 3.5 and 3.6)?

What differs need not show yet: it does when the next pod starts or the next outage lasts. So it is told at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline_services.judgements.comparison import Difference, differences
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.drift import CAPACITY, DELETED, LABELS, PROXIED_BY, REQUEST, WORKLOADS, Drift, held
from pipeline_services.judgements.edited_pods import edited_pods
from pipeline_services.judgements.endpoint_addresses import misled
from pipeline_services.judgements.ownership import OWNERS, concerns, owners
from pipeline_services.judgements.stored import STORAGE, stored_otherwise
from pipeline_services.judgements.texts import text_differences
from pipeline_services.judgements.undeclared_objects import (
    LEFT_OPEN,
    arming_labels,
    extras,
    is_out_of_sight,
    require_in_sight,
)
from pipeline_services.judgements.versions import other_versions
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import (
    K8sObject,
    annotations_of,
    condition_since,
    deletion_time,
    holding_of,
    labels_of,
    name_of,
    owners_of,
    quantity,
    replicas_of,
    scale_target_of,
    spec_of,
    status_of,
    template_of,
)
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.pipeline import DEPLOYMENT, STATEFUL_SET, Pipeline
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

ADMISSION: Final = "pod-security.kubernetes.io/"
"""The labels of a namespace that say which pods may be made in it."""
_NOT_COMPARED: Final = ("replicas", "template", "volumeClaimTemplates")
"""Of a workload: what is compared by itself, and what nobody can change."""
_BODIES: Final = ("immutable", "binaryData", "rules", "roleRef", "subjects", "automountServiceAccountToken")
"""What an object without a spec says, beside the texts of a ConfigMap."""
_SECRET: Final = KINDS["Secret"].name
_FILES: Final = re.compile(r"\.(crt|key|pem)$")
"""Keys whose values are files, which end with the end of a line."""
_TREATED: Final = ("Service", "Namespace")
_TREATMENT: Final = re.compile(
    r"(service(\.(alpha|beta))?|scheduler\.alpha)\.kubernetes\.io/|(linkerd|sidecar\.istio)\.io/inject$"
)
"""The kinds whose annotations tell Kubernetes, a cloud or a mesh how to treat them, and what those begin with."""
GROWS_WITHIN_S: Final = 600.0
"""Seconds that a volume may take to grow after its claim."""
_OWN_MARKS: Final = ("conveyor.io/", "kubectl.kubernetes.io/")
"""What the annotations begin with that a deployment, a restart and the suite itself leave in a template."""


def components(pipeline: Pipeline) -> list[str]:
    """The components that objects of the manifests belong to; none where the profile names no manifests."""
    if not pipeline.manifests:
        return []
    judged = {*pipeline.judged_workloads, *OWNERS.values()} - (set() if pipeline.with_volume else {"storage"})
    return [name for name in pipeline.components if name in judged]


def are_as_declared(snapshot: Snapshot, component: str) -> None:
    """Every object of the component is there as the manifests declare it.

    Raises:
        NoData: the manifests declare nothing of it.
        AccessDenied: nothing is seen to differ, and a list that leaves this check open may not be read.
    """
    for drift in drifts(snapshot, component):
        advice = advice_about(component).but(
            impact=drift.does,
            next_command=f"kubectl get {drift.kind.lower()} -n {{namespace}} {drift.shown}",
            runbook="configuration",
            level="L2",
        )
        expected = "what this checkout's manifests declare (unless they are newer than what was deployed)"
        raise Deviation(snapshot, drift.observed, expected, advice)
    require_in_sight(snapshot, component)


def drifts(snapshot: Snapshot, component: str) -> Iterator[Drift]:
    """The objects of a component that are not as they were declared.

    What is missing because the workload that it is for is not there at all is left out: that is told by itself.
    """
    declared: list[K8sObject] = snapshot.data("declared")
    own = [item for item, owner in zip(declared, snapshot.derive(owners), strict=True) if owner == component]
    if not own:
        raise NoData(f"the manifests declare nothing of {component}")
    scaled = {scale_target_of(item)[1] for item in declared if item["kind"] == "HorizontalPodAutoscaler"}
    for item in own:
        kind, name = str(item["kind"]), name_of(item)
        if is_out_of_sight(snapshot, KINDS[kind].source):
            continue
        live = _live(snapshot, kind, name)
        if live is None:
            if not _is_told_elsewhere(snapshot, item, declared):
                yield Drift(kind, name, component)
        elif found := (*_compared(item, live, scaled=name in scaled), *_beside(snapshot, item, live)):
            yield Drift(kind, name, component, found)
    if component == OWNERS[_SECRET]:
        yield from _secrets(snapshot)
    if component == STORAGE and not any(is_out_of_sight(snapshot, source) for source in LEFT_OPEN[STORAGE]):
        yield from stored_otherwise(snapshot)
    if component == "network":
        yield from misled(snapshot)
    yield from edited_pods(snapshot, component)
    yield from extras(snapshot, component)


def _secrets(snapshot: Snapshot) -> Iterator[Drift]:
    """The pipeline's Secrets: none is declared with what it holds, and each can be held, or hold a line's end too many.

    A missing one is told by itself.
    """
    for known in snapshot.data("secrets"):
        name, body = known["name"], {key: known[key] for key in _BODIES if key in known}
        if name in snapshot.pipeline.config.secrets:
            live = {"metadata": {"name": name, **holding_of(known)}, **body}
            declared = {"kind": _SECRET, "metadata": {"name": name}}
            padded = [key for key, value in known["keys"].items() if value.get("padded") and not _FILES.search(key)]
            texts = [Difference(f"data.{key}", "a value with white space around it", "one without") for key in padded]
            if found := (*texts, *_compared(declared, live, scaled=False)):
                yield Drift(_SECRET, name, OWNERS[_SECRET], found)


def _beside(snapshot: Snapshot, declared: K8sObject, live: K8sObject) -> Iterator[Difference]:
    """What only other objects, or the time, tell of an object.

    Images of another version or registry than others have, labels for which a webhook is called, a volume that has not
    grown.
    """
    kind = declared["kind"]
    if kind in WORKLOADS:
        yield from snapshot.derive(other_versions).get(name_of(declared), ())
    elif kind == "Namespace":
        for key in arming_labels(snapshot, labels_of(declared), labels_of(live)):
            if not key.startswith((ADMISSION, *_OWN_MARKS)):
                yield Difference(f"{LABELS}{key}", labels_of(live)[key], labels_of(declared).get(key))
    elif kind == "PersistentVolumeClaim":
        yield from _not_grown(live, snapshot.taken_at)


def _not_grown(claim: K8sObject, now: float) -> Iterator[Difference]:
    """A volume that is smaller than its claim asks for, and is not just being made larger."""
    wanted = (spec_of(claim).get("resources") or {}).get("requests", {}).get("storage")
    there = (status_of(claim).get("capacity") or {}).get("storage")
    since = [condition_since(claim, kind) for kind in ("Resizing", "FileSystemResizePending")]
    is_new = any(one is not None and now - one < GROWS_WITHIN_S for one in since)
    if wanted and there and quantity(there) < quantity(wanted) and not is_new:
        yield Difference(CAPACITY, there, wanted)


def _live(snapshot: Snapshot, kind: str, name: str) -> K8sObject | None:
    """The object itself; of namespaces there is just the pipeline's own."""
    if kind == "Namespace":
        (found,) = snapshot.data("namespaces")
        return dict(found)
    return named(snapshot, KINDS[kind].source, name)


def _compared(declared: K8sObject, live: K8sObject, *, scaled: bool) -> Iterator[Difference]:
    """Where the live object differs. ``scaled``: an autoscaler is declared for it, which says how many pods it has."""
    kind = declared["kind"]
    if kind != "PersistentVolumeClaim" and (deleted := deletion_time(live)):  # of a volume that is told by itself
        yield Difference(DELETED, deleted, None)
    yield from _metadata(declared, live)
    if kind == "ConfigMap":
        yield from text_differences(declared.get("data") or {}, live.get("data") or {})
    elif kind in (STATEFUL_SET, DEPLOYMENT) and not scaled and replicas_of(live) > replicas_of(declared):
        yield Difference("replicas", replicas_of(live), replicas_of(declared))  # fewer are told by themselves
    found = differences(view_of(declared, kind), view_of(live, kind))
    yield from (one for one in found if not (one.path == REQUEST and _is_grown(one, live)))


def _is_grown(request: Difference, claim: K8sObject) -> bool:
    """Whether a claim was given more than is declared, and its volume is as large: nothing lacks."""
    there = (status_of(claim).get("capacity") or {}).get("storage")
    return there is not None and asks_for_more(request) and quantity(there) >= quantity(request.live)


def asks_for_more(request: Difference) -> bool:
    """Whether a claim asks for more than is declared, which nothing takes back."""
    return bool(request.live and request.declared) and quantity(request.live) > quantity(request.declared)


def _metadata(declared: K8sObject, live: K8sObject) -> Iterator[Difference]:
    """Labels that are not there, and what decides when the object goes; labels beside those declared do nothing."""
    for key, value in labels_of(declared).items():
        if declared["kind"] != "Namespace" and labels_of(live).get(key) != value:  # of one, they are its view
            yield Difference(f"metadata.labels.{key}", labels_of(live).get(key), value)
    yield from held(live)
    if declared["kind"] == "Service":
        for key in PROXIED_BY:
            if key in labels_of(live).keys() - labels_of(declared).keys():
                yield Difference(f"{LABELS}{key}", labels_of(live)[key], None)
    if declared["kind"] in _TREATED:
        for key in annotations_of(live).keys() - annotations_of(declared).keys():
            if _TREATMENT.match(key):
                yield Difference(f"metadata.annotations.{key}", annotations_of(live)[key], None)
    if owners_of(live):
        owners_there = ", ".join(f"{one['kind']}/{one['name']}" for one in owners_of(live))
        yield Difference("metadata.ownerReferences", owners_there, None)


def view_of(item: K8sObject, kind: str) -> Mapping[str, Any]:
    """What of an object is compared. Of a workload its pods' fields stand beside its own."""
    if kind == "Namespace":
        return {key: value for key, value in labels_of(item).items() if key.startswith(ADMISSION)}
    if kind not in WORKLOADS:
        return spec_of(item) if "spec" in item else {key: item[key] for key in _BODIES if key in item}
    spec = spec_of(item)
    template = template_of(item)
    on_the_node = bool(spec_of(template).get("hostNetwork"))
    pods = {
        key: [_compared_container(one, on_the_node=on_the_node) for one in value] if "ontainers" in key else value
        for key, value in spec_of(template).items()
    }
    own = {key: value for key, value in spec.items() if key not in _NOT_COMPARED}
    notes = {key: value for key, value in annotations_of(template).items() if not key.startswith(_OWN_MARKS)}
    return {**own, **pods, "labels": labels_of(template), "annotations": notes}


def _compared_container(container: K8sObject, *, on_the_node: bool) -> K8sObject:
    """A container without registry and tag, which are chosen when it is deployed; and where pods have the node's own
    network, without the node's ports, which the API server fills in then."""
    image = re.split(r"[:@]", container["image"].rpartition("/")[2])[0]
    if not on_the_node or "ports" not in container:
        return {**container, "image": image}
    ports = [{key: value for key, value in port.items() if key != "hostPort"} for port in container["ports"]]
    return {**container, "image": image, "ports": ports}


def _is_told_elsewhere(snapshot: Snapshot, item: K8sObject, declared: list[K8sObject]) -> bool:
    """Whether it is a volume claim, or is for, or is itself, a workload that is not there."""
    if item["kind"] == "PersistentVolumeClaim":
        return True
    there = {name_of(one) for kind in WORKLOADS for one in snapshot.data(KINDS[kind].source)}
    wanted = [part.workload for part in snapshot.pipeline.workloads.values() if concerns(item, part.workload, declared)]
    return bool(wanted) and not there.intersection(wanted)
