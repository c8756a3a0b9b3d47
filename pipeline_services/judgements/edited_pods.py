"""Are the pods that run what their workloads' templates say, or did somebody, or something on the way, change them?

Only a pod that has been running for a while, of a workload with nothing left to roll out, can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline_services.judgements.comparison import differences
from pipeline_services.judgements.drift import Drift, held
from pipeline_services.judgements.pods import is_made_by
from pipeline_services.model.component import Component
from pipeline_services.model.k8s import (
    K8sObject,
    age,
    containers_of,
    init_containers_of,
    is_complete,
    is_ready,
    is_terminating,
    name_of,
    owners_of,
    spec_of,
    template_of,
)
from pipeline_services.model.kinds import KINDS
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

POD: Final = KINDS["Pod"].name
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
_OF_THE_ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where the API server mounts an account's token into each container."""


def edited_pods(snapshot: Snapshot, component: str) -> Iterator[Drift]:
    """The pods of a component that are not what their templates say, and those that their workloads have lost."""
    for part in snapshot.pipeline.parts_of(component):
        settled = [pod for pod in snapshot.data("pods") if _is_settled(pod, part, snapshot.taken_at)]
        for pod in settled:
            if not owners_of(pod) and snapshot.pipeline.manifests:
                does = f"it runs beside the pods of {part.id}, and no controller replaces or scales it"
                yield Drift(POD, name_of(pod), component, extra=does)
        workload = named(snapshot, part.list_name, part.workload)
        if workload is not None and is_complete(workload):
            yield from _edited(template_of(workload), settled, component)


def _edited(template: K8sObject, pods: list[K8sObject], component: str) -> Iterator[Drift]:
    for pod in pods:
        if owners_of(pod) and (found := (*held(pod), *differences(_view(template), _view(pod)))):
            yield Drift(POD, name_of(pod), component, found)


def _is_settled(pod: K8sObject, part: Component, now: float) -> bool:
    """Whether it is the part's by its name, or by its labels where no Service leads to it, and has run for a while."""
    is_own = (part.service is None and part.owns(pod)) or is_made_by(pod, part)
    return is_own and is_ready(pod) and not is_terminating(pod) and age(pod, now) >= SETTLED_S


def _view(pod: K8sObject) -> Mapping[str, Any]:
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
    mounts = [one for one in container.get("volumeMounts") or () if one.get("mountPath") != _OF_THE_ACCOUNT]
    return {**container, "volumeMounts": mounts}
