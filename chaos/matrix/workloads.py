"""Faults of workloads: their own templates, their replicas, and what their pods ask for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chaos import breakages
from chaos.breakages import Breakage
from pipeline_services import faults
from pipeline_services.faults import capacity, objects, processes, templates
from pipeline_services.faults.model import Fault, Proof, object_path, together, with_pods_replaced
from pipeline_services.faults.templates import Edit
from pipeline_services.model import names, roles

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

KINDS: Final = {
    **dict.fromkeys(names.DEPLOYMENTS, "deployments"),
    **dict.fromkeys(names.STATEFULSETS, "statefulsets"),
    **dict.fromkeys(names.DAEMONSETS, "daemonsets"),
}
NO_IMAGE: Final = frozenset({"ErrImagePull", "ImagePullBackOff"})
NO_START: Final = frozenset({"RunContainerError", "CreateContainerError", "CrashLoopBackOff", "StartError", "Error"})
NO_SETTINGS: Final = frozenset({"CreateContainerConfigError"})
NO_MEMORY: Final = frozenset({"OOMKilled", *NO_START})
NO_PLACE: Final = frozenset({"Pending"})
BACK_WITHIN: Final = 90.0
UNWANTED_LABEL: Final = "disk"
TAINT: Final = "conveyor.io/closed"


def workload_path(pipeline: SteadyPipeline, app: str) -> str:
    """The API path of an app's workload."""
    return object_path(KINDS[app], app, pipeline.namespace)


def scaled(app: str, replicas: int, namespace: str = "") -> Breakage:
    """Somebody scales a workload by hand."""

    def build(pipeline: SteadyPipeline) -> Fault:
        kind = KINDS.get(app, "deployments")
        return faults.scaled(pipeline.api, kind, app, namespace or pipeline.namespace, replicas)

    return build


def edited(app: str, edit: Edit, summary: str, statuses: Collection[str] = ()) -> Breakage:
    """Somebody changes an app's pod template.

    Args:
        statuses: those of which one has to be seen on a pod; without any it is enough that it is being rolled out.
    """

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = templates.edited(pipeline.api, KINDS[app], app, pipeline.namespace, edit, summary=summary)
        return fault.proved(shows(pipeline, app, statuses)) if statuses else fault

    return build


def unmatched_daemonset(pipeline: SteadyPipeline) -> Fault:
    """The log shipper may run on no node."""
    app = roles.LOG_SHIPPER
    path = workload_path(pipeline, app)
    edit = templates.node_selector({UNWANTED_LABEL: "ssd"})
    fault = templates.edited(
        pipeline.api, KINDS[app], app, pipeline.namespace, edit, summary="for nodes that there are not"
    )

    def nowhere() -> bool:
        return not pipeline.api.call("GET", path)["status"].get("desiredNumberScheduled", 0)

    return fault.proved(Proof(f"no pod of {app} to be wanted", nowhere))


def first_stopped(app: str) -> Breakage:
    """The process of one of the app's pods hangs, the others go on."""

    def build(pipeline: SteadyPipeline) -> Fault:
        pod = pipeline.pods_of(app)[0].name
        return processes.stopped(pipeline.processes_in(pod), pod)

    return build


def unprobed(app: str) -> Breakage:
    """The app's pod runs with probes that notice nothing: what goes wrong in it is left as it is."""

    def edit(pod: dict[str, Any]) -> None:
        for which in ("readinessProbe", "livenessProbe"):
            quiet = {"exec": {"command": ["true"]}, "httpGet": None, "tcpSocket": None}
            templates.probe(app, which, quiet)(pod)

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = edited(app, edit, "probes that notice nothing")(pipeline)
        return fault.proved(whole_again(pipeline, app))

    return build


def ends_at_once(app: str) -> Breakage:
    """The app's program starts, complains and ends, again and again."""
    words = ["sh", "-c", "echo cannot go on: the belt has come off >&2; exit 3"]
    return edited(app, templates.command(app, words), "a program that ends at once", frozenset({"CrashLoopBackOff"}))


def paused_rollout(app: str) -> Breakage:
    """A change is rolled out and paused before any pod has it."""

    def build(pipeline: SteadyPipeline) -> Fault:
        path = workload_path(pipeline, app)
        change = {"annotations": {"conveyor.io/release": "next"}}
        patch = {"spec": {"paused": True, "template": {"metadata": change}}}
        fault = faults.patched(pipeline.api, path, patch, f"{app} paused in the middle of a rollout")
        return fault.proved(gone=whole_again(pipeline, app))

    return build


def restarted(app: str) -> Breakage:
    """A rolling restart, which is no fault: something to watch."""

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = faults.with_restart(Fault(f"{app} restarted pod by pod", []), KINDS[app], app, pipeline.namespace)
        return fault.proved(gone=whole_again(pipeline, app))

    return build


def out_of_memory(app: str) -> Breakage:
    """As in the scenario; its undo makes the pods anew, since a kill for memory is news for ten minutes."""

    def build(pipeline: SteadyPipeline) -> Fault:
        fault = breakages.out_of_memory(app)(pipeline)
        anew = with_pods_anew(pipeline, fault, app)
        return replace(anew, inject=fault.inject)

    return build


def no_room_by_quota(app: str) -> Breakage:
    """The namespace gets a quota that it has used up already; then the app's pods go and no new one may come."""

    def build(pipeline: SteadyPipeline) -> Fault:
        api, namespace = pipeline.api, pipeline.namespace
        fault = capacity.quota(api, "team-quota", namespace, {"pods": "3"})
        replaced = with_pods_replaced(fault, app, namespace, [pod.name for pod in pipeline.pods_of(app)])
        path = workload_path(pipeline, app)

        def refused() -> bool:
            conditions = (api.call("GET", path).get("status") or {}).get("conditions") or []
            return any(one["type"] == "ReplicaFailure" and one["status"] == "True" for one in conditions)

        undo = [*fault.undo, *capacity.waking(api, app, namespace)]
        return replace(replaced, undo=undo).proved(
            Proof(f"the pods of {app} to be refused", refused, within=40.0), whole_again(pipeline, app)
        )

    return build


def first_node(pipeline: SteadyPipeline) -> str:
    """The name of the node that is closed."""
    return str(pipeline.cluster.list("nodes")[0]["metadata"]["name"])


def cordoned(pipeline: SteadyPipeline) -> Fault:
    """The node takes no more pods."""
    return capacity.cordoned(pipeline.api, first_node(pipeline))


def tainted(pipeline: SteadyPipeline) -> Fault:
    """Somebody keeps pods away from the node."""
    path = f"/api/v1/nodes/{first_node(pipeline)}"
    there = pipeline.api.call("GET", path)["spec"].get("taints") or []
    patch = {"spec": {"taints": [*there, {"key": TAINT, "effect": "NoSchedule"}]}}
    return faults.patched(pipeline.api, path, patch, f"the node has the taint {TAINT}")


def claim_of_no_class(app: str, volume: str) -> Breakage:
    """The app keeps its data on a claim of a storage class that does not exist, so that it is never bound."""

    def build(pipeline: SteadyPipeline) -> Fault:
        api, namespace, claim = pipeline.api, pipeline.namespace, f"{app}-{volume}"
        edit = templates.volume_from_claim(volume, claim)
        moved = templates.edited(api, KINDS[app], app, namespace, edit, summary=f"its {volume} on the claim {claim}")
        body = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": claim},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "fast",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }
        made = objects.created(api, "persistentvolumeclaims", namespace, body)
        both = together(f"{app} waits for the claim {claim}, which is never bound", [moved, made])
        return both.proved(shows(pipeline, app, NO_PLACE))

    return build


def whole_again(pipeline: SteadyPipeline, app: str) -> Proof:
    """All pods of an app are ready and of the newest template."""
    path = workload_path(pipeline, app)

    def whole() -> bool:
        return templates.is_whole(pipeline.api.call("GET", path))

    return Proof(f"every pod of {app} to be ready", whole, within=BACK_WITHIN)


def with_pods_anew(pipeline: SteadyPipeline, fault: Fault, *apps: str) -> Fault:
    """The fault, and all pods of the apps made anew after it and after its undo, which is over when they are ready."""
    for app in apps:
        fault = with_pods_replaced(fault, app, pipeline.namespace, [pod.name for pod in pipeline.pods_of(app)])
    proofs = [whole_again(pipeline, app) for app in apps]
    what = "; ".join(proof.what for proof in proofs)
    return fault.proved(gone=Proof(what, lambda: all(proof.holds() for proof in proofs), BACK_WITHIN))


def shows(pipeline: SteadyPipeline, app: str, statuses: Collection[str], within: float = 60.0) -> Proof:
    """A pod of the app is in one of the statuses, as ``kubectl get pods`` names them."""

    def seen() -> bool:
        return any(pod.app == app and pod.status in statuses for pod in pipeline.probes.pods().pods)

    return Proof(f"a pod of {app} to be in {' or '.join(sorted(statuses))}", seen, within)
