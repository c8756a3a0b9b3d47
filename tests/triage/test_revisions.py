"""A rollback names the revision that it goes to, its undo the one it came from: typed again, neither does anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline_services.model import roles
from pipeline_services.model.text import rfc3339
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.revisions import options
from tests.judgements.world import NOW, World, healthy
from tests.triage.test_rules import crashed, pending


def kept(kind: str, owner: str, number: int) -> dict[str, Any]:
    """A revision as the cluster keeps it: of a Deployment its ReplicaSet, else a ControllerRevision."""
    owners = [{"kind": kind, "name": owner}]
    metadata = {"name": f"{owner}-{number}", "ownerReferences": owners, "creationTimestamp": rfc3339(NOW - 7_200)}
    if kind == "Deployment":
        return {"metadata": {**metadata, "annotations": {"deployment.kubernetes.io/revision": str(number)}}}
    return {"metadata": metadata, "revision": number}


@pytest.mark.parametrize(
    ("numbers", "back", "forward"),
    [((10, 2, 7), " --to-revision=7", " --to-revision=10"), ((10,), "", ""), ((), "", "")],
    ids=["three", "one", "unknown"],
)
@pytest.mark.parametrize(
    ("kind", "source"),
    [("Deployment", "replicasets"), ("StatefulSet", "controllerrevisions"), ("DaemonSet", "controllerrevisions")],
)
def test_the_two_newest_revisions_are_named(
    kind: str, source: str, numbers: tuple[int, ...], back: str, forward: str
) -> None:
    world = healthy()
    owned = [*(("mine", one) for one in numbers), ("other", 8), ("other", 11)]
    world.answers[source] = [kept(kind, owner, one) for owner, one in owned]
    found = options(Evidence(world.snapshot()), f"{kind.lower()}/mine")
    assert found == {"to_previous": back, "to_current": forward}


def test_a_rollback_typed_twice_does_not_bring_the_fault_back() -> None:
    world = healthy()
    crashed(world, 137, "OOMKilled", ready=False)
    change = {"kind": "Deployment", "name": "producer", "manager": "kubectl", "fields": ["spec.template"]}
    world.answers["changes"] = [change | {"time": world.ago(600)}]
    world.answers["replicasets"] = [kept("Deployment", "producer", 3), kept("Deployment", "producer", 4)]
    found = diagnose(world.snapshot()).findings[0]
    assert found.next[-1].endswith(" rollout undo deployment/producer -n conveyor-pipeline --to-revision=3")
    assert found.undo.endswith(" rollout undo deployment/producer -n conveyor-pipeline --to-revision=4")


def waits(world: World, reason: str, message: str) -> None:
    """The only pod of Grafana was replaced a quarter of an hour ago, and its container waits."""
    pod = world.pods(roles.GRAFANA)[0]
    pod["metadata"]["creationTimestamp"] = world.ago(900)
    pod["status"]["phase"] = "Pending"
    pod["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(900)}
    container = pod["status"]["containerStatuses"][0]
    container |= {"ready": False, "state": {"waiting": {"reason": reason, "message": message}}}


def cannot_be_placed(world: World) -> None:
    """Nor can a pod of the processor be, since the node has lost a label."""
    pending(world, "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")


LIMITED = 'Back-off pulling image "grafana:10": unexpected status code 429 Too Many Requests - toomanyrequests: limit'
UNTRUSTED = 'Head "https://r.example/v2": tls: failed to verify certificate: x509: certificate has expired'
FULL = "failed to extract layer sha256:aa: write /var/lib/containerd/x: no space left on device"
MONTHS, LATELY = 90 * 86_400, 900
BREAKS: dict[str, tuple[str, Callable[[World], None]]] = {
    "image-unavailable": (roles.GRAFANA, lambda world: waits(world, "ImagePullBackOff", LIMITED)),
    "container-cannot-start": (
        roles.GRAFANA,
        lambda world: waits(world, "CreateContainerError", "context deadline exceeded"),
    ),
    "crash-loop": (roles.PRODUCER, lambda world: crashed(world, 1, "Error", ready=False)),
    "placement-impossible": (roles.PROCESSOR, cannot_be_placed),
}


@pytest.mark.parametrize(
    ("ago", "numbers", "progress", "typed"),
    [
        (LATELY, (3, 4), "NewReplicaSetAvailable", True),
        (LATELY, (4,), "NewReplicaSetAvailable", False),
        (MONTHS, (3, 4), "NewReplicaSetAvailable", False),
        (7_200, (3, 4), "ProgressDeadlineExceeded", True),
    ],
    ids=["rolled out lately", "nothing to go back to", "unchanged for months", "rolled out at night, never complete"],
)
@pytest.mark.parametrize("cause", BREAKS)
def test_only_what_was_rolled_out_is_rolled_back(
    cause: str, ago: float, numbers: tuple[int, ...], progress: str, typed: bool
) -> None:
    world = healthy()
    app, breaks = BREAKS[cause]
    breaks(world)
    change = {"kind": "Deployment", "name": app, "manager": "kubectl", "fields": ["spec.template.spec.containers"]}
    world.answers["changes"] = [change | {"time": world.ago(ago)}]
    world.answers["replicasets"] = [kept("Deployment", app, number) for number in numbers]
    conditions = world.workload(app)["status"].setdefault("conditions", [])
    conditions[:] = [one for one in conditions if one["type"] != "Progressing"]
    conditions.append({"type": "Progressing", "status": "True", "reason": progress})
    found = diagnose(world.snapshot()).findings[0]
    assert found.cause.id == cause
    assert (any("rollout undo" in step for step in found.next), bool(found.undo)) == (typed, typed)
    assert found.next, "there is nothing to look at"
    assert found.mends == typed


def test_a_stateful_set_whose_rollout_never_completed_is_rolled_back_however_late() -> None:
    world = healthy()
    pod = world.pods(roles.INFLUXDB)[0]
    pod["status"]["conditions"][1] |= {"status": "False"}
    pod["status"]["containerStatuses"][0] |= {"ready": False, "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    world.answers["controllerrevisions"] = [kept("StatefulSet", "influxdb", number) for number in (1, 2)]
    status = world.workload(roles.INFLUXDB)["status"]
    status |= {"currentRevision": "influxdb-1", "updateRevision": "influxdb-2"}
    assert diagnose(world.snapshot()).findings[0].undo.endswith("--to-revision=2")
    status["currentRevision"] = "influxdb-2"
    assert not diagnose(world.snapshot()).findings[0].mends


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (LIMITED, "cannot be pulled: 429 Too Many Requests"),
        (UNTRUSTED, "cannot be pulled: x509: certificate has expired"),
        (FULL, "cannot be pulled: no space left on device"),
        ("Back-off pulling image", "cannot be pulled"),
    ],
)
def test_why_an_image_is_refused_is_said_first(message: str, said: str) -> None:
    world = healthy()
    waits(world, "ErrImagePull", message)
    assert diagnose(world.snapshot()).findings[0].summary.endswith(said)


@pytest.mark.parametrize(
    ("revision", "partition", "deleted"),
    [("influxdb-bad", 0, True), ("influxdb-good", 0, False), ("influxdb-bad", 1, False)],
    ids=["of the template before", "of the template", "held back"],
)
def test_a_broken_pod_that_a_stateful_set_waits_for_is_deleted(revision: str, partition: int, deleted: bool) -> None:
    world = healthy()
    pod, workload = world.pods(roles.INFLUXDB)[0], world.workload(roles.INFLUXDB)
    pod["metadata"]["labels"]["controller-revision-hash"] = revision
    pod["status"]["conditions"][1] |= {"status": "False"}
    pod["status"]["containerStatuses"][0] |= {"ready": False, "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    workload["spec"]["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}
    workload["status"] |= {"currentRevision": "influxdb-good", "updateRevision": "influxdb-good"}
    change = {"kind": "StatefulSet", "name": "influxdb", "manager": "kubectl-edit", "fields": ["spec.template.spec"]}
    world.answers["changes"] = [change | {"time": world.ago(300)}]
    world.answers["controllerrevisions"] = [kept("StatefulSet", "influxdb", number) for number in (2, 3)]
    found = diagnose(world.snapshot()).findings[0]
    assert found.cause.id == "image-unavailable"
    assert found.next[-1].endswith("delete pod -n conveyor-pipeline influxdb-0") == deleted
    assert any("rollout undo" in step for step in (*found.next, found.undo)) != deleted
    assert found.summary.endswith("waits for this pod") == deleted
