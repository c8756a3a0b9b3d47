"""The faults' steps and proofs, on an API server and a node in memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.faults import config, model, network, pods, processes, resources
from pipeline_services.faults.journal import Call, Command
from pipeline_services.model.component import Component
from pipeline_services.model.errors import NoData, PreconditionNotMet
from tests.faults.both_steps import both_steps
from tests.faults.machine import CONTAINER, Machine
from tests.faults.test_faults import merge

NS = "/api/v1/namespaces/ns"
POLICY = "/apis/networking.k8s.io/v1/namespaces/ns/networkpolicies/producer"


class Server:
    """Objects by their path; a POD that is deleted comes back with another UID."""

    def __init__(self, **objects: Any) -> None:
        self.objects: dict[str, Any] = dict(objects.pop("objects", {}))

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        if path not in self.objects:
            raise NoData(f"no {path}")
        if method == "PATCH":
            self.objects[path] = merge(self.objects[path], body)
        if method == "DELETE":
            del self.objects[path]
            return {}
        return self.objects[path]


class Container:
    """A node with one container; ``lines`` are what its processes' list says."""

    def __init__(self, lines: str) -> None:
        self.lines = lines
        self.ran: list[Sequence[str]] = []

    def on_node(self, words: Sequence[str]) -> str:
        self.ran.append(words)
        return self.lines


def test_a_pod_is_deleted_by_its_uid_and_has_landed_when_that_is_gone() -> None:
    path = f"{NS}/pods/kafka-0"
    server = Server(objects={path: {"metadata": {"uid": "one"}}})
    fault = pods.deleted(server, "kafka-0", "ns", grace=0)
    (call,) = fault.inject
    assert isinstance(call, Call)
    assert call.body is not None
    assert call.body["preconditions"] == {"uid": "one"}
    assert call.body["gracePeriodSeconds"] == 0
    assert fault.landed is not None
    assert not fault.landed.holds()
    server.objects[path] = {"metadata": {"uid": "two"}}
    assert fault.landed.holds()
    del server.objects[path]
    assert fault.landed.holds()
    assert fault.pods == ("kafka-0",)


def test_a_container_has_the_same_name_in_every_pod() -> None:
    part = Component("kafka", "broker", "StatefulSet", container="kafka")
    assert pods.container_name(part, "ns") == "broker-0_ns_kafka"
    for target, namespace in ((part, ""), (replace(part, container=""), "ns"), (replace(part, workload=""), "ns")):
        with pytest.raises(ValueError, match="needs an explicit container"):
            pods.container_name(target, namespace)


def test_a_container_has_to_run_to_be_found() -> None:
    status: dict[str, Any] = {"name": "kafka", "containerID": "containerd://abc", "state": {"running": {}}}
    pod = {"metadata": {"name": "kafka-0"}, "status": {"containerStatuses": [status]}}
    assert pods.container_id(pod, "kafka") == "abc"
    status["state"] = {"waiting": {}}
    with pytest.raises(PreconditionNotMet, match="does not run"):
        pods.container_id(pod, "kafka")


def test_a_process_that_ends_while_it_is_listed_is_left_out(tmp_path: Path) -> None:
    node = Machine(tmp_path)
    node.add(4321, "Name:\tjava\nState:\tT (stopped)\nNSpid:\t4321\t1\n")
    node.add(4400, "Name:\tsh\nNSpid:\t4400\t17\n")
    node.add(4401, "")
    (node.proc / "4402").mkdir()
    assert processes.Processes(node, CONTAINER).states() == {4321: "T"}


def test_the_first_process_of_a_container_is_that_of_the_pod_which_runs_now(tmp_path: Path) -> None:
    node, words = (
        Machine(tmp_path),
        ["sh", "-c", f'{processes.FIRST_PROCESS} first_process "$1"', "sh", "kafka-0_ns_kafka"],
    )
    node.start(10, "kafka-0_other_kafka", "a" * 64)
    node.start(11, "kafka-0_ns_kafka-debug", "b" * 64)
    node.log("kafka-0_ns_kafka", "c" * 64)
    assert node.on_node(words) == ""
    node.start(12, "kafka-0_ns_kafka", "d" * 64)
    node.add(13, "State:\tR (running)\nNSpid:\t13\t11\n", "d" * 64)
    assert node.on_node(words) == "12\n"


def test_a_kill_has_landed_when_no_process_is_left() -> None:
    node = Container("4321 1 S\n4400 17 R\n")
    found = processes.Processes(node, "0123456789abcdef")
    assert found.first() == 4321
    fault = processes.killed(found, "kafka-0")
    assert fault.landed is not None
    assert not fault.landed.holds()
    node.lines = ""
    assert fault.landed.holds()
    assert found.first() is None
    (step,) = fault.inject
    assert isinstance(step, Command)
    assert step.words[-2:] == ["0123456789abcdef", "KILL"]


def test_a_stop_has_landed_when_all_are_stopped_and_is_gone_when_none_is() -> None:
    node = Container("1 1 T\n2 2 S\n")
    fault = processes.stopped(processes.Processes(node, "0123456789abcdef"), "producer-1")
    assert fault.landed is not None
    assert fault.gone is not None
    assert not fault.landed.holds()
    assert not fault.gone.holds()
    node.lines = "1 1 T\n2 2 T\n"
    assert fault.landed.holds()
    node.lines = ""
    assert not fault.landed.holds()
    assert fault.gone.holds()


def test_the_start_of_a_process_is_read_from_its_own_record() -> None:
    node = Container("4321 1 S\n")
    found = processes.Processes(node, "0123456789abcdef")
    answers = iter(["4321 1 S\n", "5000 60.25\n"])
    node.on_node = lambda words: next(answers)  # type: ignore[method-assign]
    assert found.started() == pytest.approx(time.time() - 10.25, abs=0.5)


def test_a_process_that_is_gone_has_no_start() -> None:
    with pytest.raises(PreconditionNotMet, match="does not run"):
        processes.Processes(Container(""), "0123456789abcdef").started()


def test_the_record_of_this_very_process_is_read_as_the_kernel_writes_it() -> None:
    words = ["sh", "-c", processes._STARTED, "sh", str(os.getpid())]
    ticks, uptime = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert 0 < float(uptime) - int(ticks) / processes.TICKS_PER_SECOND < 3600


def test_an_empty_container_is_no_target() -> None:
    with pytest.raises(ValueError, match="explicit container"):
        processes.Processes(Container(""), "")


def policy_server() -> Server:
    rules = [{"ports": [{"port": 9092}]}, {"ports": [{"port": 53}]}]
    return Server(objects={POLICY: {"metadata": {}, "spec": {"egress": rules}}})


def test_a_cut_takes_the_ports_rule_away_and_its_undo_puts_it_back() -> None:
    server = policy_server()
    before = server.objects[POLICY]["spec"]
    fault = network.flow_cut(server, "producer", "ns", 9092, lambda: True)
    for step in fault.inject:
        assert isinstance(step, Call)
        server.call(step.method, step.path, step.body)
    assert server.objects[POLICY]["spec"] == {"egress": [{"ports": [{"port": 53}]}]}
    for step in fault.undo:
        assert isinstance(step, Call)
        server.call(step.method, step.path, step.body)
    assert server.objects[POLICY]["spec"] == before
    assert server.objects[POLICY]["metadata"] == {"annotations": {}}


def test_a_cut_that_would_cut_nothing_is_refused() -> None:
    with pytest.raises(PreconditionNotMet, match="nothing to cut"):
        network.flow_cut(policy_server(), "producer", "ns", 8086, lambda: True)


def test_open_connections_are_cut_after_the_landing() -> None:
    fault = network.flow_cut(policy_server(), "producer", "ns", 9092, lambda: True)
    both = network.with_open_connections_cut(fault, ["10.0.0.1", "10.0.0.2"], 9092)
    assert both.inject == fault.inject
    assert [step.words[-2:] for step in both.follow_up if isinstance(step, Command)] == [
        ["10.0.0.1", "9092"],
        ["10.0.0.2", "9092"],
    ]


def test_a_limit_is_lowered_in_place_and_put_back() -> None:
    container = {"name": "processor", "resources": {"requests": {"cpu": "50m"}, "limits": {"cpu": "1"}}}
    pod = {"metadata": {"name": "processor-1", "namespace": "ns"}, "spec": {"containers": [container]}}
    fault = resources.cpu_limited(Server(), pod, 20, lambda: True)
    inject, undo = both_steps(fault, Call)
    assert inject.path == f"{NS}/pods/processor-1/resize"
    assert inject.body == {
        "spec": {
            "containers": [{"name": "processor", "resources": {"requests": {"cpu": "20m"}, "limits": {"cpu": "20m"}}}]
        }
    }
    assert undo.body is not None
    assert undo.body["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "50m"}, "limits": {"cpu": "1"}}
    assert fault.gone is not None
    assert fault.gone.holds(), "a pod that is no more has no low limit"


def test_another_authority_keeps_what_the_clients_trust() -> None:
    path = f"{NS}/secrets/influxdb-tls"
    server = Server(objects={path: {"metadata": {}, "data": {"tls.crt": "b2xk", "tls.key": "b2xk", "ca.crt": "Y2E="}}})
    certificate = {"tls.crt": b"new", "tls.key": b"new", "ca.crt": b"other"}
    fault = config.other_authority(server, "influxdb-tls", "ns", certificate, b"ca")
    (call,) = fault.inject
    assert isinstance(call, Call)
    assert call.body is not None
    assert call.body["data"] == {"tls.crt": "bmV3", "tls.key": "bmV3", "ca.crt": "Y2E="}


def test_all_pods_of_an_explicit_app_are_replaced() -> None:
    fault = model.with_pods_replaced(model.Fault("x", []), "app=producer", "ns", ["producer-1"])
    assert fault.pods == ("producer-1",)
    assert str(fault.inject[-1]) == f"DELETE {NS}/pods?labelSelector=app%3Dproducer"
    assert fault.undo == fault.inject
    with pytest.raises(ValueError, match="explicit target"):
        model.with_pods_replaced(model.Fault("x", []), "", "ns")


def test_faults_together_have_landed_when_each_has() -> None:
    first, second = Container("1 1 S\n"), Container("2 1 S\n")
    both = model.together(
        "two pods killed",
        [
            processes.killed(processes.Processes(node, f"0123456789ab{name}"), name)
            for node, name in ((first, "a"), (second, "b"))
        ],
    )
    assert both.pods == ("a", "b")
    assert len(both.inject) == 2
    assert both.landed is not None
    first.lines = ""
    assert not both.landed.holds()
    second.lines = ""
    assert both.landed.holds()
    assert both.gone is None
    with pytest.raises(ValueError, match="explicit target"):
        model.together("nobody", [])
