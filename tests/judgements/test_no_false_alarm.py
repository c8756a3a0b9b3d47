"""What looks like a fault and is none: starting, rolling, scaling, rebalancing, history, known issues."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from pipeline_services.judgements import endpoints, hpas, kafka, nodes, pods, resources, volumes, workloads
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PreconditionNotMet
from tests.judgements.faults import empty_panels, grafana_datasource_broken, ready_since, second_pod, warning
from tests.judgements.known_bad.kafka import group, stalled
from tests.judgements.test_faults_of_acceptance import outcomes
from tests.judgements.world import World, healthy


def scaling_up(world: World) -> None:
    second_pod(world, roles.PROCESSOR, age=8, waiting="ContainerCreating")
    deployment = world.item("deployments", roles.PROCESSOR)
    deployment["spec"]["replicas"] = 2
    deployment["status"]["updatedReplicas"] = 2
    world.item("hpas", "processor-hpa")["status"]["currentReplicas"] = 2


def rolling_out(world: World) -> None:
    second_pod(world, roles.PRODUCER, age=15)


def terminating(world: World) -> None:
    old = second_pod(world, roles.PRODUCER, age=3_000)
    old["metadata"]["deletionTimestamp"] = world.ago(5)


def rebalancing(world: World) -> None:
    group(state="PreparingRebalance", members=[])(world)


def started_with_trouble(world: World) -> None:
    """Events and errors of the start-up, before the pods became ready."""
    for app in (roles.KAFKA, roles.PROCESSOR):
        pod = world.pods(app)[0]["metadata"]["name"]
        warning(world, "Pod", pod, "FailedMount", "secret not found", ago=75)
        warning(world, "Pod", pod, "Unhealthy", "Startup probe failed", ago=60)
    warning(world, "PersistentVolumeClaim", "data-kafka-0", "ProvisioningFailed", "no such class yet", ago=75)
    warning(world, "HorizontalPodAutoscaler", "producer-hpa", "FailedGetResourceMetric", "no metrics returned", ago=40)
    warning(world, "ReplicaSet", "grafana-7c9d8f6b5", "FailedCreate", "quota", ago=70)
    warning(world, "StatefulSet", "kafka", "FailedCreate", "quota", ago=70)
    early = '{"level": "ERROR", "message": "no broker yet"}'
    world.answers["logs/producer"][0]["lines"].insert(0, f"{world.ago(70)} {early}")


def of_a_pod_that_is_gone(world: World) -> None:
    warning(world, "Pod", "processor-5b9f7d8c6-gone1", "BackOff", "Back-off pulling image")
    line = f'{world.ago(30)} {{"level": "ERROR", "message": "no broker"}}'
    world.answers["logs/producer"].append({"pod": "producer-gone", "container": "producer", "lines": [line]})


def long_ago(world: World) -> None:
    warning(world, "Pod", "kafka-0", "BackOff", "Back-off restarting failed container", ago=900)
    world.answers["logs/kafka"][0]["lines"].insert(0, f"{world.ago(400)} ERROR long ago")


def known(world: World) -> None:
    warning(world, "Pod", "influxdb-0", "Unhealthy", "Readiness probe failed: context deadline exceeded")
    warning(world, "Endpoints", "kafka-service", "FailedToUpdateEndpoint", "the object has been modified; try again")
    line = '{"level": "ERROR", "message": "Re-joining group data-processor-group"}'
    world.answers["logs/processor"][0]["lines"].append(f"{world.ago(4)} {line}")


def metrics_lag(world: World) -> None:
    conditions = world.item("hpas", "producer-hpa")["status"]["conditions"]
    conditions[1].update(status="False", reason="FailedGetResourceMetric", lastTransitionTime=world.ago(20))
    warning(world, "HorizontalPodAutoscaler", "producer-hpa", "FailedGetResourceMetric", "unable to get metrics")


def a_cluster_with_its_own_defaults(world: World) -> None:
    """A priority class for pods that name none, as the admission fills it in, and the older mark of a storage class."""
    for pod in world.answers["pods"]:
        pod["spec"] |= {"priorityClassName": "standard", "priority": 1_000}
    [usual] = [one["metadata"] for one in world.answers["storageclasses"]]
    usual["annotations"] = {"storageclass.beta.kubernetes.io/is-default-class": "true"}


@pytest.mark.parametrize(
    ("change", "age"),
    [
        (a_cluster_with_its_own_defaults, 3_600.0),
        (scaling_up, 3_600.0),
        (rolling_out, 3_600.0),
        (terminating, 3_600.0),
        (rebalancing, 3_600.0),
        (started_with_trouble, 80.0),
        (of_a_pod_that_is_gone, 3_600.0),
        (long_ago, 3_600.0),
        (known, 3_600.0),
        (metrics_lag, 3_600.0),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_it_raises_no_alarm(change: Callable[[World], None], age: float) -> None:
    world = healthy(age=age)
    change(world)
    assert outcomes(world) == ([], [])


def test_a_start_that_takes_too_long_is_an_alarm() -> None:
    world = healthy()
    second_pod(world, roles.PRODUCER, age=61)
    with pytest.raises(Deviation, match="not ready"):
        pods.are_ready(world.snapshot(), roles.PRODUCER)
    with pytest.raises(Deviation, match="1 available"):
        workloads.is_rolled_out(world.snapshot(), roles.PRODUCER)


def only_pod_is_starting(world: World) -> None:
    pod = world.pods(roles.KAFKA)[0]
    pod["status"]["conditions"][1]["status"] = "False"
    pod["metadata"]["creationTimestamp"] = world.ago(10)
    pod["status"]["containerStatuses"][0] |= {"ready": False, "state": {"running": {"startedAt": world.ago(8)}}}
    world.item("statefulsets", roles.KAFKA)["status"] |= {"availableReplicas": 0, "readyReplicas": 0}
    world.item("endpointslices", "kafka-service-abc12")["endpoints"] = []


def test_a_component_whose_only_pod_is_starting_is_not_known_yet() -> None:
    world = healthy()
    only_pod_is_starting(world)
    snapshot = world.snapshot()
    for judge in (pods.are_ready, workloads.is_rolled_out):
        with pytest.raises(PreconditionNotMet, match="try again"):
            judge(snapshot, roles.KAFKA)
    with pytest.raises(PreconditionNotMet, match="starting"):
        endpoints.are_ready(snapshot, snapshot.pipeline.service(roles.KAFKA).name)
    with pytest.raises(PreconditionNotMet, match="kafka has no ready pod"):
        kafka.topic_is_whole(snapshot, snapshot.pipeline.topics.readings)
    assert outcomes(world)[0] == []


def test_a_pod_that_is_being_replaced_is_not_known_yet() -> None:
    world = healthy()
    world.pods(roles.INFLUXDB)[0]["metadata"]["deletionTimestamp"] = world.ago(-20)
    world.item("statefulsets", roles.INFLUXDB)["status"] |= {"availableReplicas": 0, "readyReplicas": 0}
    world.item("endpointslices", "influxdb-service-abc12")["endpoints"] = []
    assert outcomes(world)[0] == []
    world.pods(roles.INFLUXDB)[0]["metadata"]["deletionTimestamp"] = world.ago(90)
    red = ["test_pods_ready[influxdb]", "test_service_has_endpoint[influxdb-service]"]
    assert [case for case in outcomes(world)[0] if case in red] == red


@pytest.mark.parametrize("component", [roles.PROMETHEUS, roles.LOKI, roles.GRAFANA])
def test_a_rollout_that_replaces_the_only_pod_is_not_known_yet(component: str) -> None:
    """Recreate: the old one goes first. A log shipper that is ready does not answer for Loki."""
    world = healthy()
    part = world.pipeline[component]
    world.pods(component)[0]["metadata"]["deletionTimestamp"] = world.ago(-15)
    deployment = world.item("deployments", part.workload)
    deployment["status"] |= {"availableReplicas": 0, "readyReplicas": 0}
    assert part.service
    service = part.service.name
    next(one for one in world.answers["endpointslices"] if one["metadata"]["name"].startswith(service))[
        "endpoints"
    ] = []
    if component == roles.LOKI:
        grafana_datasource_broken(world)
    assert outcomes(world)[0] == []
    deployment["spec"]["replicas"] = 0
    red = [f"test_pods_ready[{component}]", f"test_service_has_endpoint[{service}]"]
    assert [case for case in outcomes(world)[0] if case in red] == red


def test_a_metric_of_a_component_that_is_starting_is_not_known_yet() -> None:
    world = healthy()
    only_pod_is_starting(world)
    stalled(world, "")
    pod = world.pods(roles.PROCESSOR)[0]
    pod["status"]["conditions"][1]["status"] = "False"
    pod["status"]["containerStatuses"][0] |= {"ready": False, "state": {"running": {"startedAt": world.ago(8)}}}
    world.answers["prometheus/processor-matches-producer"][0]["value"][1] = "0"
    assert not [case for case in outcomes(world)[0] if case.startswith("test_key_metric")]


def test_a_new_prometheus_has_not_found_its_targets_yet() -> None:
    world = healthy()
    world.pods(roles.PROMETHEUS)[0]["metadata"]["creationTimestamp"] = world.ago(20)
    ready_since(world, roles.PROMETHEUS, 10)
    world.answers["prometheus_targets"] = [
        {**target, "health": "unknown", "lastScrape": "0001-01-01T00:00:00Z"}
        for target in world.answers["prometheus_targets"][1:]
    ]
    empty_panels(world, "CPU usage", "HPA replicas")
    red, inconclusive = outcomes(world)
    assert red == []
    panels = {"test_grafana_panel_fresh[cpu-usage]", "test_grafana_panel_fresh[hpa-replicas]"}
    assert panels <= set(inconclusive)
    inconclusive = [case for case in inconclusive if case not in panels]
    assert {case.partition("[")[0] for case in inconclusive} == {
        "test_pods_scraped",
        "test_nodes_scraped",
        "test_series_kept",
    }


def test_the_panel_of_a_producer_that_is_back_after_minutes_is_not_fresh_yet() -> None:
    world = healthy()
    ready_since(world, roles.PRODUCER, 18)
    empty_panels(world, "Producer rate")
    assert outcomes(world) == ([], ["test_grafana_panel_fresh[producer-rate]"])


def test_the_panel_of_a_producer_that_is_back_for_long_is() -> None:
    world = healthy()
    ready_since(world, roles.PRODUCER, 130)
    empty_panels(world, "Producer rate")
    assert outcomes(world)[0] == ["test_grafana_panel_fresh[producer-rate]"]


def test_a_line_of_the_kubelet_is_no_line_of_the_container() -> None:
    world = healthy()
    world.answers["logs/producer"][0]["previous"] = ["unable to retrieve container logs for containerd://abc"]
    assert outcomes(world) == ([], [])


def test_a_tainted_node_beside_one_that_takes_pods_is_kept_for_something_else() -> None:
    world = healthy()
    other = copy.deepcopy(world.answers["nodes"][0])
    other["metadata"]["name"] = "control-plane"
    other["spec"]["taints"] = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
    world.answers["nodes"].append(other)
    nodes.are_ready(world.snapshot())


def test_a_new_volume_claim_and_a_new_autoscaler_are_not_known_yet() -> None:
    world = healthy(age=20.0)
    world.item("pvcs", "data-kafka-0")["status"]["phase"] = "Pending"
    world.item("hpas", "producer-hpa")["status"] = {}
    with pytest.raises(PreconditionNotMet):
        volumes.are_bound(world.snapshot(), roles.KAFKA)
    with pytest.raises(PreconditionNotMet):
        hpas.knows_metrics(world.snapshot(), "producer-hpa")


@pytest.mark.parametrize(("made", "ready"), [(30, 25), (3_000, 25)])
def test_an_autoscaler_whose_pods_are_all_new_or_new_in_service_is_not_known_yet(made: float, ready: float) -> None:
    world = healthy()
    pod = world.pods(roles.PRODUCER)[0]
    pod["metadata"]["creationTimestamp"] = world.ago(made)
    ready_since(world, roles.PRODUCER, ready)
    conditions = world.item("hpas", "producer-hpa")["status"]["conditions"]
    conditions[1].update(status="False", reason="FailedGetResourceMetric", lastTransitionTime=world.ago(300))
    warning(world, "HorizontalPodAutoscaler", "producer-hpa", "FailedComputeMetricsReplicas", "no metrics returned")
    red, inconclusive = outcomes(world)
    assert (red, inconclusive) == ([], ["test_hpa_knows_metrics[producer-hpa]"])


def test_usage_that_is_missing_or_old_is_no_data() -> None:
    world = healthy()
    world.item("pod_metrics", "kafka-0")["timestamp"] = world.ago(600)
    with pytest.raises(NoData):
        resources.are_within_limits(world.snapshot(), roles.KAFKA)
    world.drop("pod_metrics", lambda item: item["metadata"]["name"] == "kafka-0")
    with pytest.raises(NoData, match="kafka-0"):
        resources.are_within_limits(world.snapshot(), roles.KAFKA)


def test_a_rebalance_that_falls_behind_is_an_alarm() -> None:
    world = healthy()
    rebalancing(world)
    stalled(world, "")
    with pytest.raises(Deviation):
        kafka.group_is_stable(world.snapshot())
