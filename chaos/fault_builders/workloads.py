"""Faults of workloads: their own templates, their replicas, and what their pods ask for."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chaos.fault_builders.common import (
    PROBES,
    all_pods_ready,
    container_of,
    fault_builder,
    pod_shows,
    pods_replaced,
    with_new_pods,
    workload_path,
)
from pipeline_services import faults
from pipeline_services.experiment.scenario import FaultBuilder
from pipeline_services.faults import capacity, objects, resources, templates
from pipeline_services.faults.journal import Command
from pipeline_services.faults.model import Fault, Proof, together
from pipeline_services.faults.templates import Edit
from pipeline_services.model import roles
from pipeline_services.model.errors import NotApplicable
from pipeline_services.model.k8s import (
    SILENT_AFTER_S,
    containers_of,
    is_true,
    name_of,
    progress_of,
    renewed_at,
    taints_of,
    template_of,
)
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.own_cluster import NODE_LEASES

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

NO_IMAGE: Final = frozenset({"ErrImagePull", "ImagePullBackOff"})
NO_START: Final = frozenset({"RunContainerError", "CreateContainerError", "CrashLoopBackOff", "StartError", "Error"})
NO_MEMORY: Final = frozenset({"OOMKilled", *NO_START})
NOT_SCHEDULED: Final = frozenset({"Pending"})
UNWANTED_LABEL: Final = "disk"
TAINT: Final = "conveyor.io/closed"


@fault_builder
def scaled(pipeline: SteadyPipeline, app: str, replicas: int) -> Fault:
    """Somebody scales a workload by hand; an autoscaler that would remove the pods again is held."""
    part = pipeline.description[app]
    by_hand = faults.scaled(pipeline.api, part.list_name, part.workload, pipeline.namespace, replicas)
    if part.autoscaler is None or replicas < 2:
        return by_hand
    held = resources.autoscaler_held(pipeline.api, part.autoscaler.name, pipeline.namespace, "scaleDown")
    return together(by_hand.summary, [held, by_hand])


@fault_builder
def edited(pipeline: SteadyPipeline, app: str, edit: Edit, summary: str, statuses: Collection[str] = ()) -> Fault:
    """Somebody changes an app's pod template.

    Args:
        statuses: those of which one has to be seen on a pod; without any it is enough that it is being rolled out.
    """
    fault = templates.edited(pipeline.api, pipeline.description[app], pipeline.namespace, edit, summary=summary)
    return fault.proved(pod_shows(pipeline, app, statuses)) if statuses else fault


def image_nowhere(app: str) -> FaultBuilder:
    """Somebody gives the app an image that is in no registry and on no node."""
    return edited(app, templates.image("v2.1.0"), "an image that is nowhere", NO_IMAGE)


@fault_builder
def asked_where_nobody_answers(pipeline: SteadyPipeline, app: str) -> Fault:
    """The kubelet asks whether the app is ready at a path that it does not have, on the port that it has."""
    if "http" not in [port.get("name") for port in container_of(pipeline, app).get("ports") or ()]:
        raise NotApplicable(f"{app} of {pipeline.description.name} has no port of the name http")
    wrong = templates.probe("readinessProbe", {"httpGet": {"path": "/ready", "port": "http"}})
    return edited(app, wrong, "its readiness asked for where nobody answers")(pipeline)


def log_shipper_without_node(pipeline: SteadyPipeline) -> Fault:
    """The log shipper may run on no node."""
    app = roles.LOG_SHIPPER
    path = workload_path(pipeline, app)
    edit = templates.node_selector({UNWANTED_LABEL: "ssd"})
    fault = edited(app, edit, "for nodes that there are not")(pipeline)

    def nowhere() -> bool:
        return progress_of(pipeline.api.call("GET", path)).wanted == 0

    return fault.proved(Proof(f"no pod of {app} to be wanted", nowhere))


@fault_builder
def without_probes(pipeline: SteadyPipeline, app: str) -> Fault:
    """The app's pod runs with probes that notice nothing: what goes wrong in it is left as it is."""

    def edit(pod: dict[str, Any], container: str) -> None:
        known = next(one for one in pod["containers"] if one["name"] == container)
        for which in (probe for probe in PROBES if probe in known):
            quiet = {"exec": {"command": ["true"]}, "httpGet": None, "tcpSocket": None}
            templates.probe(which, quiet)(pod, container)

    fault = edited(app, edit, "probes that notice nothing")(pipeline)
    return fault.proved(all_pods_ready(pipeline, app))


def exits_at_once(app: str) -> FaultBuilder:
    """The app's program starts, complains and ends, again and again."""
    words = ["sh", "-c", "echo cannot go on: the belt has come off >&2; exit 3"]
    return edited(app, templates.command(words), "a program that ends at once", frozenset({"CrashLoopBackOff"}))


@fault_builder
def hangs_while_all_are_replaced(pipeline: SteadyPipeline, app: str) -> Fault:
    """A change is rolled out to all pods at once, and the new ones never come up."""
    path = workload_path(pipeline, app)
    at_once = {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}}}}
    strategy = faults.patched(pipeline.api, path, at_once, f"{app} may replace all its pods at once")
    hang = edited(app, templates.command(["sleep", "infinity"]), "a program that does nothing")(pipeline)
    return together(f"{app}: all its pods are replaced at once by some that never come up", [strategy, hang])


@fault_builder
def runs_another_program(pipeline: SteadyPipeline, app: str, other: str) -> Fault:
    """The app's pods run the program of another app, of the same image."""
    words = containers_of(template_of(pipeline.api.call("GET", workload_path(pipeline, other))))[0]["command"]
    return edited(app, templates.command(words), f"the program of {other}")(pipeline)


@fault_builder
def apart_from_its_like(pipeline: SteadyPipeline, app: str) -> Fault:
    """The app's pods may not share a node, and there is one more of them than there are nodes."""
    rule = {
        "labelSelector": {"matchLabels": dict(pipeline.description[app].selector)},
        "topologyKey": "kubernetes.io/hostname",
    }
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [rule]}}
    edit = templates.pod_fields(affinity=affinity)
    return edited(app, edit, "pods that repel each other", NOT_SCHEDULED)(pipeline)


@fault_builder
def admits_restricted_pods_only(pipeline: SteadyPipeline, app: str) -> Fault:
    """The namespace's label admits pods without any rights only, and then the app's pods go."""
    path = KINDS["Namespace"].path(name=pipeline.namespace)
    patch = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    label = faults.patched(pipeline.api, path, patch, "the namespace enforces pod security: restricted")
    return with_new_pods(pipeline, label, app)


@fault_builder
def paused_rollout(pipeline: SteadyPipeline, app: str) -> Fault:
    """A change is rolled out and paused before any pod has it."""
    path = workload_path(pipeline, app)
    change = {"annotations": {"conveyor.io/release": "next"}}
    patch = {"spec": {"paused": True, "template": {"metadata": change}}}
    fault = faults.patched(pipeline.api, path, patch, f"{app} paused in the middle of a rollout")
    return fault.proved(gone=all_pods_ready(pipeline, app))


@fault_builder
def restarted(pipeline: SteadyPipeline, app: str) -> Fault:
    """A rolling restart, which is no fault: something to watch."""
    part, nothing = pipeline.description[app], Fault(f"{app} restarted pod by pod", [])
    fault = faults.with_restart(nothing, part.list_name, part.workload, pipeline.namespace)
    return fault.proved(gone=all_pods_ready(pipeline, app))


@fault_builder
def quota_used_up(pipeline: SteadyPipeline, app: str) -> Fault:
    """The namespace gets a quota that it has used up already; then the app's pods go and no new one may come."""
    api, namespace = pipeline.api, pipeline.namespace
    fault = capacity.quota(api, namespace, {"pods": "3"})
    replaced = pods_replaced(pipeline, fault, app)
    path = workload_path(pipeline, app)

    def refused() -> bool:
        return is_true(api.call("GET", path), "ReplicaFailure")

    undo = [*fault.undo, *capacity.waking(api, pipeline.description[app], namespace)]
    return replace(replaced, undo=undo).proved(
        Proof(f"the pods of {app} to be refused", refused, within=40.0), all_pods_ready(pipeline, app)
    )


def first_node(pipeline: SteadyPipeline) -> str:
    """The name of the node that is closed."""
    return name_of(pipeline.cluster.list("nodes")[0])


def cordoned(pipeline: SteadyPipeline) -> Fault:
    """The node takes no more pods."""
    return capacity.cordoned(pipeline.api, first_node(pipeline))


def kubelet_stopped(pipeline: SteadyPipeline) -> Fault:
    """The node's kubelet is stopped; its pods live on."""
    api, node = pipeline.api, first_node(pipeline)
    lease, path = KINDS["Lease"].path(NODE_LEASES, node), KINDS["Node"].path(name=node)

    def silent() -> bool:
        return time.time() - renewed_at(api.call("GET", lease)) > SILENT_AFTER_S

    return Fault(
        f"the kubelet of {node} is stopped",
        [Command(["systemctl", "stop", "kubelet"], "kubelet stopped")],
        [Command(["systemctl", "start", "kubelet"], "kubelet started")],
        Proof(f"{node} to be silent", silent, within=90.0),
        Proof(f"{node} to be Ready", lambda: not silent() and is_true(api.call("GET", path), "Ready"), within=90.0),
    )


def tainted(pipeline: SteadyPipeline) -> Fault:
    """Somebody keeps pods away from the node."""
    path = KINDS["Node"].path(name=first_node(pipeline))
    there = taints_of(pipeline.api.call("GET", path))
    patch = {"spec": {"taints": [*there, {"key": TAINT, "effect": "NoSchedule"}]}}
    return faults.patched(pipeline.api, path, patch, f"the node has the taint {TAINT}")


@fault_builder
def claim_unbound(pipeline: SteadyPipeline, app: str, volume: str) -> Fault:
    """The app keeps its data on a claim of a storage class that does not exist, so that it is never bound."""
    claim = f"{app}-{volume}"
    edit = templates.volume_from_claim(volume, claim)
    moved = edited(app, edit, f"its {volume} on the claim {claim}")(pipeline)
    room = {"requests": {"storage": "1Gi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "resources": room}
    made = objects.created(pipeline.api, "PersistentVolumeClaim", claim, pipeline.namespace, spec=spec)
    both = together(f"{app} waits for the claim {claim}, which is never bound", [moved, made])
    return both.proved(pod_shows(pipeline, app, NOT_SCHEDULED))
