"""A throwaway server: a pod in a namespace of its own, journaled before it is made and gone after, whatever happens.

It runs the image that the pipeline runs, and listens on the loopback interface only: nobody in the cluster reaches it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.faults.injection import gone, injected, landed
from pipeline_services.faults.journal import Call, Journal, Step
from pipeline_services.faults.model import Fault, Proof, marks
from pipeline_services.faults.objects import exists
from pipeline_services.model.component import Component
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.k8s import K8sObject, containers_of, phase_of, spec_of, template_of
from pipeline_services.model.kinds import KINDS

LIFETIME_S: Final = 3_600.0
STARTED_WITHIN_S: Final = 120.0
GONE_WITHIN_S: Final = 120.0
POD: Final = "throwaway"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What runs in the pod.

    Attributes:
        part: the component whose image it is.
        command: of its container.
        env: nothing is taken over from the component's own.
        port: on the pod's loopback interface.
    """

    part: Component
    command: Sequence[str]
    env: Mapping[str, str]
    port: int


def manifests(recipe: Recipe, workload: K8sObject, namespace: str) -> dict[str, dict[str, Any]]:
    """By kind what is made, in the order of making, of the workload that the component has. Pure.

    Raises:
        NoData: the workload has no such container.
    """
    part, template = recipe.part, template_of(workload)
    container = next((one for one in containers_of(template) if one["name"] == part.container), None)
    if container is None:
        raise NoData(f"{part.kind} {part.workload} has no container {part.container}")
    kept = ("image", "imagePullPolicy", "resources", "securityContext")
    folders = {"data": part.mount, "tmp": "/tmp"}
    runs = {
        **{key: container[key] for key in kept if key in container},
        "name": POD,
        "command": list(recipe.command),
        "env": [{"name": name, "value": value} for name, value in {"HOME": "/tmp", **recipe.env}.items()],
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in folders.items()],
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "serviceAccountName": POD,
        "terminationGracePeriodSeconds": 1,
        "securityContext": spec_of(template).get("securityContext") or {},
        "containers": [runs],
        "volumes": [{"name": name, "emptyDir": {}} for name in folders],
    }
    named = {"name": POD, "namespace": namespace, "labels": marks(LIFETIME_S)}
    return {
        "Namespace": {"metadata": {"name": namespace, "labels": marks(LIFETIME_S)}},
        "ServiceAccount": {"metadata": named},
        "Pod": {"metadata": named, "spec": pod},
    }


def throwaway(api: WritableCluster, recipe: Recipe, namespace: str) -> Fault:
    """The pod as a change that is undone: its namespace goes, and all in it.

    Raises:
        PreconditionNotMet: the pipeline's own workload is not there, so its image is not known.
    """
    part = recipe.part
    workload = api.get(part.kind, part.workload)
    if workload is None:
        raise PreconditionNotMet(f"there is no {part.kind} {part.workload}", next_step="make up")
    place = KINDS["Namespace"].path(name=namespace)
    pod = KINDS["Pod"].path(namespace, POD)

    def runs() -> bool:
        return phase_of(api.call("GET", pod)) == "Running"

    made: list[Step] = [
        Call("POST", KINDS[kind].path(namespace), {"apiVersion": "v1", "kind": kind, **body})
        for kind, body in manifests(recipe, workload, namespace).items()
    ]
    return Fault(
        f"namespace {namespace} with a throwaway {part.id}",
        made,
        [Call("DELETE", place)],
        Proof(f"the throwaway {part.id} to run", runs, STARTED_WITHIN_S),
        Proof(f"the namespace {namespace} to be gone", lambda: not exists(api, place), GONE_WITHIN_S),
        lifetime_s=LIFETIME_S,
    )


@contextmanager
def running(api: WritableCluster, journal: Journal, recipe: Recipe) -> Iterator[PortForward]:
    """The pod within the block, and a way to its port.

    Raises:
        FaultDidNotLand: it did not run in time.
        FaultRemains: its namespace did not go.
        PipelineError: it could not be made.
    """
    namespace = f"{POD}-{recipe.part.id}-{secrets.token_hex(4)}"
    fault = throwaway(api, recipe, namespace)
    with injected(api, journal, fault):
        landed(api, fault)
        there = WritableCluster(api.server.access, namespace)
        try:
            with PortForward(there, Endpoint(f"the throwaway {recipe.part.id}", POD, recipe.port)) as forward:
                yield forward
        finally:
            there.close()
    gone(fault)
