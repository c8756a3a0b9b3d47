"""Faults of pods and of the processes in them: deleted, killed, stopped, out of memory, starved of CPU."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chaos.fault_builders.common import (
    PROBES,
    container_of,
    fault_builder,
    for_each_pod,
    require_partitions,
    with_new_pods,
)
from pipeline_services.experiment.scenario import FaultBuilder
from pipeline_services.faults import pods, processes, resources
from pipeline_services.faults.model import Fault, together
from pipeline_services.model import roles
from pipeline_services.model.errors import NotApplicable
from pipeline_services.model.k8s import container_statuses

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

MISS_TIMEOUT_S: Final = 6.0
"""How long a fault that misses on purpose gets to land: one that does not miss lands in less than two seconds."""


def pod_deleted(app: str) -> FaultBuilder:
    """Every pod of the app is deleted, as in the runbook's manual restart; in steady state that is one."""
    return for_each_pod(app, lambda pipeline, pod: pods.deleted(pipeline.api, pod, pipeline.namespace))


def process_killed(app: str) -> FaultBuilder:
    """The app's process is killed in its container (SIGKILL), without a graceful shutdown."""
    return for_each_pod(app, lambda pipeline, pod: processes.killed(pipeline.processes_in(pod), pod))


def process_stopped(app: str) -> FaultBuilder:
    """The app's process hangs (SIGSTOP) while its pod is still Running."""
    return for_each_pod(app, lambda pipeline, pod: processes.stopped(pipeline.processes_in(pod), pod))


@fault_builder
def process_stopped_that_a_probe_asks(pipeline: SteadyPipeline, app: str) -> Fault:
    """``process_stopped`` where the kubelet asks the process itself, as opposed to whether its port is open."""
    container = container_of(pipeline, app)
    kinds = {kind for probe in PROBES for kind in container.get(probe) or ()}
    if kinds.isdisjoint(("httpGet", "grpc", "exec")):
        raise NotApplicable(f"no probe of {pipeline.description.name} asks the process of {app}")
    return process_stopped(app)(pipeline)


@fault_builder
def first_process_stopped(pipeline: SteadyPipeline, app: str) -> Fault:
    """The process of one of the app's pods hangs, the others go on."""
    require_partitions(pipeline)
    pod = pipeline.pods_of(app)[0].name
    return processes.stopped(pipeline.processes_in(pod), pod)


def killed_before_commit(pipeline: SteadyPipeline) -> Fault:
    """The processor dies between the write to InfluxDB and the commit to Kafka: its readings are delivered again."""
    pod = pipeline.pods_of(roles.PROCESSOR)[0].name
    return processes.killed_with_work_undone(pipeline.processes(roles.PROCESSOR), pipeline.processes(roles.KAFKA), pod)


@fault_builder
def out_of_memory(pipeline: SteadyPipeline, app: str) -> Fault:
    """The app's container uses more memory than its limit and is killed for it."""
    pod = pipeline.pods_of(app)[0].name

    def killed() -> bool:
        statuses = container_statuses(pipeline.probes.pod(pod)) or ({},)
        states = [statuses[0].get(which) or {} for which in ("state", "lastState")]
        return any((state.get("terminated") or {}).get("reason") == "OOMKilled" for state in states)

    return processes.memory_filled(pipeline.processes(app), pod, killed)


@fault_builder
def out_of_memory_then_new_pods(pipeline: SteadyPipeline, app: str) -> Fault:
    """``out_of_memory``; the undo replaces the pods, since triage reports an OOM kill for ten minutes."""
    fault = out_of_memory(app)(pipeline)
    return replace(with_new_pods(pipeline, fault, app), inject=fault.inject)


@fault_builder
def starved_of_cpu(pipeline: SteadyPipeline, app: str, millicores: int) -> Fault:
    """The app's pods get far less CPU than they need, and their autoscaler may not add pods."""

    def pod_starved(pipeline: SteadyPipeline, pod: str) -> Fault:
        processes_of = pipeline.processes_in(pod)
        before = processes_of.throttled_periods()
        found = pipeline.probes.pod(pod)
        return resources.cpu_limited(
            pipeline.api, found, millicores, lambda: processes_of.throttled_periods() > before + 20
        )

    limited = for_each_pod(app, pod_starved)(pipeline)
    held = resources.autoscaler_held(pipeline.api, pipeline.description.autoscaler(app).name, pipeline.namespace)
    return together(limited.summary, [limited, held])


@fault_builder
def without_effect(pipeline: SteadyPipeline, builder: FaultBuilder) -> Fault:
    """The same fault with no injection, to prove that a fault which does not land is reported."""
    fault = builder(pipeline)
    landed = replace(fault.landed, within=MISS_TIMEOUT_S) if fault.landed else None
    return Fault(fault.summary, [], [], landed, fault.gone)
