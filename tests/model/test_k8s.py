"""What the fields of Kubernetes objects mean, and what it means when one is missing."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.model.configuration import SecretKey
from pipeline_services.model.errors import NoData, UnexpectedAnswer
from pipeline_services.model.k8s import (
    Reference,
    age_since_start,
    claims_of,
    closing_taints,
    condition_since,
    condition_status,
    deleted_at,
    encoded,
    endpoints_of,
    epoch,
    first_seen,
    is_complete,
    is_ready,
    is_running,
    is_terminating,
    is_true,
    labels_of,
    last_seen,
    progress_of,
    ready_since,
    references_of,
    restarts_of,
    secret_text,
    secret_value,
    stamped,
    started_at,
    times_seen,
    uid_of,
)

BORN, STARTED, READY = (f"2026-01-01T00:00:{second}Z" for second in ("00", "10", "20"))
COUNTS = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
NODES = {"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}


def pod(**status: Any) -> dict[str, Any]:
    metadata = {"name": "kafka-0", "uid": "1", "creationTimestamp": BORN}
    return {"metadata": metadata, "spec": {"containers": [{"name": "kafka"}]}, "status": status}


def running(ready: str = "True", phase: str = "Running") -> dict[str, Any]:
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": READY}
    states = [{"restartCount": 2, "state": {"running": {"startedAt": at}}} for at in (BORN, STARTED)]
    return pod(phase=phase, conditions=[condition], containerStatuses=states)


def workload(wanted: int | None = 2, **status: int) -> dict[str, Any]:
    spec = {} if wanted is None else {"replicas": wanted}
    return {"metadata": {"name": "x", "generation": 3}, "spec": spec, "status": {"observedGeneration": 3, **status}}


def test_an_object_that_says_nothing_is_nothing() -> None:
    bare = {"metadata": {"name": "x", "labels": None}}
    assert (labels_of(bare), uid_of(bare), is_terminating(bare), deleted_at(bare)) == ({}, "", False, None)
    assert (condition_status(bare, "Ready"), condition_since(bare, "Ready")) == ("", None)
    assert (is_ready(bare), ready_since(bare), started_at(bare), restarts_of(bare)) == (False, None, None, 0)


@pytest.mark.parametrize(("ready", "phase", "expected"), [("True", "Running", True), ("False", "Running", False)])
def test_a_pod_is_ready_when_it_runs_and_all_its_containers_are(ready: str, phase: str, expected: bool) -> None:
    assert is_ready(running(ready, phase)) is expected
    assert ready_since(running(ready, phase)) == (epoch(READY) if expected else None)
    assert not is_ready(running(ready, "Failed"))


def test_the_youngest_container_says_since_when_a_pod_runs() -> None:
    now = epoch(BORN) + 60
    assert started_at(running()) == epoch(STARTED)
    assert (age_since_start(running(), now), age_since_start(pod(), now)) == (50, 60)
    assert restarts_of(running()) == 4


def test_a_container_that_waits_does_not_run() -> None:
    assert not is_running({"state": {"waiting": {"reason": "CrashLoopBackOff"}}})
    assert is_running({"state": {"running": {}}})


def test_a_deletion_was_asked_for_before_its_grace_is_over() -> None:
    leaving = {"metadata": {"name": "x", "deletionTimestamp": READY, "deletionGracePeriodSeconds": 5}}
    assert is_terminating(leaving)
    assert deleted_at(leaving) == epoch(READY) - 5


@pytest.mark.parametrize(
    ("item", "complete"),
    [
        (workload(**COUNTS), True),
        (workload(**{**COUNTS, "observedGeneration": 2}), False),
        (workload(**{**COUNTS, "replicas": 3}), False),
        (workload(**{**COUNTS, "updatedReplicas": 1}), False),
        (workload(**{**COUNTS, "availableReplicas": 1}), False),
        (workload(0), False),
        (workload(None), False),
        (workload(None, replicas=1, updatedReplicas=1, availableReplicas=1), True),
        (workload(None, **NODES), True),
        (workload(None, **{**NODES, "numberAvailable": 0}), False),
        (workload(None, **{**NODES, "currentNumberScheduled": 1}), False),
        (workload(None, **dict.fromkeys(NODES, 0)), False),
    ],
    ids=[
        *(
            "complete",
            "not seen yet",
            "old pod left",
            "old pods",
            "not available",
            "scaled to 0",
            "new",
            "one by default",
        ),
        *("daemons", "daemon not available", "node without one", "daemons nowhere"),
    ],
)
def test_a_workload_is_complete_when_all_its_pods_are_new_and_available(item: dict[str, Any], complete: bool) -> None:
    assert is_complete(item) is complete


def test_nothing_is_left_to_roll_out_where_no_pod_is_wanted() -> None:
    assert progress_of(workload(0)).complete


def test_an_event_is_dated_by_what_it_says_of_itself() -> None:
    series = {"series": {"lastObservedTime": READY, "count": 7}, "lastTimestamp": STARTED, "firstTimestamp": BORN}
    assert (last_seen(series), first_seen(series), times_seen(series)) == (epoch(READY), epoch(BORN), 7)
    written = {"metadata": {"creationTimestamp": BORN}}
    assert (last_seen(written), first_seen(written), times_seen(written)) == (epoch(BORN), epoch(BORN), 1)
    assert last_seen({}) == 0


def test_a_log_line_has_its_time_in_front_or_is_the_kubelets_own() -> None:
    assert stamped("2026-01-01T00:00:20.123456789Z up and running") == (epoch(READY) + 0.123456, "up and running")
    assert stamped("unable to retrieve container logs") is None


def test_a_time_that_is_none_is_an_unexpected_answer() -> None:
    with pytest.raises(UnexpectedAnswer, match="yesterday"):
        epoch("yesterday")


def test_a_pod_reads_config_maps_and_secrets_in_four_ways() -> None:
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "a"}}}, {"name": "B", "value": "b"}]
    template = {
        "spec": {
            "initContainers": [{"envFrom": [{"configMapRef": {"name": "c", "optional": True}}]}],
            "containers": [{"env": env}],
            "volumes": [
                {"secret": {"secretName": "tls", "items": [{"key": "ca.crt"}, {"key": "tls.crt"}]}},
                {"configMap": {"name": "files"}},
                {"persistentVolumeClaim": {"claimName": "data-kafka-0"}},
                {"emptyDir": {}},
            ],
        }
    }
    assert list(references_of(template)) == [
        Reference("ConfigMap", "c", "", optional=True),
        Reference("Secret", "s", "a", optional=False),
        Reference("Secret", "tls", "ca.crt", optional=False),
        Reference("Secret", "tls", "tls.crt", optional=False),
        Reference("ConfigMap", "files", "", optional=False),
    ]
    assert claims_of(template) == ["data-kafka-0"]


def test_a_secrets_value_is_what_was_put_in() -> None:
    secrets = [{"metadata": {"name": "s"}, "data": encoded({"token": b"\x00secret"})}]
    assert secret_value(secrets, "s", "token") == b"\x00secret"
    with pytest.raises(NoData, match="the secret s has no key other"):
        secret_value(secrets, "s", "other")
    with pytest.raises(NoData, match="there is no secret t"):
        secret_value(secrets, "t", "token")
    with pytest.raises(UnexpectedAnswer, match="secret s is not Base64"):
        secret_value([{"metadata": {"name": "s"}, "data": {"token": "a"}}], "s", "token")


def test_a_token_is_what_was_put_in_but_for_the_end_of_its_line() -> None:
    secrets = [{"metadata": {"name": "s"}, "data": encoded({"token": b"t0ken\n", "broken": b"a\xff"})}]
    assert secret_text(secrets, SecretKey("s", "token")) == "t0ken"
    assert secret_text(secrets, SecretKey("s", "broken")) == "a\ufffd"
    with pytest.raises(NoData, match="the secret s has no key other"):
        secret_text(secrets, SecretKey("s", "other"))


def test_a_taint_that_somebody_set_closes_a_node() -> None:
    keys = ("mine", "node.kubernetes.io/not-ready")
    taints = [{"key": key, "effect": "NoSchedule"} for key in keys]
    node = {"spec": {"taints": [*taints, {"key": "soft", "effect": "PreferNoSchedule"}]}}
    assert closing_taints(node) == ["mine"]
    assert closing_taints({}) == []


def test_an_endpoint_that_does_not_say_is_ready() -> None:
    silent, ready, not_ready = {}, {"conditions": {"ready": True}}, {"conditions": {"ready": False}}
    endpoint_slice = {"endpoints": [silent, ready, not_ready]}
    assert endpoints_of(endpoint_slice, ready=True) == [silent, ready]
    assert endpoints_of(endpoint_slice, ready=False) == [not_ready]


def test_a_condition_that_is_unknown_is_not_true() -> None:
    assert not is_true({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, "Ready")
