"""Are the live objects those that the manifests declare, down to their last field (sections 3.5 and 3.6)?

What differs need not show yet: it does when the next pod starts or the next outage lasts. So it is told at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from pipeline_services.judgements.comparison import Difference, differences
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.metrics.advice import advice_about
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import (
    K8sObject,
    labels_of,
    name_of,
    references_of,
    scale_target_of,
    spec_of,
    template_of,
)
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

ADMISSION: Final = "pod-security.kubernetes.io/"
"""The labels of a namespace that say which pods may be made in it."""
_NOT_COMPARED: Final = ("replicas", "paused", "template", "volumeClaimTemplates")
"""Of a workload: what autoscalers and operators change, and what other checks are about."""
_OWNERS: Final[Mapping[str, str]] = {
    "HorizontalPodAutoscaler": "hpa",
    "Namespace": "config",
    "NetworkPolicy": "network",
    "Service": "network",
}


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a difference in a place does; ``stops``: new pods may not work for it."""

    place: str
    does: str
    stops: bool = False


_MEANINGS: Final = (
    _Meaning(r"dns(Policy|Config)", "its pods ask other DNS servers, and may find no service by its name", stops=True),
    _Meaning(r"initContainers", "its pods start only once that has ended", stops=True),
    _Meaning(r"containers\[[^]]*\]\.(command|args)", "its pods run another program", stops=True),
    _Meaning(r"containers\[[^]]*\]\.env", "its pods work with other settings", stops=True),
    _Meaning(
        r"containers\[[^]]*\]\.resources",
        "its pods get another share of the node; autoscalers measure usage against the request",
    ),
    _Meaning(r"containers\[[^]]*\]\.\w+Probe", "a process that hangs is noticed at another time, or never"),
    _Meaning(r"containers|volumes|securityContext|serviceAccount", "its pods start with something else", stops=True),
    _Meaning(
        r"affinity|nodeSelector|tolerations|topologySpread", "a new pod may find no node that it may run on", stops=True
    ),
    _Meaning(r"strategy|updateStrategy", "a rollout that does not come up takes away pods that serve"),
    _Meaning(r"labels|selector", "services, policies and autoscalers may miss its pods", stops=True),
)
_BY_KIND: Final[Mapping[str, _Meaning]] = {
    "ConfigMap": _Meaning("", "a pod that starts from now on works with that", stops=True),
    "HorizontalPodAutoscaler": _Meaning("", "the pipeline scales by other rules than those it was tried with"),
    "Namespace": _Meaning("", "a pod that is made from now on may be refused"),
    "NetworkPolicy": _Meaning("", "what may connect is not what was decided"),
    "Service": _Meaning("", "clients may find nobody, or somebody else, behind the name"),
}
_ANYTHING: Final = _Meaning("", "it does not behave as it was tried")


@dataclass(frozen=True, slots=True)
class Drift:
    """An object that is not as it was declared, with all differences; without any it is missing, or nobody's."""

    kind: str
    name: str
    component: str
    differences: tuple[Difference, ...] = ()
    extra: bool = False

    @property
    def subject(self) -> str:
        """The object as kubectl takes it."""
        return f"{self.kind.lower()}/{self.name}"

    @property
    def observed(self) -> str:
        """What is so, in one sentence."""
        if self.extra:
            return f"{self.subject} is there and not declared"
        if not self.differences:
            return f"there is no {self.subject}"
        more = f", and {len(self.differences) - 1} more" if len(self.differences) > 1 else ""
        return f"{self.subject}: {self._worst[0]}{more}"

    @property
    def does(self) -> str:
        """What it does to the pipeline."""
        return self._worst[1].does

    @property
    def stops(self) -> bool:
        """Whether a pod may not work for it."""
        return self._worst[1].stops

    @property
    def _worst(self) -> tuple[Difference, _Meaning]:
        """The difference that does most, and what that is."""
        known = [(one, self._meaning(one.path)) for one in self.differences or (Difference("", None, None),)]
        return max(known, key=lambda pair: (pair[1].stops, -_rank(pair[1])))

    def _meaning(self, path: str) -> _Meaning:
        if self.kind in _BY_KIND:
            return _BY_KIND[self.kind]
        return next((one for one in _MEANINGS if re.match(one.place, path)), _ANYTHING)


_WORKLOADS: Final = frozenset(kind.name for kind in KINDS.values() if kind.workload)


def _rank(meaning: _Meaning) -> int:
    return _MEANINGS.index(meaning) if meaning in _MEANINGS else len(_MEANINGS)


def components(pipeline: Pipeline) -> list[str]:
    """The components that objects of the manifests belong to; none where the description names no manifests."""
    if not pipeline.manifests:
        return []
    owners = {*pipeline.judged_workloads, *_OWNERS.values()}
    return [name for name in pipeline.components if name in owners]


def are_as_declared(snapshot: Snapshot, component: str) -> None:
    """Every object of the component is there as the manifests declare it.

    Raises:
        NoData: the manifests declare nothing of it.
    """
    for drift in drifts(snapshot, component):
        advice = advice_about(component).but(
            impact=drift.does,
            next_command=f"kubectl get {drift.kind.lower()} -n {{namespace}} {drift.name} -o yaml",
            runbook="configuration",
            level="L2",
        )
        expected = "what the manifests of this checkout declare (or they are newer than what was deployed)"
        raise Deviation(snapshot, drift.observed, expected, advice)


def drifts(snapshot: Snapshot, component: str) -> Iterator[Drift]:
    """The objects of a component that are not as they were declared.

    What is missing because the workload that it is for is not there at all is left out: that is told by itself.
    """
    declared: list[K8sObject] = snapshot.data("declared")
    own = [item for item, owner in zip(declared, snapshot.derive(_owners), strict=True) if owner == component]
    if not own:
        raise NoData(f"the manifests declare nothing of {component}")
    for item in own:
        kind, name = str(item["kind"]), name_of(item)
        live = _live(snapshot, kind, name)
        if live is None:
            if not _is_told_elsewhere(snapshot, item, declared):
                yield Drift(kind, name, component)
        elif found := tuple(_compared(item, live)):
            yield Drift(kind, name, component, found)
    if component == "hpa":
        yield from _extra_autoscalers(snapshot, {name_of(item) for item in own})


def _live(snapshot: Snapshot, kind: str, name: str) -> K8sObject | None:
    """The object itself; of namespaces there is just the pipeline's own."""
    if kind == "Namespace":
        (found,) = snapshot.data("namespaces")
        return dict(found)
    return named(snapshot, KINDS[kind].source, name)


def _compared(declared: K8sObject, live: K8sObject) -> Iterator[Difference]:
    if declared["kind"] == "ConfigMap":
        return _texts(declared.get("data") or {}, live.get("data") or {})
    return differences(_view(declared, declared["kind"]), _view(live, declared["kind"]))


def _texts(declared: Mapping[str, str], live: Mapping[str, str]) -> Iterator[Difference]:
    """The first line of each key's text that differs."""
    for key in {**declared, **live}:
        lines = zip_longest(live.get(key, "").splitlines(), declared.get(key, "").splitlines())
        for number, (here, wanted) in enumerate(lines, 1):
            if here != wanted:
                yield Difference(f"{key}, line {number}," if number > 1 else key, here, wanted)
                break


def _view(item: K8sObject, kind: str) -> Mapping[str, Any]:
    """What of an object is compared. Of a workload its pods' fields stand beside its own."""
    if kind == "Namespace":
        return {key: value for key, value in labels_of(item).items() if key.startswith(ADMISSION)}
    spec = spec_of(item)
    if kind not in _WORKLOADS:
        return spec
    template = template_of(item)
    pods = {
        key: _with_names_of_images(value) if "ontainers" in key else value for key, value in spec_of(template).items()
    }
    own = {key: value for key, value in spec.items() if key not in _NOT_COMPARED}
    return {**own, **pods, "labels": labels_of(template)}


def _with_names_of_images(containers: list[K8sObject]) -> list[K8sObject]:
    """Registry and tag are chosen when it is deployed."""
    return [{**one, "image": re.split(r"[:@]", one["image"].rpartition("/")[2])[0]} for one in containers]


def _owners(snapshot: Snapshot) -> list[str]:
    """The component of each declared object, in their order."""
    declared: list[K8sObject] = snapshot.data("declared")
    return [_owner(snapshot.pipeline, item, declared) for item in declared]


def _owner(pipeline: Pipeline, item: K8sObject, declared: list[K8sObject]) -> str:
    """The component that findings about an object name."""
    kind, name = item["kind"], name_of(item)
    if kind in _OWNERS or (kind == "ConfigMap" and name == pipeline.config.config_map):
        return _OWNERS.get(kind, "config")
    return next(
        (part.reports_to for part in pipeline.workloads.values() if _concerns(item, part.workload, declared)), "config"
    )


def _concerns(item: K8sObject, workload: str, declared: list[K8sObject]) -> bool:
    """Whether an object is a workload, is for it, or is read by its pods."""
    kind, name = item["kind"], name_of(item)
    found = next((one for one in declared if one["kind"] in _WORKLOADS and name_of(one) == workload), None)
    if found is None:
        return False
    if kind in _WORKLOADS:
        return name == workload
    if kind == "ConfigMap":
        return any((one.kind, one.name) == (kind, name) for one in references_of(template_of(found)))
    if kind == "HorizontalPodAutoscaler":
        return scale_target_of(item)[1] == workload
    labels, spec = labels_of(template_of(found)), spec_of(item)
    selector = spec.get("selector") or (spec.get("podSelector") or {}).get("matchLabels") or {}
    return bool(selector) and selector.items() <= labels.items()


def _is_told_elsewhere(snapshot: Snapshot, item: K8sObject, declared: list[K8sObject]) -> bool:
    """Whether it is for, or is itself, a workload that is not there."""
    there = {name_of(one) for kind in _WORKLOADS for one in snapshot.data(KINDS[kind].source)}
    wanted = [
        part.workload for part in snapshot.pipeline.workloads.values() if _concerns(item, part.workload, declared)
    ]
    return bool(wanted) and not there.intersection(wanted)


def _extra_autoscalers(snapshot: Snapshot, declared: set[str]) -> Iterator[Drift]:
    for hpa in snapshot.data("hpas"):
        if name_of(hpa) not in declared:
            yield Drift("HorizontalPodAutoscaler", name_of(hpa), "hpa", extra=True)
