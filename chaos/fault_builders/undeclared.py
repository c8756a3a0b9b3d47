"""Faults of the declared state that do nothing yet: declared objects that are gone, held, or not as they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chaos.fault_builders.common import all_pods_ready, container_of, fault_builder, pod_names, workload_path
from chaos.fault_builders.workloads import edited, first_node
from pipeline_services import faults
from pipeline_services.faults import objects, templates
from pipeline_services.faults.journal import Call, Command
from pipeline_services.faults.model import Fault, Proof
from pipeline_services.model import roles
from pipeline_services.model.errors import NotApplicable
from pipeline_services.model.k8s import finalizers_of, is_terminating, is_true, owners_of, spec_of
from pipeline_services.model.kinds import KINDS, MERGE_PATCH, STRATEGIC_PATCH

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

CTR: Final = ("ctr", "--namespace", "k8s.io", "images")
HOLDER: Final = "example.com/hold"
RECLAIM: Final = "persistentVolumeReclaimPolicy"
OTHER_TAG: Final = "next"


@fault_builder
def rights_gone(pipeline: SteadyPipeline, kind: str, name: str) -> Fault:
    """What lets a part ask the API is gone; what it asked for before, it still gets."""
    return objects.deleted(pipeline.api, KINDS[kind].plural, name, pipeline.namespace)


@fault_builder
def never_changed_again(pipeline: SteadyPipeline, config_map: str) -> Fault:
    """A ConfigMap is immutable: the next deployment fails at it."""
    return objects.made_immutable(pipeline.api, "configmaps", config_map, pipeline.namespace)


@fault_builder
def held(pipeline: SteadyPipeline, config_map: str) -> Fault:
    """A ConfigMap has a finalizer of somebody who is not there: once deleted, it is never gone."""
    return _held(pipeline, "configmaps", config_map)


@fault_builder
def pod_held(pipeline: SteadyPipeline, app: str) -> Fault:
    """The same of an app's pod, which nothing can replace then."""
    return _held(pipeline, "pods", pod_names(pipeline, app)[0])


def _held(pipeline: SteadyPipeline, kind: str, name: str) -> Fault:
    path = faults.object_path(kind, name, pipeline.namespace)
    summary = f"{name} has the finalizer {HOLDER}"
    fault = faults.patched(pipeline.api, path, {"metadata": {"finalizers": [HOLDER]}}, summary)

    def there() -> bool:
        return HOLDER in finalizers_of(pipeline.api.call("GET", path))

    return fault.proved(Proof(summary, there), Proof(f"{name} to be free of it", lambda: not there()))


@fault_builder
def never_gone(pipeline: SteadyPipeline, app: str) -> Fault:
    """An app's pod is deleted and does not go, since somebody who is not there holds it; another takes its place."""
    (pod, *_) = pod_names(pipeline, app)
    path = faults.object_path("pods", pod, pipeline.namespace)
    hold = _held(pipeline, "pods", pod)

    def going() -> bool:
        return is_terminating(pipeline.api.call("GET", path))

    return Fault(
        f"{pod} is deleted and held",
        [*hold.inject, Call("DELETE", path)],
        hold.undo,
        Proof(f"{pod} to be on its way", going),
        Proof(f"{pod} to be gone", lambda: not objects.exists(pipeline.api, path)),
        pods=(pod,),
    )


@fault_builder
def volume_kept(pipeline: SteadyPipeline, app: str) -> Fault:
    """The app's volume stays when its claim is deleted, and a claim made anew gets an empty one."""
    part = pipeline.description[app]
    if not part.volume:
        raise NotApplicable(f"{app} of {pipeline.description.name} has no volume")
    claim = pipeline.api.call("GET", faults.object_path("pvcs", part.volume, pipeline.namespace))
    path = KINDS["PersistentVolume"].path(name=str(spec_of(claim).get("volumeName")))

    def kept() -> bool:
        return spec_of(pipeline.api.call("GET", path)).get(RECLAIM) == "Retain"

    summary = f"the volume of {app} outlives its claim"
    return faults.patched(pipeline.api, path, {"spec": {RECLAIM: "Retain"}}, summary).proved(
        Proof(summary, kept), Proof(f"the volume of {app} to go with its claim", lambda: not kept())
    )


@fault_builder
def with_carriage_returns(pipeline: SteadyPipeline, config_map: str, file: str) -> Fault:
    """A script has the line ends of another system, and nobody has started it since."""
    path = faults.object_path("configmaps", config_map, pipeline.namespace)
    text = str(pipeline.api.call("GET", path)["data"][file]).replace("\n", "\r\n")
    fault = faults.config_value(pipeline.api, config_map, pipeline.namespace, {file: text})
    summary = f"{file} of {config_map} has carriage returns"
    return Fault(summary, fault.inject, fault.undo)


@fault_builder
def of_another_version(pipeline: SteadyPipeline, app: str) -> Fault:
    """The app runs another tag of the image that it shares with others: the same one under a name of its own."""
    found = container_of(pipeline, app)["image"]
    other = f"{found.rpartition(':')[0]}:{OTHER_TAG}"
    tag = edited(app, templates.image(OTHER_TAG), f"version {OTHER_TAG}")(pipeline).proved(
        all_pods_ready(pipeline, app)
    )
    named = Command([*CTR, "tag", "--force", found, other], f"{other} made")
    unnamed = Command([*CTR, "rm", other], f"{other} taken away")
    return replace(tag, inject=[named, *tag.inject], undo=[*tag.undo, unnamed])


@fault_builder
def node_in_trouble(pipeline: SteadyPipeline, kind: str, message: str) -> Fault:
    """The node has a condition that only somebody beside the kubelet sets, as one who watches the kernel does."""
    path = KINDS["Node"].path(name=first_node(pipeline))
    said = {"type": kind, "status": "True", "reason": kind, "message": message}

    def conditions(change: Mapping[str, str]) -> Call:
        return Call("PATCH", f"{path}/status", {"status": {"conditions": [dict(change)]}}, STRATEGIC_PATCH)

    def there() -> bool:
        return is_true(pipeline.api.call("GET", path), kind)

    return Fault(
        f"the node says {kind}",
        [conditions(said)],
        [conditions({"type": kind, "$patch": "delete"})],
        Proof(f"the node to say {kind}", there),
        Proof(f"the node not to say {kind}", lambda: not there()),
    )


@fault_builder
def debugged(pipeline: SteadyPipeline, app: str) -> Fault:
    """Somebody has put a container for debugging into the app's pod and left it there. Only a new pod is without."""
    pod = pod_names(pipeline, app)[0]
    path = faults.object_path("pods", pod, pipeline.namespace)
    image = container_of(pipeline, roles.PRODUCER)["image"]
    left = {"name": "debugger", "image": image, "command": ["sleep", "infinity"]}
    body = {"spec": {"ephemeralContainers": [left]}}

    def there() -> bool:
        return bool(spec_of(pipeline.api.call("GET", path)).get("ephemeralContainers"))

    return Fault(
        f"{pod} has a container for debugging",
        [Call("PATCH", f"{path}/ephemeralcontainers", body, STRATEGIC_PATCH)],
        [Call("DELETE", path)],
        Proof(f"{pod} to have a container for debugging", there),
        all_pods_ready(pipeline, app),
        pods=(pod,),
    )


@fault_builder
def released(pipeline: SteadyPipeline, app: str) -> Fault:
    """The app's pod has lost the label by which its workload knows it, and works on beside the one that replaces it."""
    pod = pod_names(pipeline, app)[0]
    path = faults.object_path("pods", pod, pipeline.namespace)
    other = {key: f"{value}-debug" for key, value in pipeline.description[app].selector.items()}

    def alone() -> bool:
        return not owners_of(pipeline.api.call("GET", path))

    return Fault(
        f"{pod} is no pod of {app}'s workload any more",
        [Call("PATCH", path, {"metadata": {"labels": other}}, MERGE_PATCH)],
        [Call("DELETE", path)],
        Proof(f"{pod} to have no owner", alone),
        all_pods_ready(pipeline, app),
        pods=(pod,),
    )


@fault_builder
def workload_set(pipeline: SteadyPipeline, /, app: str, summary: str, **spec: Any) -> Fault:
    """Fields of a workload itself are changed; its pods stay."""
    path = workload_path(pipeline, app)

    def holds() -> bool:
        found = spec_of(pipeline.api.call("GET", path))
        return all(found.get(key) == value for key, value in spec.items())

    return faults.patched(pipeline.api, path, {"spec": spec}, summary).proved(
        Proof(f"{app}: {summary}", holds), Proof(f"{app} to be as it was", lambda: not holds())
    )
