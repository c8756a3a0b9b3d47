"""Pods as they are beside their templates, and what an admission plugin has made of all of them alike on their way.

A cluster may have every image pulled anew, or named by its digest: the templates say nothing of it, and a pod that is
deleted comes back the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.judgements.comparison import Difference, differences
from pipeline_services.judgements.pods import is_made_by
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    age,
    containers_of,
    created_at,
    init_containers_of,
    is_complete,
    is_ready,
    is_terminating,
    name_of,
    spec_of,
    template_of,
)
from pipeline_services.snapshot.snapshot import Snapshot

SETTLED_S: Final = 30.0
"""Age in seconds from which a pod is no trace of a rollout that was under way between two lists."""
_OF_THE_POD: Final = frozenset(
    {
        *(
            "activeDeadlineSeconds",
            "terminationGracePeriodSeconds",
            "dnsPolicy",
            "dnsConfig",
            "hostAliases",
            "hostNetwork",
        ),
        *("nodeSelector", "serviceAccountName", "runtimeClassName"),
    }
)
"""Fields beside the containers that somebody may set in a running pod, or something on its way to the API server.

A priority class is none: a cluster may have one for all pods whose template names none.
"""
_NOBODYS_ACCOUNT: Final = "default"
"""The account that a pod gets which asks for none."""
OF_THE_ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where the API server mounts an account's token into each container."""
_OF_CONTAINERS: Final = r"(c|initC)ontainers\[\]"
_ADDED: Final = re.compile(r"tolerations.*|nodeSelector.*")
"""What plugins add to a pod beside its containers, which decides at most where it runs."""
_DIGEST: Final = r"(:[\w.-]+)?@sha256:[0-9a-f]+"
_PULL: Final = "imagePullPolicy"
_BY_DIGEST: Final = "image by its digest"
_SEVERAL: Final = 2


def is_by_admission(snapshot: Snapshot, found: Difference) -> bool:
    """Whether pods of several workloads differ from their templates in just this, and so does each that was made since
    the first of them."""
    trait = _trait(found)
    return bool(trait) and trait in snapshot.derive(_by_admission)


def _by_admission(snapshot: Snapshot) -> set[str]:
    """What all pods have, from the first one on that has it and whose template does not say so."""
    pods = sorted(_compared(snapshot), key=lambda one: created_at(one.pod))
    common = set()
    for trait in {trait for one in pods for trait in one.added}:
        since = pods[next(number for number, one in enumerate(pods) if trait in one.added) :]
        alike = all(trait in one.added or _has(one.pod, trait) for one in since)
        if alike and len({one.part for one in since if trait in one.added}) >= _SEVERAL:
            common.add(trait)
    return common


@dataclass(frozen=True, slots=True)
class _Compared:
    """A pod, its workload's part, and what may have been added to it on its way."""

    pod: K8sObject
    part: str
    added: frozenset[str]


def _compared(snapshot: Snapshot) -> Iterator[_Compared]:
    for part in snapshot.pipeline.workloads.values():
        live = (one for one in snapshot.data_or(part.list_name, ()) if name_of(one) == part.workload)
        workload = next(live, None)
        if workload is None or not is_complete(workload):
            continue
        template = view_of(template_of(workload))
        for pod in snapshot.data_or("pods", ()):
            if is_settled(pod, part, snapshot.taken_at):
                added = frozenset(map(_trait, differences(template, view_of(pod)))) - {""}
                yield _Compared(pod, part.id, added)


def _has(pod: K8sObject, trait: str) -> bool:
    """Whether its template says already what would be added."""
    if trait == _PULL:
        return all(one.get(_PULL) == "Always" for one in containers_of(pod))
    return trait == _BY_DIGEST and all("@sha256:" in str(one["image"]) for one in containers_of(pod))


def _trait(found: Difference) -> str:
    """What is the same in pods of several workloads where a plugin has made a difference; empty where none does: it may
    add containers, and resources to those that have none, but changes nothing of what the templates say."""
    place = re.sub(r"\[[^]]*\]", "[]", found.path)
    if re.fullmatch(rf"{_OF_CONTAINERS}\.{_PULL}", place) and found.live == "Always":
        return _PULL
    if re.fullmatch(rf"{_OF_CONTAINERS}\.image", place):
        name = re.sub(r":[\w.-]+$", "", str(found.declared))
        return _BY_DIGEST if re.fullmatch(re.escape(name) + _DIGEST, str(found.live)) else ""
    if found.declared is not None:
        return ""
    if re.fullmatch(_OF_CONTAINERS, place):
        return found.path
    is_added = _ADDED.fullmatch(place) or re.fullmatch(rf"{_OF_CONTAINERS}\.resources.*", place)
    return f"{place} {found.live}" if is_added else ""


def is_settled(pod: K8sObject, part: Component, now: float) -> bool:
    """Whether it is the part's by its name, or by its labels where no Service leads to it, and has run for a while."""
    is_own = (part.service is None and part.owns(pod)) or is_made_by(pod, part)
    return is_own and is_ready(pod) and not is_terminating(pod) and age(pod, now) >= SETTLED_S


def view_of(pod: K8sObject) -> Mapping[str, Any]:
    """What of a pod, or of a template, is compared: nothing that the scheduler and the API server add by themselves."""
    return {
        "initContainers": [_without_account(one) for one in init_containers_of(pod)],
        "containers": [_without_account(one) for one in containers_of(pod)],
        "ephemeralContainers": [{"name": one["name"]} for one in spec_of(pod).get("ephemeralContainers") or ()],
        **{key: value for key, value in spec_of(pod).items() if key in _OF_THE_POD and value != _NOBODYS_ACCOUNT},
        "tolerations": [one for one in spec_of(pod).get("tolerations") or () if not _is_kubernetes_own(one)],
    }


def _is_kubernetes_own(toleration: K8sObject) -> bool:
    """Whether it is one of those that the API server, or a DaemonSet's controller, gives pods."""
    return str(toleration.get("key", "")).startswith("node.kubernetes.io/")


def _without_account(container: K8sObject) -> Mapping[str, Any]:
    mounts = [one for one in container.get("volumeMounts") or () if one.get("mountPath") != OF_THE_ACCOUNT]
    return {**container, "volumeMounts": mounts}
