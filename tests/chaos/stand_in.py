"""As much of a running pipeline, whatever its description, as the builders of faults ask."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from pipeline_services.clients.manifests import rendered
from pipeline_services.experiment.connectivity import Connectivity
from pipeline_services.faults.processes import Processes
from pipeline_services.model.component import Component
from pipeline_services.model.errors import NoData
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.network_policies import network_policies

CLUSTERS_OWN = ("coredns", "kube-dns", "metrics-server", "kube-router")
KNOWN_TO_INFLUXDB = {"buckets": [{"id": "0a1b"}], "authorizations": [{"id": "0c3d", "token": "value"}]}
COREFILE = ".:53 {\n    kubernetes cluster.local {\n    }\n}\n"


class AnyObject:
    """An API server that has every object of a pipeline, and none of another name.

    Where the checkout has the pipeline's manifests, its objects are theirs.

    Args:
        files: those of its ConfigMaps, by their names, where it has no manifests.
    """

    def __init__(self, described: Pipeline, files: Mapping[str, str]) -> None:
        self.described = described
        self.files = {**files, "Corefile": COREFILE}
        self.workloads = {part.workload: part for part in described.workloads.values()}
        found = rendered(REPOSITORY / described.manifests) if described.manifests and not files else []
        self.declared = {(KINDS[item["kind"]].source, item["metadata"]["name"]): item for item in found}

    def call(self, method: str, path: str, body: Any = None, content_type: str = "") -> Any:
        assert method == "GET"
        where, _, selector = path.partition("?")
        *_, kind, name = where.split("/")
        if selector:
            return {"items": [{"metadata": {"name": "one"}, "spec": {"replicas": 1}}]}
        space = {"name": name, "namespace": self.described.namespace, "uid": "u"}
        found = self.declared.get((kind, name)) or getattr(self, f"_{kind}", lambda _name: {"spec": {}})(name)
        return {"status": {}, **found, "metadata": {**found.get("metadata", {}), **space}}

    def _deployments(self, name: str) -> dict[str, Any]:
        containers = [] if name in CLUSTERS_OWN else [self._container(self.workloads[name])]
        volumes = [{"name": "data", "emptyDir": {}}]
        template = {"metadata": {}, "spec": {"containers": containers, "volumes": volumes, "securityContext": {}}}
        return {"spec": {"replicas": 1, "template": template}}

    _statefulsets = _daemonsets = _deployments

    def _configmaps(self, name: str) -> dict[str, Any]:
        settings = {key: value for part in self.described.config.settings.values() for key, value in part.items()}
        if self.declared and name not in CLUSTERS_OWN:
            raise NoData(f"there is no ConfigMap {name}")
        return {"data": settings if name == self.described.config.config_map else self.files}

    def _secrets(self, name: str) -> dict[str, Any]:
        return {"data": {key: base64.b64encode(b"value").decode() for key in self.described.config.secrets[name]}}

    def _services(self, name: str) -> dict[str, Any]:
        if name in CLUSTERS_OWN:
            return {"spec": {"selector": {"k8s-app": name}, "ports": [{"port": 53}]}}
        names = {
            **self.described.services,
            **{part.headless: part.id for part in self.described.workloads.values() if part.headless},
        }
        part = self.described[names[name]]
        return {"spec": {"selector": dict(part.selector), "ports": [{"port": self.described.service(part.id).port}]}}

    def _networkpolicies(self, _name: str) -> dict[str, Any]:
        ports = sorted({flow.port for flow in self.described.flows} | {53})
        rules = [{"ports": [{"port": port}]} for port in ports]
        return {"spec": {"egress": rules, "ingress": rules}}

    def _horizontalpodautoscalers(self, name: str) -> dict[str, Any]:
        assert name in self.described.autoscalers
        return {"spec": {}}

    def _pods(self, name: str) -> dict[str, Any]:
        part = next(part for part in self.described.workloads.values() if name == part.first_pod)
        return {"spec": {"containers": [self._container(part)]}}

    def _persistentvolumeclaims(self, name: str) -> dict[str, Any]:
        return {"spec": {"volumeName": name}}

    def _container(self, part: Component) -> dict[str, Any]:
        room = {"cpu": "90m", "memory": "1Gi"}
        probe = {"httpGet": {"path": "/readyz", "port": "http"}}
        probes = {"readinessProbe": probe, "livenessProbe": probe, "ports": [{"name": "http"}]}
        read = [{"configMapRef": {"name": name}} for name in self.described.config.by_config_map]
        own = {"name": part.container, "image": "x:1", "command": [part.id], "securityContext": {}, "envFrom": read}
        return {**own, "resources": {"requests": room, "limits": room}, **probes}

    def _nodes(self, _name: str) -> dict[str, Any]:
        return {"spec": {}, "status": {"allocatable": {"cpu": "2"}}}

    def _persistentvolumes(self, name: str) -> dict[str, Any]:
        return {"spec": {"hostPath": {"path": f"/var/{name}"}}}


class RunningProcesses(Processes):
    """Processes that were never slowed down."""

    def throttled_periods(self) -> int:
        return 0


class StandIn:
    """As much of a steady pipeline as the builders of faults ask; ``files`` as ``AnyObject`` takes them."""

    def __init__(self, described: Pipeline, files: Mapping[str, str]) -> None:
        self.described = self.description = described
        self.namespace = described.namespace
        self.authorized = SimpleNamespace(own=True)
        self.api = AnyObject(described, files)
        self.cluster = SimpleNamespace(list=self._listed)
        known = {**KNOWN_TO_INFLUXDB, "orgs": [{"id": "0e5f", "name": described.store.org}]}
        influx = SimpleNamespace(ask_json=lambda *_, **__: known)
        self.probes = SimpleNamespace(influx=influx, pod=lambda name: self.api.call("GET", f"pods/{name}"), ca="ca")

    def _listed(self, kind: str) -> list[dict[str, Any]]:
        if kind == "secrets":
            return [self.api.call("GET", f"secrets/{name}") for name in self.described.config.secrets]
        if kind == "networkpolicies":
            return network_policies(self.described)
        part = [one for one in self.described.workloads.values() if kind == "pods"]
        pods = [
            {"metadata": {"name": one.first_pod, "labels": one.selector}, "status": {"podIP": "10.0.0.9"}}
            for one in part
        ]
        return pods or [{"metadata": {"name": "one"}}]

    def pods_of(self, component: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=self.described[component].first_pod)]

    def processes_in(self, pod: str) -> Processes:
        return RunningProcesses(SimpleNamespace(on_node=lambda _words: "1 1 S"), f"container-of-{pod}")

    def processes(self, component: str) -> Processes:
        return self.processes_in(self.described[component].first_pod)

    def connectivity(self) -> Connectivity:
        unused: Any = None
        return Connectivity(unused, unused, self.cluster, self.described)  # type: ignore[arg-type]
