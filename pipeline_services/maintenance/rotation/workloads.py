"""The workloads that read a Secret: which they are, how they restart, and whether their pods have what is in it now."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from pipeline_services.clients.api_server import MAX_CONNECTIONS
from pipeline_services.clients.kubernetes import Object, WritableCluster
from pipeline_services.model.k8s import (
    K8sObject,
    annotations_of,
    container_statuses,
    containers_of,
    has_labels,
    is_complete,
    is_running,
    match_labels_of,
    name_of,
    progress_of,
    references_of,
    replicas_of,
    spec_of,
    template_of,
    version_of,
)
from pipeline_services.model.kinds import KINDS, MERGE_PATCH, WORKLOAD_KINDS
from pipeline_services.model.say import Say
from pipeline_services.model.text import plural, rfc3339
from pipeline_services.platform.deploy import rollout
from pipeline_services.platform.deploy.drift import RESTARTED_BY, listed
from pipeline_services.platform.deploy.reads import READ_AGAIN, READS, is_up_to_date, stamp_of

RESTARTED_AT: Final = "kubectl.kubernetes.io/restartedAt"
"""What ``kubectl rollout restart`` writes into a pod template."""
FILES_WANTED: Final = "conveyor.io/files-wanted"
"""Annotation of a pod: when somebody last wanted the files of its Secrets to be what these hold."""


class Workloads:
    """The workloads of a pipeline, as they are each time that they are asked for."""

    def __init__(self, api: WritableCluster, say: Say) -> None:
        self._api = api
        self._say = say

    def reading(self, secrets: Iterable[str]) -> list[Object]:
        """Those whose pods read one of the Secrets, by name."""
        wanted = set(secrets)
        return [
            item
            for kind in WORKLOAD_KINDS
            for item in listed(self._api, kind.name)
            if any(one.kind == "Secret" and one.name in wanted for one in references_of(template_of(item)))
        ]

    def running_pods(self, workload: K8sObject) -> list[Object]:
        """Its pods of which a container runs, those on their way out included."""
        own = (pod for pod in self._api.list("pods") if has_labels(pod, match_labels_of(workload)))
        return [pod for pod in own if any(map(is_running, container_statuses(pod)))]

    def is_current(self, workload: Object) -> bool:
        """Whether its template has the versions that are in place now, and no pod is of an older one."""
        progress = progress_of(workload)
        of_one_template = progress.seen_by_controller and progress.updated == progress.existing > 0
        return of_one_template and is_up_to_date(workload, stamp_of(workload, self._versions()))

    def is_settled(self, workload: Object) -> bool:
        """Whether it is current, and all its pods are ready."""
        return is_complete(workload) and self.is_current(workload)

    def restart(self, workloads: Iterable[Object]) -> None:
        """Start the pods anew, as the template says how; one that is at it already is waited for.

        Raises:
            RolloutFailed: one does not come up.
        """
        versions, names = self._versions(), []
        for workload in workloads:
            stamp = stamp_of(workload, versions)
            if annotations_of(template_of(workload)).get(READS) != stamp or is_complete(workload):
                marks = {READS: stamp, RESTARTED_AT: rfc3339(time.time())}
                self._patch(workload, {"spec": {"template": _annotated(marks)}})
            names.append(name_of(workload))
        with ThreadPoolExecutor(MAX_CONNECTIONS) as pool:
            rollout.wait_for(self._api, pool, names, self._say)

    def note_read_again(self, workload: Object) -> None:
        """The running pods have read what is in place now: a deploy need not restart them for it."""
        self._patch(workload, _annotated({READ_AGAIN: stamp_of(workload, self._versions())}))

    def hurry(self, workload: Object) -> None:
        """A change of a pod makes the kubelet write its files anew at once, not within two minutes."""
        for pod in self.running_pods(workload):
            self._api.merge("Pod", name_of(pod), _annotated({FILES_WANTED: rfc3339(time.time())}))

    def _patch(self, workload: Object, patch: Mapping[str, Any]) -> None:
        path = KINDS[workload["kind"]].path(self._api.namespace, name_of(workload))
        self._api.call("PATCH", f"{path}?fieldManager={RESTARTED_BY}", patch, MERGE_PATCH)

    def _versions(self) -> dict[tuple[str, str], str]:
        return {
            (kind, name_of(item)): version_of(item) for kind in ("ConfigMap", "Secret") for item in self._api.list(kind)
        }


def _annotated(annotations: Mapping[str, str]) -> dict[str, Any]:
    return {"metadata": {"annotations": dict(annotations)}}


def how_it_restarts(workload: Object) -> str:
    """What a restart of its pods means for those who use them. Pure."""
    spec = spec_of(workload)
    strategy = spec.get("strategy") or spec.get("updateStrategy") or {}
    pods = plural(replicas_of(workload), "pod")
    if strategy.get("type") == "Recreate":
        order = "the old one first, so it is away until the new one is ready"
    elif workload["kind"] == "Deployment" and (strategy.get("rollingUpdate") or {}).get("maxUnavailable") in (0, "0%"):
        order = "a new one first, so none is missing"
    else:
        order = "one after the other, the old one first, so it is away until the new one is ready"
    return f"{workload['kind']} {name_of(workload)} ({pods}: {order})"


def variables_of(pod: K8sObject, secret: str, key: str) -> Iterator[tuple[str, str]]:
    """By container the environment variables that come from a key of a Secret. Pure."""
    for container in containers_of(pod):
        for variable in container.get("env") or ():
            source = (variable.get("valueFrom") or {}).get("secretKeyRef") or {}
            if (source.get("name"), source.get("key")) == (secret, key):
                yield container["name"], variable["name"]
        for source in container.get("envFrom") or ():
            if (source.get("secretRef") or {}).get("name") == secret:
                yield container["name"], f"{source.get('prefix', '')}{key}"


def files_of(pod: K8sObject, secret: str, key: str) -> Iterator[tuple[str, str]]:
    """By container the files that a key of a Secret is mounted as. Pure."""
    paths = {}
    for volume in spec_of(pod).get("volumes") or ():
        source = volume.get("secret") or {}
        if source.get("secretName") == secret:
            items = {item["key"]: item["path"] for item in source.get("items") or ()} or {key: key}
            paths[volume["name"]] = items.get(key)
    for container in containers_of(pod):
        for mount in container.get("volumeMounts") or ():
            if path := paths.get(mount["name"]):
                yield container["name"], f"{mount['mountPath'].rstrip('/')}/{path}"


def environment_in(text: bytes) -> dict[str, str]:
    """The variables of a process, from ``/proc/<pid>/environ``. Pure."""
    pairs = (entry.decode("utf-8", "replace").partition("=") for entry in text.split(b"\0") if entry)
    return {name: value for name, _, value in pairs}
