"""The faults of what nobody declared: what they make, and that nothing of it is left after their undo."""

from __future__ import annotations

import copy
from typing import Any, cast

import pytest

from chaos.fault_builders import extra_objects, undeclared
from pipeline_services.experiment.scenario import FaultBuilder
from pipeline_services.faults.injection import perform
from pipeline_services.faults.journal import Call, Command
from pipeline_services.faults.model import Fault, Proof
from tests.chaos.test_fault_builders import PRODUCER, pipeline
from tests.faults.both_steps import both_steps
from tests.faults.test_object_faults import APPS, NS, deployment, holds

RIGHTS = "/apis/rbac.authorization.k8s.io/v1/namespaces/ns/rolebindings/prometheus"
FILES = f"{NS}/configmaps/kafka-config"
GRAFANA = f"{APPS}/deployments/grafana"


def played(build: FaultBuilder, objects: dict[str, Any]) -> tuple[Fault, dict[str, Any]]:
    """The fault, and all objects while it is in force; after the undo they have to be as before."""
    found = pipeline(copy.deepcopy(objects))
    fault = build(cast("Any", found))
    perform(found.api, fault.inject)
    meanwhile = copy.deepcopy(found.api.objects)
    if fault.landed:
        assert holds(fault) == (True, False)
    perform(found.api, fault.undo)
    for known in found.api.objects.values():
        known["metadata"].pop("annotations", None)
    assert found.api.objects == objects
    return fault, meanwhile


@pytest.mark.parametrize(
    ("build", "path", "spec"),
    [
        (
            extra_objects.open_on_nodes("kafka"),
            f"{NS}/services/kafka-public",
            {"type": "NodePort", "selector": {"app": "kafka"}, "ports": [{"port": 9092}]},
        ),
        (
            extra_objects.never_drained("kafka"),
            "/apis/policy/v1/namespaces/ns/poddisruptionbudgets/kafka-stays",
            {"minAvailable": 1, "selector": {"matchLabels": {"app": "kafka"}}},
        ),
        (
            extra_objects.limits(memory="32Mi"),
            f"{NS}/limitranges/team-limits",
            {"limits": [{"type": "Container", "max": {"memory": "32Mi"}}]},
        ),
        (
            extra_objects.open_by_an_ingress("grafana"),
            "/apis/networking.k8s.io/v1/namespaces/ns/ingresses/grafana-public",
            {"defaultBackend": {"service": {"name": "grafana-service", "port": {"number": 3000}}}},
        ),
        (extra_objects.just_enough, f"{NS}/resourcequotas/team-quota", {"hard": {"pods": "1"}}),
    ],
)
def test_an_object_is_made_and_taken_away(build: FaultBuilder, path: str, spec: dict[str, Any]) -> None:
    _, meanwhile = played(build, {})
    assert meanwhile[path]["spec"] == spec


def test_an_address_by_hand_is_of_the_service_and_of_no_controller() -> None:
    _, meanwhile = played(extra_objects.address_by_hand("grafana"), {})
    (made,) = meanwhile.values()
    assert made["metadata"]["labels"]["kubernetes.io/service-name"] == "grafana-service"
    assert made["endpoints"] == [{"addresses": [extra_objects.NOBODY], "conditions": {"ready": True}}]
    assert "ownerReferences" not in made["metadata"]


def test_a_volume_is_told_to_stay_and_to_go_again() -> None:
    claim = {"metadata": {"name": "data-prometheus"}, "spec": {"volumeName": "pvc-1"}}
    volume = {"metadata": {"name": "pvc-1"}, "spec": {"persistentVolumeReclaimPolicy": "Delete"}}
    path, claims = "/api/v1/persistentvolumes/pvc-1", f"{NS}/persistentvolumeclaims/data-prometheus"
    _, meanwhile = played(undeclared.volume_kept("prometheus"), {claims: claim, path: volume})
    assert meanwhile[path]["spec"] == {"persistentVolumeReclaimPolicy": "Retain"}


def test_rights_are_taken_away_and_given_back() -> None:
    binding = {"metadata": {"name": "prometheus", "namespace": "ns"}, "roleRef": {"name": "prometheus"}}
    _, meanwhile = played(undeclared.rights_gone("RoleBinding", "prometheus"), {RIGHTS: binding})
    assert meanwhile == {}


def test_rights_are_given_to_an_account_of_the_pipelines_pods() -> None:
    _, meanwhile = played(extra_objects.given_rights("prometheus", "view"), {})
    (made,) = meanwhile.values()
    assert made["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    assert made["subjects"] == [{"kind": "ServiceAccount", "name": "prometheus", "namespace": "ns"}]


def test_a_webhook_of_the_whole_cluster_is_asked_about_one_apps_pods_in_one_namespace() -> None:
    _, meanwhile = played(extra_objects.webhook_without_answer("grafana"), {})
    ((path, made),) = meanwhile.items()
    [webhook] = made["webhooks"]
    assert path.endswith("/validatingwebhookconfigurations/pod-guard")
    assert webhook["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "ns"}}
    assert webhook["objectSelector"] == {"matchLabels": {"app": "grafana"}}


def test_a_copy_of_a_workload_has_its_labels_and_a_selector_of_its_own() -> None:
    found = pipeline({PRODUCER: deployment()})
    fault = extra_objects.second_workload("producer")(cast("Any", found))
    perform(found.api, fault.inject)
    made = found.api.objects[f"{APPS}/deployments/producer-canary"]
    labels = {"app": "producer", "track": "canary"}
    assert made["spec"]["selector"] == {"matchLabels": labels}
    assert labels.items() <= made["spec"]["template"]["metadata"]["labels"].items()
    assert found.api.objects[PRODUCER] == deployment()
    perform(found.api, fault.undo)
    assert [*found.api.objects] == [PRODUCER]


def test_what_is_immutable_is_made_anew() -> None:
    found = {"metadata": {"name": "kafka-config", "namespace": "ns"}, "data": {"start.sh": "exec kafka\n"}}
    _, meanwhile = played(undeclared.never_changed_again("kafka-config"), {FILES: found})
    assert meanwhile[FILES]["immutable"] is True


def test_a_script_gets_carriage_returns_and_no_pod_is_started() -> None:
    found = {"metadata": {"name": "kafka-config"}, "data": {"start.sh": "set -eu\nexec kafka\n"}}
    fault, meanwhile = played(undeclared.with_carriage_returns("kafka-config", "start.sh"), {FILES: found})
    assert meanwhile[FILES]["data"]["start.sh"] == "set -eu\r\nexec kafka\r\n"
    assert not fault.pods


def test_a_workload_is_changed_in_one_field_alone() -> None:
    found = {"metadata": {"name": "grafana"}, "spec": {"replicas": 1}}
    _, meanwhile = played(undeclared.workload_set("grafana", "paused", paused=True), {GRAFANA: found})
    assert meanwhile[GRAFANA]["spec"] == {"replicas": 1, "paused": True}


GRAFANA_POD = f"{NS}/pods/grafana-1"


def test_a_debugger_is_left_in_the_pod_which_goes_with_it() -> None:
    containers = [{"name": "producer", "image": "apps:1"}]
    producer = {"metadata": {"name": "producer"}, "spec": {"template": {"spec": {"containers": containers}}}}
    found = pipeline({GRAFANA_POD: {"metadata": {"name": "grafana-1"}, "spec": {}}, PRODUCER: producer})
    fault = undeclared.debugged("grafana")(cast("Any", found))
    (put,), (undo,) = fault.inject, fault.undo
    assert isinstance(put, Call)
    assert put.path == f"{GRAFANA_POD}/ephemeralcontainers"
    assert put.body is not None
    assert [one["image"] for one in put.body["spec"]["ephemeralContainers"]] == ["apps:1"]
    assert str(undo) == f"DELETE {GRAFANA_POD}"
    assert fault.pods == ("grafana-1",)
    found.api.objects[GRAFANA_POD]["spec"] = put.body["spec"]
    assert cast("Proof", fault.landed).holds()


def test_a_pod_is_lost_by_its_workload_and_deleted_at_the_end() -> None:
    owned = {"name": "grafana-1", "labels": {"app": "grafana", "x": "y"}, "ownerReferences": [{"kind": "ReplicaSet"}]}
    found = pipeline({GRAFANA_POD: {"metadata": owned, "spec": {}}})
    fault = undeclared.released("grafana")(cast("Any", found))
    perform(found.api, fault.inject)
    assert found.api.objects[GRAFANA_POD]["metadata"]["labels"] == {"app": "grafana-debug", "x": "y"}
    assert not cast("Proof", fault.landed).holds()
    del found.api.objects[GRAFANA_POD]["metadata"]["ownerReferences"]
    assert cast("Proof", fault.landed).holds()
    perform(found.api, fault.undo)
    assert found.api.objects == {}


def test_another_tag_is_made_before_it_is_rolled_out_and_taken_away_after() -> None:
    found = pipeline({PRODUCER: deployment()})
    fault = undeclared.of_another_version("producer")(cast("Any", found))
    (named, edit), (back, unnamed) = fault.inject, fault.undo
    assert isinstance(named, Command)
    assert named.words[-2:] == ["localhost:5000/apps:1", "localhost:5000/apps:next"]
    assert isinstance(edit, Call)
    assert "localhost:5000/apps:next" in str(edit.body)
    assert isinstance(back, Call)
    assert isinstance(unnamed, Command)
    assert unnamed.words[-2:] == ["rm", "localhost:5000/apps:next"]


def test_a_condition_is_set_and_taken_away_from_the_nodes_status_alone() -> None:
    found = pipeline({"/api/v1/nodes/one": {"metadata": {"name": "one"}, "status": {"conditions": []}}})
    fault = undeclared.node_in_trouble("KernelDeadlock", "a task hung")(cast("Any", found))
    put, undo = both_steps(fault, Call)
    assert {put.path, undo.path} == {"/api/v1/nodes/one/status"}
    assert undo.body == {"status": {"conditions": [{"type": "KernelDeadlock", "$patch": "delete"}]}}
    assert not cast("Proof", fault.landed).holds()
    assert put.body is not None
    found.api.objects["/api/v1/nodes/one"]["status"] = put.body["status"]
    assert cast("Proof", fault.landed).holds()


def test_a_finalizer_is_set_and_taken_away() -> None:
    found = {"metadata": {"name": "kafka-config"}, "data": {}}
    _, meanwhile = played(undeclared.held("kafka-config"), {FILES: found})
    assert meanwhile[FILES]["metadata"]["finalizers"] == [undeclared.HOLDER]


def test_a_pod_is_held_by_a_finalizer_for_as_long_as_the_fault_lasts() -> None:
    _, meanwhile = played(undeclared.pod_held("grafana"), {GRAFANA_POD: {"metadata": {"name": "grafana-1"}}})
    assert meanwhile[GRAFANA_POD]["metadata"]["finalizers"] == [undeclared.HOLDER]


def test_a_pod_is_held_and_deleted_and_let_go_in_the_end() -> None:
    found = pipeline({GRAFANA_POD: {"metadata": {"name": "grafana-1"}}})
    fault = undeclared.never_gone("grafana")(cast("Any", found))
    hold, delete = fault.inject
    (release,) = fault.undo
    assert undeclared.HOLDER in str(cast("Call", hold).body)
    assert str(delete) == f"DELETE {GRAFANA_POD}"
    body = cast("Call", release).body
    assert body is not None
    assert body["metadata"]["finalizers"] is None
    found.api.objects[GRAFANA_POD]["metadata"]["deletionTimestamp"] = "2026-11-28T08:00:00Z"
    assert cast("Proof", fault.landed).holds()
    assert not cast("Proof", fault.gone).holds()
    del found.api.objects[GRAFANA_POD]
    assert cast("Proof", fault.gone).holds()
