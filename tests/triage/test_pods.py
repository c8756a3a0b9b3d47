"""What is said of pods: since when, in whose words, for how long it is watched, and what is not told beside it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipeline_services.judgements.pods import OOM_RECENT
from pipeline_services.model import roles
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.walk import workflow
from pipeline_services.triage.walk.workflow import Stage
from tests.judgements.faults import DAY, second_pod, warning
from tests.judgements.known_bad.kafka import stalled
from tests.judgements.world import NOW, World, healthy
from tests.triage.test_rules import crashed, no_pod_of_producer


def idling(world: World) -> None:
    world.answers["kafka_group"] = {"state": "Empty", "members": []}
    refused = 'Get "http://10.244.0.9:8000/metrics": dial tcp 10.244.0.9:8000: connect: connection refused'
    for target in world.answers["prometheus_targets"]:
        if target["labels"]["job"] == roles.PROCESSOR:
            target |= {"health": "down", "lastError": refused}
    stalled(world, "growing")


def test_a_processor_that_idles_is_not_told_to_be_too_slow() -> None:
    world = healthy()
    idling(world)
    causes = [one.cause.id for one in diagnose(world.snapshot()).findings]
    assert sorted(causes) == ["partitions-unread", "port-closed"]


def test_last_log_lines_are_shown_without_what_only_programs_read() -> None:
    world = healthy()
    crashed(world, 2, "Error", ready=False)
    line = '{"time": "2026-11-26T18:16:32.001+00:00", "level": "ERROR", "message": "INFLUXDB_CA: there is no file /x"}'
    world.answers["logs/producer"][0]["previous"] = [f"{world.ago(20)} {line}"]
    found = diagnose(world.snapshot()).findings[0]
    assert found.summary.endswith("ERROR: INFLUXDB_CA: there is no file /x")
    assert "last log line: ERROR: INFLUXDB_CA: there is no file /x" in found.evidence


def test_pods_that_an_older_template_could_not_have_are_another_story() -> None:
    world = healthy()
    message = 'pods is forbidden: serviceaccount "x" not found'
    no_pod_of_producer(world, message)
    for name, ago in (("producer-old", 300), ("producer-new", 40)):
        warning(world, "ReplicaSet", name, "FailedCreate", message, ago=ago)
        world.answers["events"][-1]["firstTimestamp"] = world.ago(ago)
    found = diagnose(world.snapshot()).findings[0]
    assert found.since == pytest.approx(NOW - 40)
    assert not any("producer-old" in line for line in found.evidence)


def test_one_kill_for_memory_is_watched_as_long_as_it_is_news() -> None:
    world = healthy()
    crashed(world, 137, "OOMKilled", ready=True)
    found = diagnose(world.snapshot()).findings[0]
    assert found.self_healing
    assert found.summary.endswith("was killed, once")
    assert found.to_dict()["heals_within_seconds"] == OOM_RECENT + 15
    assert workflow.late(workflow.begin(found, NOW), NOW + 300).stage is Stage.WATCHING
    assert workflow.late(workflow.begin(found, NOW), NOW + OOM_RECENT + 20).level is Escalation.L3


@pytest.mark.parametrize(("rolled_out", "typed"), [(600, True), (7_200, False), (None, False)])
def test_nothing_is_rolled_back_that_was_not_rolled_out_lately(rolled_out: int | None, typed: bool) -> None:
    world = healthy()
    crashed(world, 137, "OOMKilled", ready=False)
    change = {"kind": "Deployment", "name": "producer", "manager": "kubectl", "fields": ["spec.template"]}
    world.answers["changes"] = [change | {"time": world.ago(rolled_out)}] if rolled_out else []
    found = diagnose(world.snapshot()).findings[0]
    assert found.cause.id == "out-of-memory"
    assert (any("rollout undo" in step for step in found.next), bool(found.undo)) == (typed, typed)


@pytest.mark.parametrize(
    ("ago", "cpu", "said"),
    [(5, "100m", (False, "pod-replaced")), (12, "100m", (True, "node-full")), (5, "64", (True, "request-too-large"))],
    ids=["another may make way", "none does", "none could"],
)
def test_a_pod_without_a_node_is_bad_for_checks_and_triage_alike(ago: float, cpu: str, said: tuple[bool, str]) -> None:
    world = healthy()
    pod = second_pod(world, roles.PRODUCER, age=ago)
    message = "0/1 nodes are available: 1 Insufficient cpu."
    placed = {"type": "PodScheduled", "status": "False", "message": message, "lastTransitionTime": world.ago(ago)}
    pod["status"] = {"phase": "Pending", "conditions": [placed]}
    pod["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu, "memory": "1Mi"}}
    diagnosis = diagnose(world.snapshot())
    first = diagnosis.findings[0].cause.id
    assert ("test_pods_ready[producer]" in diagnosis.red, first) == said


NOT_ENDED = [{"name": "wait-for-kafka", "state": {"running": {}}}]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"phase": "Running"}, "runs but is not ready"),
        ({"phase": "Pending"}, "is Pending: no container has started"),
        ({"phase": "Pending", "initContainerStatuses": NOT_ENDED},
         "is Pending: its init container wait-for-kafka has not ended"),
        ({"phase": "Pending", "conditions": []}, "is Pending: no scheduler has looked at it"),
    ],
)  # fmt: skip
def test_a_pod_that_is_not_ready_is_said_to_run_where_it_does(status: dict[str, Any], said: str) -> None:
    world = healthy()
    pod = second_pod(world, roles.PRODUCER, age=300)
    if status["phase"] == "Pending":
        pod["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "ContainerCreating"}}
    pod["status"] |= status
    found = [one for one in diagnose(world.snapshot()).findings if one.cause.id == "not-ready"]
    assert [one.summary for one in found] == [f"pod {pod['metadata']['name']} {said}"]


def not_gone(world: World, late: float) -> dict[str, Any]:
    """The grafana pod of before was deleted, and still has not gone so long after it should have."""
    old = copy.deepcopy(world.pods(roles.GRAFANA)[0])
    name = f"{old['metadata']['name'][:-5]}old01"
    old["metadata"] |= {"name": name, "uid": "old", "deletionTimestamp": world.ago(late)}
    world.answers["pods"].append(old)
    return old


def test_a_pod_that_does_not_go_is_told_though_another_took_its_place() -> None:
    world = healthy()
    not_gone(world, 30)
    assert diagnose(world.snapshot()).healthy
    world = healthy()
    old = not_gone(world, 90)
    found = diagnose(world.snapshot())
    assert "test_pods_ready[grafana]" in found.red
    (told,) = found.findings
    assert told.cause.id == "pod-stuck-ending"
    assert told.next[-1].endswith("--force")
    old["metadata"]["finalizers"] = ["example.com/hold"]
    old["status"]["phase"] = "Succeeded"  # its program has ended, and it is still there
    (held,) = diagnose(world.snapshot()).findings
    assert "example.com/hold holds it" in held.summary
    assert '"finalizers":null' in held.next[-1]


@pytest.mark.parametrize(
    ("began", "ended", "counts"),
    [(60 * DAY, 20 * DAY, False), (20 * DAY, 3_600, False), (7_200, 3_600, True), (None, 3_600, True)],
    ids=["long ago", "one reboot today", "again and again today", "nobody knows"],
)
def test_restarts_count_while_they_are_news(began: float | None, ended: float, counts: bool) -> None:
    world = healthy()
    pod = world.pods(roles.INFLUXDB)[0]
    pod["metadata"]["creationTimestamp"] = world.ago(200 * DAY)
    last = {"reason": "Unknown", "exitCode": 255, "finishedAt": world.ago(ended)}
    last |= {"startedAt": world.ago(began)} if began else {}
    state = {"running": {"startedAt": world.ago(ended)}}
    pod["status"]["containerStatuses"][0] |= {"restartCount": 6, "state": state, "lastState": {"terminated": last}}
    found = diagnose(world.snapshot())
    assert [one.cause.id for one in found.findings] == (["restarted-often"] if counts else [])
    assert ("test_key_metric[pod-restarts-influxdb]" in found.red) == counts


def test_a_crash_after_a_year_of_reboots_is_no_loop() -> None:
    world = healthy()
    pod = world.pods(roles.PRODUCER)[0]
    container = pod["status"]["containerStatuses"][0]
    last = {"reason": "Error", "exitCode": 1, "startedAt": world.ago(30 * DAY), "finishedAt": world.ago(10)}
    container |= {"restartCount": 6, "ready": False, "lastState": {"terminated": last}}
    container["state"] = {"running": {"startedAt": world.ago(9)}}
    pod["status"]["conditions"][1] |= {"status": "False"}
    found = diagnose(world.snapshot())
    assert [one.cause.id for one in found.findings] == ["process-crashed"]
    assert "test_pods_ready[producer]" not in found.red
