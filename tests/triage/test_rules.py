"""Causes that no check names by itself: told from what the API server, the kubelet and the logs say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline_services.model import roles
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import scale_to_0, second_pod, warning
from tests.judgements.known_bad.daily import claim_going
from tests.judgements.known_bad.kafka import joined, stalled
from tests.judgements.world import NOW, World, healthy

PIPELINE = Pipeline.load()
Breakage = Callable[[World], object]


def no_pod_of_producer(world: World, message: str) -> None:
    world.drop_pods(roles.PRODUCER)
    status = world.item("deployments", roles.PRODUCER)["status"]
    status |= {"replicas": 0, "updatedReplicas": 0, "availableReplicas": 0}
    failure = {"type": "ReplicaFailure", "status": "True", "message": message, "lastTransitionTime": world.ago(30)}
    status["conditions"] = [*status.get("conditions", []), failure]


def pending(world: World, message: str) -> None:
    pod = world.pods(roles.PROCESSOR)[0]
    unscheduled = {"type": "PodScheduled", "status": "False", "message": message, "lastTransitionTime": world.ago(90)}
    pod["status"] = {"phase": "Pending", "conditions": [unscheduled]}


def latent_taint(world: World) -> None:
    world.answers["nodes"][0]["spec"]["taints"] = [{"key": "maintenance", "effect": "NoSchedule"}]


def taint(world: World) -> None:
    latent_taint(world)
    pending(world, "0/1 nodes are available: 1 node(s) had untolerated taint(s)")


def unready(world: World, app: str, message: str) -> None:
    pod = world.pods(app)[0]
    pod["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(80)}
    pod["status"]["containerStatuses"][0]["ready"] = False
    warning(world, "Pod", pod["metadata"]["name"], "Unhealthy", message)


def crashed(world: World, code: int, reason: str, *, ready: bool) -> None:
    pod = world.pods(roles.PRODUCER)[0]
    status = pod["status"]["containerStatuses"][0]
    ended = {"reason": reason, "exitCode": code, "finishedAt": world.ago(20)}
    status |= {"restartCount": 1 if ready else 4, "lastState": {"terminated": ended}}
    if not ready:
        pod["status"]["conditions"][1] |= {"status": "False"}
        status |= {"ready": False, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}


def crashed_after_a_probe_killed_the_one_before(world: World) -> None:
    crashed(world, 137, "Error", ready=True)
    pod = world.pods(roles.PRODUCER)[0]
    pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["startedAt"] = world.ago(50)
    warning(world, "Pod", pod["metadata"]["name"], "Unhealthy", "Liveness probe failed: deadline exceeded", ago=60)
    warning(world, "Pod", pod["metadata"]["name"], "Killing", "failed liveness probe, will be restarted", ago=58)


def killed_by_its_probe(world: World) -> None:
    crashed_after_a_probe_killed_the_one_before(world)
    pod = world.pods(roles.PRODUCER)[0]
    pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["startedAt"] = world.ago(90)


def evicted(world: World) -> None:
    pod = second_pod(world, roles.PRODUCER, age=100)
    pod["status"] |= {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory"}


def own_environment(world: World) -> None:
    template = world.item("deployments", roles.PRODUCER)["spec"]["template"]["spec"]["containers"][0]
    template.setdefault("env", []).append({"name": "KAFKA_BROKER", "value": "kafka-service:9999"})


def paused(world: World) -> None:
    workload = world.item("deployments", roles.PROCESSOR)
    workload["spec"]["paused"] = True
    workload["status"]["updatedReplicas"] = 0


def unlabelled(world: World) -> None:
    scale_to_0(world, roles.PRODUCER)
    stray = world.pods(roles.PROCESSOR)[0]
    copy = {**stray, "metadata": {**stray["metadata"], "name": "producer-7c9d8f6b5-zzzzz", "labels": {}}}
    world.answers["pods"].append(copy)
    world.item("deployments", roles.PRODUCER)["spec"]["replicas"] = 1


def dns_away(world: World) -> None:
    world.answers["system_pods"] = []
    world.item("system_deployments", "coredns").update(status={})
    world.item("system_deployments", "coredns")["spec"]["replicas"] = 0


def coordinator_not_loaded(world: World) -> None:
    world.answers["kafka_group"] = {"state": "Empty", "members": []}
    said = "ERROR [GroupCoordinator id=0] Failed to load metadata from __consumer_offsets-0 with epoch 4 due to"
    world.answers["logs/kafka"][0]["lines"] = [f"{world.ago(60)} {said} NotLeaderOrFollowerException."]
    late = '{"level": "ERROR", "message": "LeaveGroup request failed to kafka: Timed out after 4000 ms"}'
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(20)} {late}"]


CASES: dict[str, tuple[Breakage, tuple[str, str]]] = {
    "quota": (lambda w: no_pod_of_producer(w, "pods is forbidden: exceeded quota: q"), ("config", "quota-exceeded")),
    "limit range": (
        lambda w: no_pod_of_producer(w, "forbidden: maximum memory usage per Container is 64Mi"),
        ("config", "quota-exceeded"),
    ),
    "account": (
        lambda w: no_pod_of_producer(w, 'pods is forbidden: serviceaccount "x" not found'),
        ("producer", "pods-forbidden"),
    ),
    "taint": (taint, ("node", "node-tainted")),
    "taint that holds nothing up yet": (latent_taint, ("node", "node-tainted")),
    "claim that is going": (lambda w: claim_going(w, roles.INFLUXDB), ("storage", "volume-missing")),
    "selector": (
        lambda w: pending(w, "1 node(s) didn't match Pod's node affinity/selector"),
        ("processor", "placement-impossible"),
    ),
    "claim": (lambda w: pending(w, 'persistentvolumeclaim "data-x" not found'), ("storage", "volume-missing")),
    "full": (lambda w: pending(w, "0/1 nodes are available: 1 Insufficient memory"), ("node", "node-full")),
    "hung": (
        lambda w: unready(w, roles.PROCESSOR, "Readiness probe failed: context deadline exceeded (Client.Timeout)"),
        ("processor", "process-hung"),
    ),
    "probe": (
        lambda w: unready(w, roles.PROCESSOR, "Readiness probe failed: HTTP probe failed with statuscode: 404"),
        ("processor", "probe-wrong"),
    ),
    "crash": (lambda w: crashed(w, 137, "Error", ready=True), ("producer", "process-crashed")),
    "crash of a container whose like was killed before": (
        crashed_after_a_probe_killed_the_one_before,
        ("producer", "process-crashed"),
    ),
    "killed by its probe": (killed_by_its_probe, ("producer", "process-hung")),
    "loop": (lambda w: crashed(w, 1, "Error", ready=False), ("producer", "crash-loop")),
    "no program": (lambda w: crashed(w, 128, "StartError", ready=False), ("producer", "container-cannot-start")),
    "memory": (lambda w: crashed(w, 137, "OOMKilled", ready=False), ("producer", "out-of-memory")),
    "evicted": (evicted, ("producer", "pod-evicted")),
    "own environment": (own_environment, ("producer", "setting-wrong")),
    "paused": (paused, ("processor", "rollout-paused")),
    "label": (unlabelled, ("producer", "label-wrong")),
    "coordinator": (coordinator_not_loaded, ("kafka", "partition-leaderless")),
    "dns": (dns_away, ("dns", "dns-down")),
}


@pytest.mark.parametrize("case", CASES)
def test_the_cause_is_named_first(case: str) -> None:
    breakage, expected = CASES[case]
    world = healthy()
    breakage(world)
    findings = diagnose(world.snapshot()).findings
    assert (findings[0].component, findings[0].cause.id) == expected
    assert findings[0].evidence


def test_two_faults_at_once_are_both_named() -> None:
    world = healthy()
    scale_to_0(world, roles.KAFKA)
    world.answers["grafana_datasources/loki"] = {"status": 500, "message": "no such host"}
    said = {(one.component, one.cause.id) for one in diagnose(world.snapshot()).findings}
    assert {("kafka", "scaled-to-zero"), ("grafana", "datasource-broken")} <= said


def test_what_lasts_is_told_before_noise_upstream_of_it() -> None:
    world = healthy()
    world.item("hpas", "processor-hpa")["spec"]["maxReplicas"] = 2
    young = world.pods(roles.KAFKA)[0]
    young["metadata"]["creationTimestamp"] = world.ago(8)
    young["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(8)}
    young["status"]["containerStatuses"][0] |= {"ready": False, "state": {"running": {"startedAt": world.ago(5)}}}
    first, *noise = diagnose(world.snapshot()).findings
    assert (first.component, first.cause.id) == ("hpa", "autoscaler-wrong")
    assert noise
    assert all(one.self_healing for one in noise)


def test_symptoms_downstream_are_not_told_beside_their_cause() -> None:
    world = healthy()
    scale_to_0(world, roles.KAFKA)
    unready(world, roles.PRODUCER, "Readiness probe failed: HTTP probe failed with statuscode: 503")
    assert [one.component for one in diagnose(world.snapshot()).findings] == ["kafka"]


def test_a_time_of_day_is_no_refused_token() -> None:
    world = healthy()
    line = f"{world.ago(5)} waiting for a broker at 05:11:50.401"
    world.answers["logs/processor"][0]["lines"].append(line)
    assert diagnose(world.snapshot()).healthy


@pytest.mark.parametrize(("ago", "named"), [(20, True), (150, False)])
def test_a_volume_is_full_while_somebody_still_says_so(ago: float, named: bool) -> None:
    world = healthy()
    line = '{"level": "ERROR", "message": "partial write: no space left on device"}'
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(ago)} {line}"]
    causes = {one.cause.id for one in diagnose(world.snapshot()).findings}
    assert ("volume-full" in causes) is named


def old_readings(world: World, writes: Callable[[float], float]) -> None:
    """The latency is past its level with no backlog; ``writes`` is the rate so many seconds ago."""
    world.answers["prometheus/end-to-end-latency"] = [{"metric": {}, "value": [NOW - 1, "300"]}]
    times = [15.0 * step for step in range(120, 0, -1)]
    world.answers["onset"] = {
        "producer-rate": [[NOW - ago, 18.0] for ago in times],
        "influxdb-writes": [[NOW - ago, writes(ago)] for ago in times],
    }


def test_readings_that_are_old_though_stored_at_once_are_a_clock_behind() -> None:
    world = healthy()
    old_readings(world, lambda ago: 28.0 if ago < 90 else 18.0)
    findings = diagnose(world.snapshot()).findings
    assert [(one.component, one.cause.id) for one in findings] == [("producer", "data-clock-wrong")]


def test_readings_that_are_old_after_writes_stood_still_are_a_backlog() -> None:
    world = healthy()
    old_readings(world, lambda ago: 0.0 if 60 < ago < 110 else 18.0)
    findings = diagnose(world.snapshot()).findings
    assert [(one.component, one.cause.id) for one in findings] == [("processor", "backlog-draining")]


def test_who_else_reads_in_the_processors_group_is_told() -> None:
    world = healthy()
    world.pods(roles.PROCESSOR)[0]["status"]["podIP"] = "10.244.0.7"
    world.answers["kafka_group"]["members"] += [
        {"id": "b", "host": "192.0.2.9", "partitions": [f"{PIPELINE.topics.readings}/1"]}
    ]
    stalled(world, "")
    findings = diagnose(world.snapshot()).findings
    said = [line for one in findings if one.cause.id == "processing-too-slow" for line in one.evidence]
    assert "192.0.2.9 reads 1 partitions and is not a processor" in said
    assert not any("10.244.0.7 reads" in line for line in said)


def test_who_certainly_is_no_processor_and_is_in_the_group_is_the_cause() -> None:
    world = healthy()
    joined("loopback")(world)
    stalled(world, "")
    (found,) = diagnose(world.snapshot()).findings
    assert (found.component, found.cause.id) == ("processor", "group-joined")
    assert "on a forwarded port, is in the group data-processor-group and reads 1 partitions" in found.summary


@pytest.mark.parametrize(("new", "cause"), [("rev-1", "pod-replaced"), ("rev-2", "rollout-under-way")])
def test_a_pod_of_a_statefulset_that_was_deleted_is_no_rollout(new: str, cause: str) -> None:
    world = healthy()
    pod = world.pods(roles.KAFKA)[0]
    pod["metadata"]["creationTimestamp"] = world.ago(1)
    pod["status"] = {"phase": "Pending", "conditions": []}
    counted = {"updatedReplicas": 0, "availableReplicas": 0, "currentRevision": "rev-1", "updateRevision": new}
    world.item("statefulsets", roles.KAFKA)["status"] |= counted
    findings = diagnose(world.snapshot()).findings
    assert ("kafka", cause) in {(one.component, one.cause.id) for one in findings}


@pytest.mark.parametrize(("ago", "said"), [(30, "pods started since"), (31, "no pod has started since")])
def test_a_pod_that_was_made_in_the_second_of_a_change_has_read_it(ago: float, said: str) -> None:
    world = healthy()
    world.item("configmaps", PIPELINE.config.config_map)["data"]["KAFKA_BROKER"] = "kafka-servise:9092"
    world.answers["changes"] = [
        {
            "kind": "ConfigMap",
            "name": PIPELINE.config.config_map,
            "time": world.ago(30),
            "fields": ["data.KAFKA_BROKER"],
        }
    ]
    for app in (roles.PRODUCER, roles.PROCESSOR):
        world.pods(app)[0]["metadata"]["creationTimestamp"] = world.ago(ago)
    first = diagnose(world.snapshot()).findings[0]
    assert any(said in line for line in first.evidence)


def test_who_asks_for_an_organisation_by_its_old_name_suffers_from_that() -> None:
    world = healthy()
    world.answers["influxdb_write"] = {"status": 404}
    uid = PIPELINE.dashboard.datasources[roles.INFLUXDB]
    said = 'invalid: failed to decode request body: organization name "conveyor" not found error reading'
    world.answers[f"grafana_datasources/{uid}"] = {"status": 400, "message": said}
    (found,) = diagnose(world.snapshot()).findings
    assert found.cause.id == "organisation-renamed"
    assert {"grafana", "processor", "config"} <= found.affects
