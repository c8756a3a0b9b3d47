"""Faults of files that only the node has: what its kubelet runs by itself, and how it connects pods."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from chaos.fault_builders.common import all_pods_ready, fault_builder, pods_replaced
from pipeline_services.faults.journal import Command
from pipeline_services.faults.model import Fault, Proof
from pipeline_services.model.k8s import SILENT_AFTER_S, involved_object, name_of, renewed_at
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.own_cluster import SYSTEM_NAMESPACE

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

STATIC_PODS: Final = "/etc/kubernetes/manifests"
KEPT: Final = "/etc/kubernetes"
PLUGIN: Final = "/etc/cni/net.d/10-kuberouter.conflist"
_MOVE: Final = 'test ! -f "$1" || mv "$1" "$2"'
_OTHER_PLUGIN: Final = """cp "$1" "$1.kept" && sed -i 's/"type": *"bridge"/"type":"no-such-plugin"/' "$1\""""
_PUT_BACK: Final = 'test ! -f "$1.kept" || mv "$1.kept" "$1"'


@fault_builder
def static_pod_gone(pipeline: SteadyPipeline, name: str) -> Fault:
    """A part of the control plane does not run, since the kubelet does not find its file. What it has done stays."""
    here, away = f"{STATIC_PODS}/{name}.yaml", f"{KEPT}/{name}.yaml.kept"
    lease = KINDS["Lease"].path(SYSTEM_NAMESPACE, name)

    def silent() -> bool:
        return time.time() - renewed_at(pipeline.api.call("GET", lease)) > SILENT_AFTER_S

    return Fault(
        f"{name} does not run",
        [Command(["sh", "-c", _MOVE, "sh", here, away], f"the file of {name} moved away")],
        [Command(["sh", "-c", _MOVE, "sh", away, here], f"the file of {name} moved back")],
        Proof(f"{name} to be silent", silent, within=120.0),
        Proof(f"{name} to be heard", lambda: not silent(), within=120.0),
    )


@fault_builder
def plugin_missing(pipeline: SteadyPipeline, app: str) -> Fault:
    """The node's file for the network plugin names a program that it does not have, and the app's pods are replaced."""
    before = {name_of(one) for one in pipeline.cluster.list("events")}

    def refused() -> bool:
        told = [one for one in pipeline.cluster.list("events") if one.get("reason") == "FailedCreatePodSandBox"]
        return any(involved_object(one)[1].startswith(f"{app}-") for one in told if name_of(one) not in before)

    fault = Fault(
        "the node's network plugin is not there",
        [Command(["sh", "-c", _OTHER_PLUGIN, "sh", PLUGIN], "the network plugin renamed in its file")],
        [Command(["sh", "-c", _PUT_BACK, "sh", PLUGIN], "the file of the network plugin put back")],
    )
    workload = pods_replaced(pipeline, fault, app)
    return workload.proved(
        Proof(f"a pod of {app} to get no network", refused, within=60.0), all_pods_ready(pipeline, app)
    )
