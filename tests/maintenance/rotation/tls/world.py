"""The workloads of a small pipeline that mount the TLS Secret, and what each of them trusts at each moment."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline_services.maintenance.rotation.tls import bundle
from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.k8s import secret_values
from pipeline_services.platform.deploy.secrets.tls import CA, CERTIFICATE, new_certificate, server_names
from tests.maintenance.rotation.world import PIPELINE, World

SECRET = PIPELINE.config.tls
NAMES = server_names(PIPELINE)
SERVER = "influxdb"
STARTING = ("processor", "grafana")
FOLDER = "/etc/tls"


@dataclass
class TlsWorld(World):
    """The workloads that mount the TLS Secret; what InfluxDB serves, and what each client has loaded."""

    served: bytes = b""
    loaded: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    syncs: bool = True

    @classmethod
    def made(cls) -> TlsWorld:
        world = cls(secret_type="kubernetes.io/tls")
        world._store_secret(SECRET, new_certificate(NAMES))
        for app in (SERVER, "prometheus", *STARTING):
            world.workloads[app] = mounting(app)
            world.roll_out(app)
        return world

    @property
    def values(self) -> dict[str, bytes]:
        return secret_values(self.secrets[SECRET])

    def roll_out(self, app: str) -> None:
        self.number += 1
        pod = {
            "metadata": {"name": f"{app}-{self.number}", "labels": {"app": app}},
            "spec": copy.deepcopy(self.workloads[app]["spec"]["template"]["spec"]),
            "status": {"phase": "Running", "containerStatuses": [{"name": app, "state": {"running": {}}}]},
        }
        self.pods[app] = [pod]
        self.files[pod["metadata"]["name"]] = self.values
        self.loaded[app] = self.values[CA]
        if app == SERVER:
            self.served = self.values[CERTIFICATE]
        self.settle(app)
        self.check()

    def check(self) -> None:
        """No client may ever be unable to verify what is served."""
        for app, ca in self.loaded.items():
            if app != SERVER and not bundle.issuer(self.served, ca):
                self.refused.append(app)

    def list(self, kind: str, *, managed: bool = False) -> Any:
        if kind in ("Deployment", "StatefulSet"):
            wanted = kind == "StatefulSet"
            return [copy.deepcopy(item) for app, item in self.workloads.items() if (app == SERVER) == wanted]
        return super().list(kind, managed=managed)

    def call(self, method: str, path: str, body: Any, content_type: str) -> None:
        if "spec" in body:
            super().call(method, path, body, content_type)
            return
        app = path.partition("?")[0].rpartition("/")[2]
        self.change(f"noted {app}")
        self.workloads[app]["metadata"]["annotations"] = body["metadata"]["annotations"]

    def merge(self, kind: str, name: str, patch: Mapping[str, Any]) -> None:
        assert kind == "Pod"
        self.change(f"hurried {name.partition('-')[0]}")
        if self.syncs:
            self.files[name] = self.values
            self.loaded[name.partition("-")[0]] = self.values[CA]
            self.check()

    def run(self, _cluster: Any, pod: str, _container: str, words: Any) -> bytes:
        if words[0] == "cat":
            return self.files[pod][words[1].removeprefix(f"{FOLDER}/")]
        file, url = words[-2:]
        host = "localhost" if pod.startswith(SERVER) else PIPELINE.service(SERVER).name
        assert url.partition("://")[2].partition(":")[0] == host
        if not bundle.issuer(self.served, self.files[pod][file.removeprefix(f"{FOLDER}/")]):
            raise UnexpectedAnswer("curl: certificate verify failed")
        return b""


def mounting(app: str) -> dict[str, Any]:
    source = {"secretName": SECRET} if app == SERVER else {"secretName": SECRET, "items": [{"key": CA, "path": CA}]}
    mount = {"name": "tls", "mountPath": FOLDER}
    container = {"name": app, "image": "an-image", "volumeMounts": [mount]}
    spec = {"containers": [container], "volumes": [{"name": "tls", "secret": source}]}
    template = {"metadata": {"labels": {"app": app}}, "spec": spec}
    return {
        "metadata": {"name": app, "generation": 1},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": app}}, "template": template},
    }
