"""The blocks of the runbook that change the cluster, each with the cheapest failure that it is for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chaos.fault_builders import autoscalers, certificates, configuration, network, processes, workloads
from chaos.fault_builders.common import fault_builder
from pipeline_services import faults
from pipeline_services.experiment.scenario import FaultBuilder
from pipeline_services.faults.journal import Call
from pipeline_services.faults.model import Fault, Proof, object_path, together
from pipeline_services.model import roles
from pipeline_services.model.k8s import is_terminating
from pipeline_services.reporting.runbook.commands import Command

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mitigation:
    """One block, typed in one failure.

    Attributes:
        section, block: which one, as ``commands.changes`` knows it.
        fault: the failure; where that is none, the block is typed for its effect.
        values: what is filled in.
        shown: one of the section's reading commands shows the failure.
        makes_pods: so many of producer and of processor, each, are what the block is typed for; its undo is typed then.
        slow: it takes more than a minute.
    """

    section: str
    block: int
    fault: FaultBuilder
    values: Callable[[SteadyPipeline], Values] = lambda _pipeline: {}
    shown: bool = True
    makes_pods: int = 0
    slow: bool = False

    @property
    def id(self) -> str:
        """Short and stable."""
        return f"{self.section}-{self.block}"


@fault_builder
def nothing(pipeline: SteadyPipeline, *apps: str) -> Fault:
    """No fault. The commands change the number of the apps' pods; the undo leaves one each."""
    parts = [pipeline.description[app] for app in apps]
    scaled = [faults.scaled(pipeline.api, one.list_name, one.workload, pipeline.namespace, 1) for one in parts]
    if not scaled:
        return Fault("nothing is broken", [])
    return replace(together("nothing is broken", scaled), inject=[], landed=None)


def without_label(pipeline: SteadyPipeline) -> Fault:
    """Kafka's pod has lost the label by which its service finds it."""
    kafka, service = pipeline.description[roles.KAFKA], pipeline.description.service(roles.KAFKA).name
    path = object_path("pods", kafka.first_pod, pipeline.namespace)
    patch = {"metadata": {"labels": dict.fromkeys(kafka.selector)}}
    fault = faults.patched(pipeline.api, path, patch, f"{kafka.first_pod} without its label")
    connectivity = pipeline.connectivity()
    return fault.proved(
        Proof(f"{service} to have no endpoint", lambda: not connectivity.ready_endpoints(service)),
        Proof(f"{service} to have an endpoint", lambda: connectivity.ready_endpoints(service)),
    )


@fault_builder
def leaving(pipeline: SteadyPipeline, app: str) -> Fault:
    """The app's pod is being deleted, hangs, and so does not go for as long as it is given."""
    pod = pipeline.pods_of(app)[0].name
    path = object_path("pods", pod, pipeline.namespace)
    hung = processes.process_stopped(app)(pipeline)
    landed = Proof(f"{pod} to be on its way", lambda: is_terminating(pipeline.api.call("GET", path)))
    return replace(hung, summary=f"{pod} is deleted and hangs", inject=[*hung.inject, Call("DELETE", path)]).proved(
        landed
    )


def _unlabelled(pipeline: SteadyPipeline) -> Values:
    kafka = pipeline.description[roles.KAFKA]
    return {"pod": kafka.first_pod, **kafka.selector}


def _first_pod(app: str) -> Callable[[SteadyPipeline], Values]:
    return lambda pipeline: {"pod": pipeline.pods_of(app)[0].name}


def _node(pipeline: SteadyPipeline) -> Values:
    return {"node": workloads.first_node(pipeline)}


def _taint(pipeline: SteadyPipeline) -> Values:
    return {**_node(pipeline), "taint": workloads.TAINT}


EXPIRES_TOMORROW: Final = certificates.replaced(
    certificates.expires_tomorrow, "a certificate for one more day", *certificates.VERIFIERS
)
FIRST: Final = (
    Mitigation("high-resource-usage", 3, workloads.cordoned, _node),
    Mitigation("high-resource-usage", 4, workloads.tainted, _taint),
    Mitigation("network-policy-issues", 1, network.all_allowed, lambda _pipeline: {"policy": "debug"}, shown=False),
    Mitigation("network-policy-issues", 2, network.dns_down),
    Mitigation("network-policy-issues", 3, network.policy_missing("producer-to-kafka")),
    Mitigation("the-cluster-itself", 1, network.network_plugin_gone(roles.PROCESSOR), slow=True),
    Mitigation("pod-status", 1, workloads.image_nowhere(roles.PRODUCER)),
    Mitigation("pod-status", 2, workloads.paused_rollout(roles.PRODUCER), shown=False),
    Mitigation("pod-status", 3, without_label, _unlabelled),
    Mitigation("pod-status", 4, leaving(roles.PRODUCER), _first_pod(roles.PRODUCER), shown=False),
)
LAST: Final = (
    Mitigation("grafana-dashboards", 2, nothing(), shown=False),
    Mitigation("loki-log-search", 2, nothing(), shown=False),
    Mitigation("cheat-sheet", 1, nothing(), _first_pod(roles.PROCESSOR), shown=False),
    Mitigation("high-resource-usage", 1, nothing(roles.PRODUCER, roles.PROCESSOR), shown=False, makes_pods=3),
    Mitigation("configuration", 1, configuration.changed(KAFKA_BROKER="{service:kafka}:9093")),
    Mitigation("high-resource-usage", 2, autoscalers.metrics_server_down),
    Mitigation("observability", 1, workloads.scaled(roles.PROMETHEUS, 0)),
    Mitigation("observability", 2, processes.process_stopped(roles.PROMETHEUS)),
    Mitigation("tls-certificate", 1, EXPIRES_TOMORROW, slow=True),
)
"""What costs the autoscalers or Prometheus their figures is typed last."""
_SCALE_UP: Final = re.compile(r"kubectl scale (?:deployment|statefulset)[/ ](?P<workload>\S+) .*--replicas=1")
_DELETE_PODS: Final = re.compile(r"kubectl delete pods? -n \S+ (?:-l )?(?P<pods>[^\s<]+)")


def mitigations(changes: Mapping[tuple[str, int], Sequence[Command]]) -> list[Mitigation]:
    """Every block that is typed in a failure, in the order in which they are typed.

    A block of one command says by it which failure it is for: what scales a workload to 1 is for one that was scaled to
    0, what deletes a component's pods is for one whose process hangs. All others stand in ``FIRST`` and ``LAST``.

    Args:
        changes: the runbook's blocks, as ``commands.changes`` has them.
    """
    listed = {(one.section, one.block) for one in (*FIRST, *LAST)}
    rest = {where: typed[0].text for where, typed in changes.items() if where not in listed and len(typed) == 1}
    found = [Mitigation(*where, fault) for where, text in rest.items() if (fault := failure_of(text))]
    return [*FIRST, *found, *LAST]


def failure_of(command: str) -> FaultBuilder | None:
    """The failure that a command is for, where the command says so itself."""
    if scaled := _SCALE_UP.fullmatch(command):
        return lambda pipeline: workloads.scaled(_component(pipeline, scaled["workload"]), 0)(pipeline)
    if deleted := _DELETE_PODS.fullmatch(command):
        return lambda pipeline: processes.process_stopped(_component(pipeline, deleted["pods"]))(pipeline)
    return None


def _component(pipeline: SteadyPipeline, name: str) -> str:
    """The component whose workload, first pod or selector that is. Raises LookupError where there is none."""
    for part in pipeline.description.workloads.values():
        if name in (part.workload, part.first_pod, part.label_selector):
            return part.id
    raise LookupError(f"the runbook names {name}, which the profile does not have")
