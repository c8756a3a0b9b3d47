"""What the fault builders share: their type, several faults as one, and the proofs that a fault landed or is gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec

from pipeline_services.experiment.scenario import FaultBuilder
from pipeline_services.faults.admin import OUT_OF_REACH
from pipeline_services.faults.model import Fault, Proof, object_path, together, with_pods_replaced
from pipeline_services.faults.stores import Server
from pipeline_services.model import roles
from pipeline_services.model.component import Service
from pipeline_services.model.errors import NotApplicable
from pipeline_services.model.k8s import containers_of, is_complete, secret_text, template_of
from pipeline_services.model.pipeline import Pipeline

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

CRASHED: Final = frozenset({"CrashLoopBackOff", "Error"})
"""Pod statuses, as ``kubectl get pods`` names them, of a container that ends again and again."""
PROBES: Final = ("readinessProbe", "livenessProbe")
LANDED_TIMEOUT_S: Final = 60.0
READY_TIMEOUT_S: Final = 90.0
Arguments = ParamSpec("Arguments")


def fault_builder(build: Callable[Concatenate[SteadyPipeline, Arguments], Fault]) -> Callable[Arguments, FaultBuilder]:
    """A builder that takes arguments: a scenario gives all but the pipeline; the fault is built once there is one."""

    @wraps(build)
    def with_arguments(*args: Arguments.args, **kwargs: Arguments.kwargs) -> FaultBuilder:
        return lambda pipeline: build(pipeline, *args, **kwargs)

    return with_arguments


def require_no_others(described: Pipeline, components: Iterable[str]) -> None:
    """Raise NotApplicable where others run one of the components: what is theirs is not broken."""
    for part in map(described.components.get, components):
        if part is not None and part.elsewhere:
            raise NotApplicable(f"{part.id} of {described.name} is run by others, {part.elsewhere}")


def own_service(pipeline: SteadyPipeline, component: str) -> Service:
    """The Service of a component that the pipeline runs itself. Raises NotApplicable where there is none."""
    require_no_others(pipeline.description, [component])
    return pipeline.description.service(component)


def own_broker(pipeline: SteadyPipeline) -> Server:
    """The pipeline's Kafka, for faults made with its own tools.

    Raises:
        NotApplicable: others run it, or its node is out of reach.
    """
    return _own_server(pipeline, roles.KAFKA)


def own_store(pipeline: SteadyPipeline) -> Server:
    """The pipeline's InfluxDB, with its administrator's token. Raises as ``own_broker``."""
    server = _own_server(pipeline, roles.INFLUXDB)
    token = secret_text(pipeline.cluster.list("secrets"), pipeline.description.config.admin_token)
    return replace(server, token=token)


def _own_server(pipeline: SteadyPipeline, component: str) -> Server:
    require_no_others(pipeline.description, [component])
    if not pipeline.authorized.own:
        raise NotApplicable(OUT_OF_REACH)
    return Server.of(pipeline.description, component)


def workload_path(pipeline: SteadyPipeline, app: str) -> str:
    """The API path of an app's workload."""
    part = pipeline.description[app]
    return object_path(part.list_name, part.workload, pipeline.namespace)


def pod_names(pipeline: SteadyPipeline, app: str) -> list[str]:
    """The names of the app's pods. Raises PreconditionNotMet where there is none, NotApplicable where others run it."""
    require_no_others(pipeline.description, [app])
    return [pod.name for pod in pipeline.pods_of(app)]


def container_of(pipeline: SteadyPipeline, app: str) -> Mapping[str, Any]:
    """The container that does an app's work, as its workload makes it."""
    template = template_of(pipeline.api.call("GET", workload_path(pipeline, app)))
    return next(one for one in containers_of(template) if one["name"] == pipeline.description[app].container)


@fault_builder
def with_own_apps(pipeline: SteadyPipeline, build: FaultBuilder, what: str) -> Fault:
    """The fault where the apps are the suite's own, of whom alone it is known what they do then."""
    if pipeline.description.message:
        raise NotApplicable(f"the apps of {pipeline.description.name} are its own: {what}")
    return build(pipeline)


def require_partitions(pipeline: SteadyPipeline) -> None:
    """Several can share the readings.

    Raises:
        NotApplicable: there is one partition, and so one member of the group has them all.
    """
    if pipeline.description.topics.partitions < 2:
        raise NotApplicable(f"the readings of {pipeline.description.name} are in one partition, which nobody shares")


@fault_builder
def each_ready(pipeline: SteadyPipeline, app: str, build: FaultBuilder) -> Fault:
    """A fault that the app's pods bear: it has landed once they are ready again."""
    return build(pipeline).proved(all_pods_ready(pipeline, app))


@fault_builder
def for_each_pod(pipeline: SteadyPipeline, app: str, break_pod: Callable[[SteadyPipeline, str], Fault]) -> Fault:
    """The same fault for each of the app's pods: with one of several at fault there is little to see."""
    faults = [break_pod(pipeline, name) for name in pod_names(pipeline, app)]
    return faults[0] if len(faults) == 1 else together(f"{faults[0].summary}, and {len(faults) - 1} more", faults)


@fault_builder
def all_of(pipeline: SteadyPipeline, *builders: FaultBuilder) -> Fault:
    """Several faults at once."""
    faults = [builder(pipeline) for builder in builders]
    return together("; ".join(fault.summary for fault in faults), faults)


def with_new_pods(pipeline: SteadyPipeline, fault: Fault, *apps: str) -> Fault:
    """The fault, and all pods of the apps replaced after it and after its undo; gone once the new ones are ready."""
    for app in apps:
        fault = pods_replaced(pipeline, fault, app)
    proofs = [all_pods_ready(pipeline, app) for app in apps]
    what = "; ".join(proof.what for proof in proofs)
    return fault.proved(gone=Proof(what, lambda: all(proof.holds() for proof in proofs), READY_TIMEOUT_S))


def pods_replaced(pipeline: SteadyPipeline, fault: Fault, app: str) -> Fault:
    """The fault, and all pods of the app replaced after it and after its undo."""
    selector = pipeline.description[app].label_selector
    return with_pods_replaced(fault, selector, pipeline.namespace, pod_names(pipeline, app))


def all_pods_ready(pipeline: SteadyPipeline, app: str) -> Proof:
    """All pods of an app are ready and of the newest template."""
    path = workload_path(pipeline, app)
    return Proof(
        f"every pod of {app} to be ready", lambda: is_complete(pipeline.api.call("GET", path)), within=READY_TIMEOUT_S
    )


def pod_shows(pipeline: SteadyPipeline, app: str, statuses: Collection[str]) -> Proof:
    """A pod of the app is in one of the statuses, as ``kubectl get pods`` names them."""

    def shows() -> bool:
        return any(pod.app == app and pod.status in statuses for pod in pipeline.probes.pods().pods)

    return Proof(f"a pod of {app} to be in {' or '.join(sorted(statuses))}", shows, LANDED_TIMEOUT_S)


def writes_fail(pipeline: SteadyPipeline, reason: str) -> Proof:
    """The processor counts ever more writes that InfluxDB refuses, for that reason where it is the suite's own."""
    before: float | None = None
    name, labels = pipeline.description.metrics["write_failures"], {"reason": reason}
    if pipeline.description.message:
        labels = {}

    def grows() -> bool:
        nonlocal before
        now = pipeline.metric(roles.PROCESSOR, name, **labels)
        grown = before is not None and now > before
        before = now
        return grown

    return Proof(f"writes to InfluxDB to fail ({reason})", grows, LANDED_TIMEOUT_S)
