"""The catalogue of scenarios is played on a pipeline in which everything has another name."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest

from chaos.scenarios import MATRIX, RECOVERY
from pipeline_services.checklist.checks import cases
from pipeline_services.clients.manifests import rendered
from pipeline_services.experiment.connectivity import Connectivity
from pipeline_services.experiment.scenario import Scenario
from pipeline_services.faults.processes import Processes
from pipeline_services.model.component import Component
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from tests.other_pipeline import other_pipeline
from tests.test_names import NAMED

OWN, OTHER = Pipeline.load(), other_pipeline()
CASES = {str(case.id) for case in cases(OTHER, run="daily")}
SCENARIOS = {**{f"recovery-{name}": one for name, one in RECOVERY.items()}, **MATRIX}
PORTS = sorted({flow.port for flow in OTHER.flows})
CLUSTERS_OWN = ("coredns", "metrics-server", "kube-router")
KNOWN_TO_INFLUXDB = {"buckets": [{"id": "0a1b"}], "authorizations": [{"id": "0c3d", "token": "value"}]}
COREFILE = ".:53 {\n    kubernetes cluster.local {\n    }\n}\n"
SERVICES = dict(zip(OWN.services, OTHER.services, strict=True))


def renamed(text: str) -> str:
    """A text of the suite's own manifests with the names of the other pipeline."""
    known = {**SERVICES, OWN.dashboard.uid: OTHER.dashboard.uid}
    return NAMED.sub(lambda name: known.get(name[0], "other"), text)


def files() -> dict[str, str]:
    """Every file of a ConfigMap in the manifests, as the other pipeline has it."""
    maps = [item["data"] for item in rendered(REPOSITORY / OWN.manifests) if item["kind"] == "ConfigMap"]
    return {renamed(file): renamed(text) for data in maps for file, text in data.items()}


FILES = {**files(), "Corefile": COREFILE}


class AnyObject:
    """An API server that has every object of the other pipeline, and none of another name."""

    def __init__(self) -> None:
        self.workloads = {part.workload: part for part in OTHER.workloads.values()}

    def call(self, method: str, path: str, body: Any = None, content_type: str = "") -> Any:
        assert method == "GET"
        where, _, selector = path.partition("?")
        *_, kind, name = where.split("/")
        if selector:
            return {"items": [{"metadata": {"name": "one"}, "spec": {"replicas": 1}}]}
        found = getattr(self, f"_{kind}", lambda _name: {"spec": {}})(name)
        return {"metadata": {"name": name, "namespace": OTHER.namespace, "uid": "u"}, "status": {}, **found}

    def _deployments(self, name: str) -> dict[str, Any]:
        containers = [] if name in CLUSTERS_OWN else [_container(self.workloads[name])]
        volumes = [{"name": "data", "emptyDir": {}}]
        template = {"spec": {"containers": containers, "volumes": volumes, "securityContext": {}}}
        return {"spec": {"replicas": 1, "template": template}}

    _statefulsets = _daemonsets = _deployments

    def _configmaps(self, name: str) -> dict[str, Any]:
        settings = {key: value for part in OTHER.config.settings.values() for key, value in part.items()}
        return {"data": settings if name == OTHER.config.config_map else FILES}

    def _secrets(self, name: str) -> dict[str, Any]:
        return {"data": {key: base64.b64encode(b"value").decode() for key in OTHER.config.secrets[name]}}

    def _services(self, name: str) -> dict[str, Any]:
        names = {**OTHER.services, **{part.headless: part.id for part in OTHER.workloads.values() if part.headless}}
        part = OTHER[names[name]]
        return {"spec": {"selector": dict(part.selector), "ports": [{"port": OTHER.service(part.id).port}]}}

    def _networkpolicies(self, _name: str) -> dict[str, Any]:
        rules = [{"ports": [{"port": port}]} for port in (*PORTS, 53)]
        return {"spec": {"egress": rules, "ingress": rules}}

    def _horizontalpodautoscalers(self, name: str) -> dict[str, Any]:
        assert name in OTHER.autoscalers
        return {"spec": {}}

    def _pods(self, name: str) -> dict[str, Any]:
        return {"spec": {"containers": [_container(_part_of(name))]}}

    def _persistentvolumeclaims(self, name: str) -> dict[str, Any]:
        return {"spec": {"volumeName": name}}

    def _persistentvolumes(self, name: str) -> dict[str, Any]:
        return {"spec": {"hostPath": {"path": f"/var/{name}"}}}


def _container(part: Component) -> dict[str, Any]:
    room = {"cpu": "90m", "memory": "1Gi"}
    probe = {"httpGet": {"path": "/readyz", "port": "http"}}
    probes = {"readinessProbe": probe, "livenessProbe": probe}
    own = {"name": part.container, "image": "x:1", "command": [part.id], "securityContext": {}}
    return {**own, "resources": {"requests": room, "limits": room}, **probes}


def _part_of(pod: str) -> Component:
    return next(part for part in OTHER.workloads.values() if pod == part.first_pod)


class RunningProcesses(Processes):
    """Processes that were never slowed down."""

    def throttled_periods(self) -> int:
        return 0


class OtherPipeline:
    """As much of a steady pipeline as the builders of faults ask."""

    namespace = OTHER.namespace
    description = OTHER

    def __init__(self) -> None:
        self.api = AnyObject()
        self.cluster = SimpleNamespace(list=self._listed)
        influx = SimpleNamespace(ask_json=lambda *_, **__: KNOWN_TO_INFLUXDB)
        self.probes = SimpleNamespace(influx=influx, pod=lambda name: self.api.call("GET", f"pods/{name}"), ca="ca")

    def _listed(self, kind: str) -> list[dict[str, Any]]:
        if kind == "secrets":
            return [self.api.call("GET", f"secrets/{name}") for name in OTHER.config.secrets]
        part = [one for one in OTHER.workloads.values() if kind == "pods"]
        pods = [
            {"metadata": {"name": one.first_pod, "labels": one.selector}, "status": {"podIP": "10.0.0.9"}}
            for one in part
        ]
        return pods or [{"metadata": {"name": "one"}}]

    def pods_of(self, component: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=OTHER[component].first_pod)]

    def processes_in(self, pod: str) -> Processes:
        return RunningProcesses(SimpleNamespace(on_node=lambda _words: "1 1 S"), f"container-of-{pod}")

    def processes(self, component: str) -> Processes:
        return self.processes_in(OTHER[component].first_pod)

    def connectivity(self) -> Connectivity:
        unused: Any = None
        return Connectivity(unused, unused, self.cluster, OTHER)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fault_of_a_pipeline_with_other_names_names_nothing_of_the_suites_own(name: str) -> None:
    scenario: Scenario = SCENARIOS[name].filled(OTHER)
    pipeline: Any = OtherPipeline()
    fault = scenario.fault(pipeline)
    told = [fault.summary, *map(repr, (*fault.inject, *fault.follow_up, *fault.undo)), *fault.pods]
    told += [proof.what for proof in (fault.landed, fault.gone) if proof]
    assert NAMED.findall("\n".join(told)) == []
    assert {str(check) for check in scenario.must_fail} <= CASES
    if scenario.recovery:
        assert {symptom.id for symptom in scenario.recovery.symptoms} <= CASES


def test_the_other_pipeline_has_none_of_these_names() -> None:
    assert OTHER.services.keys().isdisjoint(OWN.services)
    assert NAMED.findall(" ".join((*OTHER.services, *OTHER.autoscalers, *OTHER.config.secrets, OTHER.namespace))) == []
