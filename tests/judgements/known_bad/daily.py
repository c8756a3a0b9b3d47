"""For every daily case, and every way in which it can fail, a pipeline that is broken in just that way.

Each entry takes the healthy world and the case's own arguments and breaks what the case looks at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.metrics.metric import Comparison
from tests.judgements.faults import scale_to_0, too_large, warning
from tests.judgements.known_bad import cluster, services
from tests.judgements.world import World

Breakage = Callable[..., None]
STATUSES = ("CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError", "InvalidImageName")
WITHOUT_PODS = ("hpa", "storage", "config")


def first_app(world: World, component: str) -> str:
    return world.pipeline.parts_of(component)[0].id


def container(world: World, component: str) -> dict[str, Any]:
    """The container status of the component's first pod, made unready."""
    pod = world.pods(first_app(world, component))[0]
    pod["status"]["conditions"][1] |= {"status": "False"}
    status: dict[str, Any] = pod["status"]["containerStatuses"][0]
    status["ready"] = False
    return status


def waiting(reason: str) -> Breakage:
    def breakage(world: World, component: str) -> None:
        container(world, component)["state"] = {"waiting": {"reason": reason, "message": "because"}}

    return breakage


def never_ready(world: World, component: str) -> None:
    container(world, component)


def pod_failed(world: World, component: str) -> None:
    world.pods(first_app(world, component))[0]["status"] |= {"phase": "Failed", "reason": "Evicted"}


def pod_pending(world: World, component: str) -> None:
    pod = world.pods(first_app(world, component))[0]
    unschedulable = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available: Insufficient cpu"}
    pod["status"] = {"phase": "Pending", "conditions": [unschedulable]}


def pod_ended(world: World, component: str) -> None:
    container(world, component)["state"] = {"terminated": {"reason": "Error", "exitCode": 137}}


def pod_out_of_memory(world: World, component: str) -> None:
    status = world.pods(first_app(world, component))[0]["status"]["containerStatuses"][0]
    ended = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": world.ago(120)}
    status |= {"restartCount": 1, "lastState": {"terminated": ended}}


def pod_crashing_again_and_again(world: World, component: str) -> None:
    ended = {"reason": "Error", "exitCode": 1, "finishedAt": world.ago(5)}
    state = {"running": {"startedAt": world.ago(3)}}
    container(world, component).update(restartCount=2, lastState={"terminated": ended}, state=state)


def pods_gone(world: World, component: str) -> None:
    world.drop_pods(first_app(world, component))


def workload_of(world: World, component: str) -> dict[str, Any]:
    return world.workload(first_app(world, component))


def workload_gone(world: World, component: str) -> None:
    workload = workload_of(world, component)
    for source in ("deployments", "statefulsets"):
        world.drop(source, lambda item: item is workload)


def workload_at_0(world: World, component: str) -> None:
    workload_of(world, component)["spec"]["replicas"] = 0


def last_workload_without_pods(world: World, component: str) -> None:
    """Scaled to 0; a DaemonSet cannot be, it finds no node."""
    workload = world.workload(world.pipeline.parts_of(component)[-1].id)
    if "desiredNumberScheduled" in workload["status"]:
        workload["status"]["desiredNumberScheduled"] = 0
    else:
        workload["spec"]["replicas"] = 0


def rollout_stuck(world: World, component: str) -> None:
    workload_of(world, component)["status"]["updatedReplicas"] = 0


def renamed(world: World, component: str) -> None:
    workload_of(world, component)["spec"]["template"]["spec"]["containers"][0]["name"] = "other"


def usage(resource: str, amount: str) -> Breakage:
    def breakage(world: World, component: str) -> None:
        pod = world.pods(first_app(world, component))[0]["metadata"]["name"]
        world.item("pod_metrics", pod)["containers"][0]["usage"][resource] = amount

    return breakage


def node_condition(kind: str, status: str) -> Breakage:
    def breakage(world: World) -> None:
        conditions = world.answers["nodes"][0]["status"]["conditions"]
        next(entry for entry in conditions if entry["type"] == kind)["status"] = status

    return breakage


def node_cordoned(world: World) -> None:
    world.answers["nodes"][0]["spec"]["unschedulable"] = True


def node_tainted(world: World) -> None:
    world.answers["nodes"][0]["spec"]["taints"] = [{"key": "example.com/closed", "effect": "NoExecute"}]


def node_full(world: World, resource: str) -> None:
    world.answers["node_metrics"][0]["usage"][resource] = {"cpu": "1990m", "memory": "23Gi"}[resource]


def hpa_gone(world: World, hpa: str) -> None:
    world.drop("hpas", lambda item: item["metadata"]["name"] == hpa)


def hpa_condition(kind: str) -> Breakage:
    def breakage(world: World, hpa: str) -> None:
        conditions = world.item("hpas", hpa)["status"]["conditions"]
        next(entry for entry in conditions if entry["type"] == kind).update(status="False", reason="FailedGetScale")
        conditions[1]["lastTransitionTime"] = world.ago(300)

    return breakage


def hpa_unknown(world: World, hpa: str) -> None:
    world.item("hpas", hpa)["status"]["currentMetrics"] = []


def hpa_disabled(world: World, hpa: str) -> None:
    world.item("hpas", hpa)["spec"]["behavior"]["scaleUp"]["selectPolicy"] = "Disabled"


def hpa_slow(world: World, hpa: str) -> None:
    world.item("hpas", hpa)["spec"]["behavior"]["scaleUp"]["stabilizationWindowSeconds"] = 600


def hpa_without_request(world: World, hpa: str) -> None:
    workload = world.workload(world.pipeline.autoscalers[hpa])
    del workload["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"]


def hpa_without_behavior(world: World, hpa: str) -> None:
    del world.item("hpas", hpa)["spec"]["behavior"]


def claim(phase: str | None) -> Breakage:
    def breakage(world: World, component: str) -> None:
        name = world.pipeline[component].volume
        if phase is None:
            world.drop("pvcs", lambda item: item["metadata"]["name"] == name)
        else:
            world.item("pvcs", name)["status"]["phase"] = phase

    return breakage


def claim_going(world: World, component: str) -> None:
    world.item("pvcs", world.pipeline[component].volume)["metadata"]["deletionTimestamp"] = world.ago(5)


def logged(text: str) -> Breakage:
    def breakage(world: World, component: str) -> None:
        world.answers[f"logs/{component}"][0]["lines"].append(f"{world.ago(4)} {text}")

    return breakage


def warned(world: World, component: str) -> None:
    if component == "hpa":
        kind, name = "HorizontalPodAutoscaler", next(iter(world.pipeline.autoscalers))
        hpa_condition("ScalingActive")(world, name)
    elif component == "storage":
        kind, name = "PersistentVolumeClaim", world.pipeline["kafka"].volume
        world.item("pvcs", name)["status"]["phase"] = "Lost"
    elif component == "config":
        kind, name = "ServiceAccount", "default"
    else:
        kind, name = "Pod", world.pods(first_app(world, component))[0]["metadata"]["name"]
    warning(world, kind, name, "FailedMount", "the volume does not attach")


def unready_probe(world: World, component: str) -> None:
    """A known issue only for a pod that is ready."""
    if component not in WITHOUT_PODS:
        never_ready(world, component)
        pod = world.pods(first_app(world, component))[0]["metadata"]["name"]
        warning(world, "Pod", pod, "Unhealthy", "Readiness probe failed: 503")
    else:
        warned(world, component)


def metric_past_its_level(world: World, metric_id: str, subject: str) -> None:
    metric = KEY_METRICS[metric_id]
    if metric_id in services.BAD_READINGS:
        services.BAD_READINGS[metric_id](world, subject)
        return
    grows_bad = metric.comparison in (Comparison.BELOW, Comparison.AT_MOST)
    bad = metric.fail * 1.5 + 0.1 if grows_bad else metric.fail * 0.5
    for row in world.answers[f"prometheus/{metric_id}"]:
        row["value"][1] = str(bad)


def producer_gone(world: World, metric_id: str, subject: str) -> None:
    """Where a component that has no pod means a rate of zero."""
    if metric_id in services.ZERO_WITHOUT_PODS:
        scale_to_0(world, KEY_METRICS[metric_id].component)
        world.answers[f"prometheus/{metric_id}"] = []
    else:
        metric_past_its_level(world, metric_id, subject)


def panel(change: dict[str, Any], *, old: float = 0.0) -> Breakage:
    def breakage(world: World, title: str) -> None:
        number = next(number for number, known in world.pipeline.dashboard.panels.items() if known == title)
        world.answers[f"grafana_panels/{number}"].update(change)
        if old:
            world.answers[f"grafana_panels/{number}"]["newest"] = world.now - old

    return breakage


PRESSED = (("DiskPressure", "True"), ("PIDPressure", "Unknown"))
KNOWN_BAD: dict[str, tuple[Breakage, ...]] = {
    "test_pods_ready": (
        *map(waiting, STATUSES),
        never_ready,
        pod_failed,
        pod_pending,
        lambda world, component: too_large(world, first_app(world, component)),
        pod_ended,
        pod_out_of_memory,
        pod_crashing_again_and_again,
        pods_gone,
        cluster.pod_not_gone,
    ),
    "test_rollout_complete": (workload_gone, workload_at_0, last_workload_without_pods, rollout_stuck, renamed),
    "test_usage_within_limits": (usage("memory", "300Mi"), usage("cpu", "1300m")),
    "test_nodes_ready": (
        node_condition("Ready", "False"),
        node_condition("Ready", "Unknown"),
        node_cordoned,
        node_tainted,
    ),
    "test_nodes_without_pressure": (*(node_condition(*one) for one in PRESSED), cluster.node_in_trouble),
    "test_nodes_have_room": (node_full,),
    "test_hpa_knows_metrics": (hpa_gone, hpa_condition("ScalingActive"), hpa_condition("AbleToScale"), hpa_unknown),
    "test_hpa_set_as_documented": (
        hpa_gone,
        lambda world, hpa: world.item("hpas", hpa)["spec"].update(maxReplicas=50),
        lambda world, hpa: world.item("hpas", hpa)["spec"]["metrics"][0]["resource"]["target"].clear(),
        lambda world, hpa: world.item("hpas", hpa)["spec"]["scaleTargetRef"].update(name="procesor"),
        hpa_disabled,
        hpa_slow,
        hpa_without_behavior,
        hpa_without_request,
    ),
    "test_volume_bound": (claim(None), claim("Lost"), claim("Pending"), claim_going),
    "test_no_unknown_errors_logged": (
        logged('{"time": "x", "level": "ERROR", "logger": "a", "message": "it broke"}'),
        logged('{"level": "CRITICAL", "message": "cut off in the mid'),
        logged("[2026-11-18 10:00:00,000] ERROR Disk error while writing (kafka.server.LogDirFailureChannel)"),
        logged('ts=2026-11-18T10:00:00Z lvl=error msg="write failed"'),
        logged("Traceback (most recent call last):"),
        logged("2026/11/18 10:00:00 FATAL out of memory"),
    ),
    "test_no_open_warning_event": (warned, unready_probe),
    "test_grafana_panel_fresh": (
        panel({"error": "bad query", "points": 0, "newest": None}),
        panel({"points": 0, "newest": None}),
        panel({}, old=900),
    ),
    "test_key_metric": (metric_past_its_level, producer_gone),
    **services.KNOWN_BAD,
}
