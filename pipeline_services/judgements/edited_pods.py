"""Are the pods that run what their workloads' templates say, or did somebody, or something on the way, change them?

Only a pod that has been running for a while, of a workload with nothing left to roll out, can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline_services.judgements.admitted import OF_THE_ACCOUNT, is_by_admission, is_settled, view_of
from pipeline_services.judgements.comparison import Difference, differences
from pipeline_services.judgements.drift import Drift, held
from pipeline_services.model.k8s import (
    K8sObject,
    container_statuses,
    containers_of,
    created_at,
    creation_time,
    is_complete,
    labels_of,
    name_of,
    owners_of,
    spec_of,
    template_of,
)
from pipeline_services.model.kinds import KINDS
from pipeline_services.snapshot.objects import named
from pipeline_services.snapshot.snapshot import Snapshot

POD: Final = KINDS["Pod"].name
BUILD: Final = "imageID"
"""What the path begins with of which build of its image's tag a pod runs."""
ACCOUNT: Final = "account"
"""The path of what differs where a pod's account is not the one that it started with."""
RENEWED_WITHIN_S: Final = 3_600.0
"""Seconds after which the kubelet has given a pod another token."""
_DIGEST: Final = "sha256:"
_SHOWN: Final = 12


def edited_pods(snapshot: Snapshot, component: str) -> Iterator[Drift]:
    """The pods of a component that are not what their templates say, and those that their workloads have lost."""
    for part in snapshot.pipeline.parts_of(component):
        settled = [pod for pod in snapshot.data("pods") if is_settled(pod, part, snapshot.taken_at)]
        for pod in settled:
            if not owners_of(pod) and snapshot.pipeline.manifests:
                does = f"no controller owns it, and it runs beside {part.id}'s own pods"
                yield Drift(POD, name_of(pod), component, extra=does)
        workload = named(snapshot, part.list_name, part.workload)
        if workload is not None and is_complete(workload):
            yield from _edited(snapshot, template_of(workload), settled, component)
            if part.id == component:
                yield from _other_builds(settled, component, _kinds_of_nodes(snapshot))


def _edited(snapshot: Snapshot, template: K8sObject, pods: list[K8sObject], component: str) -> Iterator[Drift]:
    for pod in pods:
        others = (one for one in differences(view_of(template), view_of(pod)) if not is_by_admission(snapshot, one))
        found = (*held(pod), *others, *_refused(snapshot, pod))
        if owners_of(pod) and found:
            yield Drift(POD, name_of(pod), component, found)


def _refused(snapshot: Snapshot, pod: K8sObject) -> Iterator[Difference]:
    """That a pod's token is of an account that was deleted, and made anew under its name since the pod was."""
    name = spec_of(pod).get("serviceAccountName")
    account = next((one for one in snapshot.data_if_allowed("serviceaccounts", ()) if name_of(one) == name), None)
    if account is None or not creation_time(account) or not _has_token(pod):
        return
    made = created_at(account)
    if created_at(pod) < made and snapshot.taken_at - made < RENEWED_WITHIN_S:
        yield Difference(ACCOUNT, f"one that was made {creation_time(account)}, after the pod", "the one before")


def _has_token(pod: K8sObject) -> bool:
    mounts = [mount for container in containers_of(pod) for mount in container.get("volumeMounts") or ()]
    return any(mount.get("mountPath") == OF_THE_ACCOUNT for mount in mounts)


def _kinds_of_nodes(snapshot: Snapshot) -> Mapping[str, str]:
    """The architecture of each node, where the account may see nodes."""
    return {name_of(node): labels_of(node).get("kubernetes.io/arch", "") for node in snapshot.answers.get("nodes", ())}


def _other_builds(pods: list[K8sObject], component: str, kinds: Mapping[str, str]) -> Iterator[Drift]:
    """The pods whose images are other builds of the same tag than most of their like have; of as many, the newer ones.

    A tag that is pushed anew is pulled by new pods alone, or by those on nodes that do not have it.
    """
    by_age = sorted(pods, key=created_at)
    builds = {name_of(pod): _builds(pod, kinds.get(str(spec_of(pod).get("nodeName")), "")) for pod in by_age}
    for container in sorted({name for found in builds.values() for name in found}):
        known = [found[container] for found in builds.values() if container in found]
        usual = max(known, key=known.count)  # of as many the first one, which is the oldest
        for pod, found in builds.items():
            if container in found and found[container][0] == usual[0] and found[container] != usual:
                path = f"{BUILD}[{container}]"
                yield Drift(POD, pod, component, (Difference(path, found[container][1], f"{usual[1]}, as its like"),))


def _builds(pod: K8sObject, node: str) -> dict[str, tuple[str, str]]:
    """Of each container what has to be the same for two builds to be compared, and the digest of the build that runs.

    One build has another digest in a registry than as loaded onto a node, and may have one for each architecture.
    """
    wanted = {str(one["name"]): str(one["image"]) for one in containers_of(pod)}
    found = {str(one["name"]): str(one.get("imageID") or "") for one in container_statuses(pod)}
    return {
        name: (f"{node} {wanted.get(name)} {named.rpartition(_DIGEST)[0]}", _shown(named))
        for name, named in found.items()
        if _DIGEST in named
    }


def _shown(image: str) -> str:
    return f"{_DIGEST}{image.rpartition(_DIGEST)[2][:_SHOWN]}"
