"""Faults of objects, templates, room and stores: what they send, and that their undo restores just what was."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from pipeline_services.faults import capacity, objects, stores, templates
from pipeline_services.faults.injection import perform
from pipeline_services.faults.journal import Call, Command
from pipeline_services.faults.model import Fault
from pipeline_services.model.component import Component
from pipeline_services.model.errors import Conflict, NoData, PreconditionNotMet
from tests.faults.both_steps import both_steps
from tests.faults.test_faults import merge

NS = "/api/v1/namespaces/ns"
APPS = "/apis/apps/v1/namespaces/ns"
SERVICE = f"{NS}/services/kafka-service"
DEPLOYMENT = f"{APPS}/deployments/producer"
PRODUCER = Component("producer", "producer", "Deployment", {"app": "producer"}, container="producer")
NODE = "/api/v1/nodes/one"


class Server:
    """An API server in memory that keeps what is posted under its name."""

    def __init__(self, objects: dict[str, Any]) -> None:
        self.objects = objects

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        if method == "POST":
            path = f"{path}/{body['metadata']['name']}"
            if path in self.objects:
                raise Conflict(f"{path} is there")
            self.objects[path] = body
        path = path.partition("?")[0]
        if path not in self.objects:
            raise NoData(f"no {path}")
        if method == "PATCH":
            self.objects[path] = merge(self.objects[path], body)
        return self.objects.pop(path) if method == "DELETE" else self.objects[path]


BROKER = stores.Server("ns", "kafka-0_ns_kafka", "localhost:9092")
STORE = stores.Server("ns", "influxdb-0_ns_influxdb", "https://localhost:8086", "s3cret")


def holds(fault: Fault) -> tuple[bool, bool]:
    """Whether it has landed and whether it is gone."""
    assert fault.landed is not None
    assert fault.gone is not None
    return bool(fault.landed.holds()), bool(fault.gone.holds())


def container() -> dict[str, Any]:
    return {
        "name": "producer",
        "image": "localhost:5000/apps:1",
        "env": [{"name": "POD_NAME", "value": "x"}],
        "ports": [{"name": "http", "containerPort": 8000}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 2},
        "resources": {"requests": {"cpu": "90m"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    }


def deployment() -> dict[str, Any]:
    pod = {"containers": [container()], "volumes": [{"name": "data", "emptyDir": {}}, {"name": "tmp"}]}
    status = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    return {
        "metadata": {"name": "producer", "generation": 1, "annotations": {"a": "b"}},
        "spec": {"replicas": 1, "template": {"metadata": {}, "spec": pod}},
        "status": status,
    }


def service() -> dict[str, Any]:
    server_side = {"uid": "1", "resourceVersion": "7", "creationTimestamp": "x", "managedFields": []}
    metadata = {"name": "kafka-service", "namespace": "ns", "labels": {"app": "kafka"}, **server_side}
    return {"kind": "Service", "metadata": metadata, "spec": {"clusterIP": "10.0.0.7"}, "status": {"x": 1}}


def test_what_is_deleted_is_posted_again_without_what_only_the_server_says() -> None:
    server = Server({SERVICE: service()})
    fault = objects.deleted(server, "services", "kafka-service", "ns")
    assert holds(fault) == (False, True)
    perform(server, fault.inject)
    assert holds(fault) == (True, False)
    perform(server, fault.undo)
    assert server.objects[SERVICE] == {
        "kind": "Service",
        "metadata": {"name": "kafka-service", "namespace": "ns", "labels": {"app": "kafka"}},
        "spec": {"clusterIP": "10.0.0.7"},
    }
    assert holds(fault) == (False, True)


def test_what_nobody_can_change_is_made_anew_and_back() -> None:
    server = Server({SERVICE: service()})
    headless = {"clusterIP": "None"}
    fault = objects.made_anew(server, "services", "kafka-service", "ns", summary="no address", spec=headless)
    assert holds(fault) == (False, True)
    perform(server, fault.inject)
    assert server.objects[SERVICE]["spec"] == headless
    assert holds(fault) == (True, False)
    perform(server, fault.undo)
    assert server.objects[SERVICE]["spec"] == {"clusterIP": "10.0.0.7"}
    assert holds(fault) == (False, True)


def test_the_copy_is_taken_before_the_object_goes() -> None:
    server = Server({SERVICE: service()})
    fault = objects.deleted(server, "services", "kafka-service", "ns")
    server.objects[SERVICE]["spec"]["clusterIP"] = "changed"
    (post,) = fault.undo
    assert isinstance(post, Call)
    assert post.body is not None
    assert post.body["spec"] == {"clusterIP": "10.0.0.7"}


def test_what_is_made_carries_the_run_and_is_deleted() -> None:
    server = Server({})
    fault = capacity.quota(server, "ns", {"pods": "3"})
    perform(server, fault.inject)
    made = server.objects[f"{NS}/resourcequotas/team-quota"]
    assert made["spec"] == {"hard": {"pods": "3"}}
    assert "conveyor.io/fault" in made["metadata"]["labels"]
    assert holds(fault) == (True, False)
    perform(server, fault.undo)
    assert server.objects == {}


@pytest.mark.parametrize(
    ("edit", "field", "value"),
    [
        (templates.image("v2"), "image", "localhost:5000/apps:v2"),
        (templates.command(["no-such"]), "command", ["no-such"]),
        (
            templates.probe("readinessProbe", {"httpGet": {"path": "/x"}}),
            "readinessProbe",
            {"httpGet": {"path": "/x"}, "periodSeconds": 2},
        ),
        (
            templates.resources({"memory": "1Mi"}, {"memory": "2Mi"}),
            "resources",
            {"requests": {"cpu": "90m", "memory": "1Mi"}, "limits": {"cpu": "1", "memory": "2Mi"}},
        ),
        (
            templates.environment_twice("A", "x", "y"),
            "env",
            [{"name": "POD_NAME", "value": "x"}, {"name": "A", "value": "x"}, {"name": "A", "value": "y"}],
        ),
        (templates.port_of_the_node(80), "ports", [{"name": "http", "containerPort": 8000, "hostPort": 80}]),
    ],
)
def test_an_edit_changes_its_field_alone_and_is_put_back(edit: templates.Edit, field: str, value: Any) -> None:
    server = Server({DEPLOYMENT: deployment()})
    fault = templates.edited(server, PRODUCER, "ns", edit, summary="x")
    perform(server, fault.inject)
    (changed,) = server.objects[DEPLOYMENT]["spec"]["template"]["spec"]["containers"]
    assert changed == {**container(), field: value}
    perform(server, fault.undo)
    assert server.objects[DEPLOYMENT] == deployment()


def test_a_selector_and_a_volume_are_put_back_too() -> None:
    for edit in (templates.node_selector({"disk": "ssd"}), templates.volume_from_claim("data", "claim")):
        server = Server({DEPLOYMENT: deployment()})
        fault = templates.edited(server, PRODUCER, "ns", edit, summary="x")
        perform(server, fault.inject)
        assert server.objects[DEPLOYMENT]["spec"] != deployment()["spec"]
        perform(server, fault.undo)
        assert server.objects[DEPLOYMENT] == deployment()


def test_an_image_without_a_tag_gets_one() -> None:
    pod = {"containers": [{"name": "a", "image": "localhost/apps"}]}
    templates.image("v2")(pod, "a")
    assert pod["containers"][0]["image"] == "localhost/apps:v2"


def test_an_edit_without_effect_or_target_is_refused() -> None:
    server = Server({DEPLOYMENT: deployment()})
    with pytest.raises(PreconditionNotMet, match="like that already"):
        templates.edited(server, PRODUCER, "ns", templates.image("1"), summary="x")
    with pytest.raises(PreconditionNotMet, match="no container nobody"):
        templates.edited(server, replace(PRODUCER, container="nobody"), "ns", templates.image("2"), summary="x")


def test_a_cordon_is_undone_and_needs_a_node_that_takes_pods() -> None:
    server = Server({NODE: {"metadata": {}, "spec": {}}})
    before = copy.deepcopy(server.objects[NODE])
    fault = capacity.cordoned(server, "one")
    perform(server, fault.inject)
    assert server.objects[NODE]["spec"] == {"unschedulable": True}
    with pytest.raises(PreconditionNotMet, match="cordoned already"):
        capacity.cordoned(server, "one")
    perform(server, fault.undo)
    assert server.objects[NODE] == {**before, "metadata": {"annotations": {}}}
    with pytest.raises(ValueError, match="explicit target"):
        capacity.cordoned(server, "")


def test_a_cordon_shows_in_its_taint() -> None:
    server = Server({NODE: {"metadata": {}, "spec": {}}})
    fault = capacity.cordoned(server, "one")
    assert holds(fault) == (False, True)
    server.objects[NODE]["spec"]["taints"] = [{"key": "other"}, {"key": "node.kubernetes.io/unschedulable"}]
    assert holds(fault) == (True, False)


def test_the_active_replica_set_is_woken_and_left_as_it_was() -> None:
    sets = [
        {"metadata": {"name": "old"}, "spec": {"replicas": 0}},
        {"metadata": {"name": "new"}, "spec": {"replicas": 1}},
    ]
    server = Server({f"{APPS}/replicasets": {"items": sets}, f"{APPS}/replicasets/new": {"metadata": {}}})
    steps = capacity.waking(server, PRODUCER, "ns")
    assert {step.path for step in steps} == {f"{APPS}/replicasets/new"}
    perform(server, steps)
    assert server.objects[f"{APPS}/replicasets/new"] == {"metadata": {"annotations": {}}}
    sets[1]["spec"] = {"replicas": 0}
    with pytest.raises(PreconditionNotMet, match="no ReplicaSet"):
        capacity.waking(server, PRODUCER, "ns")


def test_a_topic_is_made_again_with_its_partitions() -> None:
    fault = stores.topic_deleted(BROKER, "readings", 6)
    delete, make = both_steps(fault, Command)
    assert delete.words[7:] == ["delete", "readings"]
    assert make.words[7:] == ["create", "readings", "6"]


def test_a_buckets_token_is_never_told() -> None:
    fault = stores.bucket_renamed(STORE, "0a1b", "sensor-data", "archive")
    rename, back = both_steps(fault, Command)
    assert rename.words[-3:] == ["0a1b", "--name", "archive"]
    assert back.words[-3:] == ["0a1b", "--name", "sensor-data"]
    assert "s3cret" not in f"{fault.summary} {rename} {back}"


def test_a_token_is_refused_and_accepted_again_and_the_operators_never_told() -> None:
    fault = stores.token_refused(STORE, "0a1b")
    refuse, accept = both_steps(fault, Command)
    assert refuse.words[4:] == ["influxdb-0_ns_influxdb", STORE.address, "s3cret", "inactive", "0a1b"]
    assert accept.words[6:] == ["s3cret", "active", "0a1b"]
    assert "s3cret" not in f"{fault.summary} {refuse} {accept}"


@pytest.mark.parametrize(
    ("fault", "whom"),
    [
        (
            stores.topic_set(BROKER, "readings", {"retention.ms": "1", "segment.ms": "2"}),
            "topics --entity-name readings",
        ),
        (stores.clients_limited(BROKER, {"retention.ms": "1", "segment.ms": "2"}), "clients --entity-default"),
    ],
)
def test_what_the_broker_is_told_is_taken_away_again(fault: Fault, whom: str) -> None:
    add, delete = both_steps(fault, Command)
    assert add.words[4:] == [
        BROKER.container,
        BROKER.address,
        "",
        f"--entity-type {whom}",
        "--add-config retention.ms=1,segment.ms=2",
    ]
    assert delete.words[4:] == [
        BROKER.container,
        BROKER.address,
        "",
        f"--entity-type {whom}",
        "--delete-config retention.ms,segment.ms",
    ]
