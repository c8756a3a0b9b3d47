"""The faults of the acceptance, as the collector would see them once they have taken hold."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from pipeline_services.model import roles
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.processor_log import NOT_DELIVERED
from tests.judgements.answers.cluster import pod_name
from tests.judgements.world import World

DAY = 86_400.0


def warning(world: World, kind: str, name: str, reason: str, message: str, *, ago: float = 20.0) -> None:
    """A Warning event about an object."""
    about = {"kind": kind, "name": name}
    event = {"type": "Warning", "reason": reason, "message": message, "count": 3, "lastTimestamp": world.ago(ago)}
    world.answers["events"].append({"involvedObject": about, "metadata": {"name": f"{name}.1"}, **event})


def second_pod(world: World, app: str, *, age: float, waiting: str = "", message: str = "") -> dict[str, Any]:
    """A newer pod of ``app`` that is not ready, beside the one that is."""
    pod = copy.deepcopy(world.pods(app)[0])
    name = f"{world.pipeline[app].workload}-6f5d4c3b2-new01"
    pod["metadata"] |= {"name": name, "uid": f"uid-{app}-new", "creationTimestamp": world.ago(age)}
    pod["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(age)}
    container = pod["status"]["containerStatuses"][0]
    container["ready"] = False
    container["state"] = {"running": {"startedAt": world.ago(age)}}
    if waiting:
        container["state"] = {"waiting": {"reason": waiting, "message": message}}
    world.answers["pods"].append(pod)
    world.workload(app)["status"] |= {"replicas": 2, "updatedReplicas": 1, "availableReplicas": 1}
    return pod


def too_large(world: World, app: str) -> None:
    """The app's only pod is new, and asks for more than any node has."""
    pod, moment = world.pods(app)[0], world.ago(1)
    message = "0/1 nodes are available: 1 Insufficient cpu."
    placed = {"type": "PodScheduled", "status": "False", "message": message, "lastTransitionTime": moment}
    pod["metadata"]["creationTimestamp"] = moment
    pod["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "64"}}
    pod["status"] = {"phase": "Pending", "conditions": [placed]}


def ready_since(world: World, app: str, ago: float) -> None:
    """The app's pods, however old, became ready so many seconds ago."""
    for pod in world.pods(app):
        pod["status"]["conditions"][1]["lastTransitionTime"] = world.ago(ago)


def scale_to_0(world: World, app: str) -> None:
    """No pods, and nothing that they would have served."""
    pod, workload = pod_name(world.pipeline[app]), world.workload(app)
    world.drop_pods(app)
    world.drop("pod_metrics", lambda item: item["metadata"]["name"] == pod)
    workload["spec"]["replicas"] = 0
    workload["status"] = {"observedGeneration": 1, "conditions": workload["status"].get("conditions", [])}
    targets = world.answers["prometheus_targets"]
    world.answers["prometheus_targets"] = [one for one in targets if one["labels"].get("pod") != pod]
    if f"logs/{app}" in world.answers:
        world.answers[f"logs/{app}"] = []


def empty_panels(world: World, *titles: str) -> None:
    """Panels whose queries return nothing."""
    for number, title in world.pipeline.dashboard.panels.items():
        if title in titles:
            world.answers[f"grafana_panels/{number}"] |= {"newest": None, "points": 0}


def hpa_of(world: World, app: str) -> str:
    """The name of the component's autoscaler."""
    return next(name for name, component in world.pipeline.autoscalers.items() if component == app)


def producer_scaled_to_0(world: World) -> None:
    scale_to_0(world, roles.PRODUCER)
    active = world.item("hpas", hpa_of(world, roles.PRODUCER))["status"]
    active["conditions"][1] |= {"status": "False", "reason": "ScalingDisabled"}
    active |= {"currentReplicas": 0}
    active.pop("currentMetrics")
    nothing_produced(world)


def nothing_produced(world: World) -> None:
    """What follows from no reading coming in."""
    for metric in ("producer-rate", "processor-matches-producer", "unacknowledged-age", "end-to-end-latency"):
        world.answers[f"prometheus/{metric}"] = []
    world.answers["prometheus/influxdb-writes-match-processor"][0]["value"] = [world.now, "NaN"]
    world.answers["influxdb_newest"] = {"time": world.now - 200, "points_1m": 0}
    still = {str(number): {"committed": 10_000, "end": 10_000} for number in world.pipeline.topics.partition_numbers}
    world.answers["kafka_lag"] = [{"at": world.now + wait, "partitions": still} for wait in (0.0, 2.1)]
    empty_panels(world, "Producer rate", "End-to-end latency")
    world.answers["grafana_panels/3"]["newest"] = world.now - 210


def processor_image_wrong(world: World) -> None:
    missing = f"localhost/{world.pipeline.name}/apps:no-such-tag"
    pod = second_pod(
        world, roles.PROCESSOR, age=90, waiting="ImagePullBackOff", message=f'Back-off pulling "{missing}"'
    )
    pod["status"]["phase"] = "Pending"
    name = pod["metadata"]["name"]
    warning(world, "Pod", name, "Failed", f'Failed to pull image "{missing}": not found')
    warning(world, "Pod", name, "BackOff", f'Back-off pulling image "{missing}"')
    world.answers["logs/processor"].append({"pod": name, "container": "processor", "lines": [], "error": "waiting"})


def kafka_broker_wrong(world: World) -> None:
    world.item("configmaps", world.pipeline.config.config_map)["data"]["KAFKA_BROKER"] = "kafka-wrong:9092"


def crash_looping(world: World, pod: dict[str, Any], error: str) -> None:
    """The pod's only container ends soon after each start, saying why."""
    name, part = pod["metadata"]["name"], world.pipeline.component_of(pod)
    assert part
    never_ready(world, pod)
    ended = {"reason": "Error", "exitCode": 1, "finishedAt": world.ago(20)}
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}}
    pod["status"]["containerStatuses"][0].update(restartCount=3, state=waiting, lastState={"terminated": ended})
    warning(world, "Pod", name, "BackOff", f"Back-off restarting failed container {part.container}")
    line = f'{world.ago(150)} {{"time": "x", "level": "ERROR", "logger": "{part.id}", "message": "{error}"}}'
    others = [tail for tail in world.answers[f"logs/{part.id}"] if tail["pod"] != name]
    world.answers[f"logs/{part.id}"] = [*others, {"pod": name, "container": part.container, "lines": [line]}]


def never_ready(world: World, pod: dict[str, Any]) -> None:
    """The pod runs, but has not become ready for two minutes."""
    pod["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(120)}
    pod["status"]["containerStatuses"][0] |= {"ready": False, "state": {"running": {"startedAt": world.ago(120)}}}


def only_pod_unready(world: World, app: str) -> dict[str, Any]:
    """What follows from the only pod of a Deployment not being ready."""
    pod = world.pods(app)[0]
    never_ready(world, pod)
    world.workload(app)["status"]["availableReplicas"] = 0
    why = "unable to get metrics for resource cpu: no metrics returned from resource metrics API"
    changed = {"status": "False", "reason": "FailedGetResourceMetric", "message": why}
    hpa = world.item("hpas", hpa_of(world, app))
    hpa["status"]["conditions"][1] |= {**changed, "lastTransitionTime": world.ago(100)}
    hpa["status"].pop("currentMetrics")
    warning(world, "HorizontalPodAutoscaler", hpa_of(world, app), "FailedComputeMetricsReplicas", why)
    return pod


def kafka_broker_wrong_and_rolled_out(world: World) -> None:
    kafka_broker_wrong(world)
    pod = second_pod(world, roles.PRODUCER, age=120)
    crash_looping(world, pod, "no broker at kafka-wrong:9092 within 10 s")


def kafka_broker_wrong_and_restarted(world: World) -> None:
    kafka_broker_wrong(world)
    crash_looping(world, only_pod_unready(world, roles.PRODUCER), "no broker at kafka-wrong:9092 within 10 s")
    nothing_produced(world)
    world.answers["prometheus/name-resolves"].append({"metric": {"name": "kafka-wrong"}, "value": [world.now, "0"]})


def influxdb_token_wrong_and_restarted(world: World) -> None:
    influxdb_token_wrong(world)
    pod = only_pod_unready(world, roles.PROCESSOR)["metadata"]["name"]
    warning(world, "Pod", pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    message = f"{NOT_DELIVERED} (unauthorized): HTTP 401"
    line = f'{world.ago(5)} {{"level": "ERROR", "logger": "processor", "message": "{message}"}}'
    world.answers["logs/processor"][0]["lines"] = [line]
    for metric, value in (("processor-matches-producer", "0.01"), ("write-failures", "0.5")):
        world.answers[f"prometheus/{metric}"][0]["value"] = [world.now, value]
    world.answers["influxdb_newest"] = {"time": world.now - 120, "points_1m": 0}
    stuck = [{str(n): {"committed": 1_000, "end": 1_400 + more} for n in range(6)} for more in (0, 7)]
    world.answers["kafka_lag"] = [{"at": world.now + 2 * i, "partitions": sample} for i, sample in enumerate(stuck)]
    for metric in ("influxdb-writes-match-processor", "end-to-end-latency"):
        world.answers[f"prometheus/{metric}"] = []
    empty_panels(world, "InfluxDB writes", "End-to-end latency")


def influxdb_token_wrong(world: World) -> None:
    world.answers["influxdb_token"] = {"status": 401}


def metrics_server_scaled_to_0(world: World) -> None:
    for source in ("pod_metrics", "node_metrics"):
        world.fail(source, ServiceUnreachable("metrics.k8s.io does not answer: 503 Service Unavailable"))
    why = "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics"
    for hpa in world.pipeline.autoscalers:
        status = world.item("hpas", hpa)["status"]
        changed = {"status": "False", "reason": "FailedGetResourceMetric", "message": why}
        status["conditions"][1] |= {**changed, "lastTransitionTime": world.ago(120)}
        status.pop("currentMetrics")
        warning(world, "HorizontalPodAutoscaler", hpa, "FailedGetResourceMetric", why)


def prometheus_scaled_to_0(world: World) -> None:
    scale_to_0(world, roles.PROMETHEUS)
    service = world.pipeline.service(roles.PROMETHEUS).name
    world.item("endpointslices", f"{service}-abc12")["endpoints"] = []
    gone = ServiceUnreachable(f"{service} has no ready endpoint")
    world.fail("prometheus/", gone)
    world.fail("prometheus_targets", gone)
    world.answers[f"grafana_datasources/{world.pipeline.dashboard.datasources[roles.PROMETHEUS]}"] = {
        "status": 400,
        "message": "connection refused",
    }
    for number in world.pipeline.dashboard.panels:
        panel = world.answers[f"grafana_panels/{number}"]
        if panel["datasource"] == "prometheus":
            panel |= {"newest": None, "points": 0, "error": "dial tcp: connection refused"}


def grafana_datasource_broken(world: World) -> None:
    world.answers[f"grafana_datasources/{world.pipeline.dashboard.datasources[roles.LOKI]}"] = {
        "status": 500,
        "message": "dial tcp: lookup loki-wrong: no such host",
    }
    world.answers["grafana_panels/10"] |= {"newest": None, "points": 0, "error": "lookup loki-wrong: no such host"}


def certificate_expires_tomorrow(world: World) -> None:
    for where in ("secret", "served"):
        world.answers["tls"][where]["not_after"] = world.now + DAY


def certificate_expires_tomorrow_unserved(world: World) -> None:
    """In the Secret only, from a new CA: InfluxDB still serves the old one."""
    world.answers["tls"]["secret"] |= {"not_after": world.now + DAY, "sha256": "cd" * 32}
    world.answers["tls"] |= {"verified": False, "error": "unable to get local issuer certificate"}
    untrusted = ServiceUnreachable(f"{world.pipeline.service(roles.INFLUXDB).name}: the certificate does not verify")
    for source in ("influxdb_newest", "influxdb_token", "influxdb_read_token"):
        world.fail(source, untrusted)


FAULTS: Mapping[str, Callable[[World], None]] = {
    fault.__name__.replace("_", "-"): fault
    for fault in (
        producer_scaled_to_0,
        processor_image_wrong,
        kafka_broker_wrong,
        kafka_broker_wrong_and_restarted,
        kafka_broker_wrong_and_rolled_out,
        influxdb_token_wrong,
        influxdb_token_wrong_and_restarted,
        metrics_server_scaled_to_0,
        prometheus_scaled_to_0,
        grafana_datasource_broken,
        certificate_expires_tomorrow,
        certificate_expires_tomorrow_unserved,
    )
}
