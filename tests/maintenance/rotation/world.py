"""A small pipeline in memory: Secrets, workloads with pods, InfluxDB's tokens. Any change can kill the run."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline_services.model.k8s import encoded, secret_text
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.secrets.influx import READER, WRITER

PIPELINE = Pipeline.load()
CONFIG = PIPELINE.config
KEYS = {WRITER: CONFIG.write_token, READER: CONFIG.read_token}
USERS = {"processor": CONFIG.write_token, "grafana": CONFIG.read_token}
OPERATOR = "operator-token"


class Killed(BaseException):
    """As kill -9: no handler sees it."""


@dataclass(frozen=True)
class Reply:
    status: int
    text: str = ""


@dataclass
class World:
    """``kill_before`` counts down with each change; at 0 the change is not made, and the run is gone."""

    tokens: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    workloads: dict[str, dict[str, Any]] = field(default_factory=dict)
    pods: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    kill_before: int | None = None
    rolls_out: bool = True
    namespace: str = PIPELINE.namespace
    number: int = 0
    secret_type: str = "Opaque"

    @classmethod
    def made(cls) -> World:
        """Each Secret with the one token that InfluxDB accepts for it, and each workload with a pod that has it."""
        world = cls()
        world.tokens.append(world._token("operator's", [], OPERATOR))
        for description, key in KEYS.items():
            action = "write" if description == WRITER else "read"
            resource = {"type": "buckets", "id": "b1", "orgID": "o1", "name": "a name"}
            world.tokens.append(world._token(description, [{"action": action, "resource": resource}]))
            world._store_secret(key.secret, {key.key: world.tokens[-1]["token"].encode()})
        for app, key in USERS.items():
            world.workloads[app] = _deployment(app, key.secret, key.key)
            world.roll_out(app)
        return world

    def change(self, what: str) -> None:
        if self.kill_before is not None:
            self.kill_before -= 1
            if self.kill_before < 0:
                raise Killed(what)
        self.changes.append(what)

    def roll_out(self, app: str) -> None:
        """New pods with what the Secret holds now."""
        key, workload = USERS[app], self.workloads[app]
        self.number += 1
        pod = {
            "metadata": {"name": f"{app}-{self.number}", "labels": {"app": app}},
            "spec": copy.deepcopy(workload["spec"]["template"]["spec"]),
            "status": {"phase": "Running", "containerStatuses": [{"name": app, "state": {"running": {}}}]},
        }
        self.pods[app] = [pod]
        held = secret_text(self.secrets.values(), key)
        self.environments[f"{app}-{self.number}"] = {"HOME": "/tmp", "TOKEN": held}
        self.settle(app)

    def settle(self, app: str, *, complete: bool = True) -> None:
        counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), 1 if complete else 0)
        generation = self.workloads[app]["metadata"]["generation"]
        self.workloads[app]["status"] = {"observedGeneration": generation, **counts}

    # the cluster

    def list(self, kind: str, *, managed: bool = False) -> Any:
        found = {
            "Secret": list(self.secrets.values()),
            "secrets": list(self.secrets.values()),
            "Deployment": list(self.workloads.values()),
            "pods": [pod for pods in self.pods.values() for pod in pods],
            "Pod": [pod for pods in self.pods.values() for pod in pods],
        }
        return copy.deepcopy(found.get(kind, []))

    def apply(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        name = manifest["metadata"]["name"]
        self.change(f"wrote {name}")
        return self._store_secret(name, data=dict(manifest["data"]))

    def call(self, method: str, path: str, body: Any, content_type: str) -> None:
        app = path.partition("?")[0].rpartition("/")[2]
        self.change(f"restarted {app}")
        template = self.workloads[app]["spec"]["template"]
        template["metadata"]["annotations"] = body["spec"]["template"]["metadata"]["annotations"]
        self.workloads[app]["metadata"]["generation"] += 1
        if self.rolls_out:
            self.roll_out(app)

    def logs(self, *_: Any, **__: Any) -> Any:
        return []

    def _store_secret(self, name: str, values: Mapping[str, bytes] | None = None, **more: Any) -> dict[str, Any]:
        self.number += 1
        item = {"metadata": {"name": name, "resourceVersion": str(self.number)}, "type": self.secret_type}
        self.secrets[name] = {**item, **({"data": encoded(values)} if values else more)}
        return self.secrets[name]

    # InfluxDB

    def _token(self, description: str, permissions: list[Any], text: str = "") -> dict[str, Any]:
        self.number += 1
        return {
            "id": f"id{self.number:03}",
            "orgID": "o1",
            "description": description,
            "status": "active",
            "token": text or f"token-{self.number}",
            "createdAt": f"2026-11-27T00:{self.number // 60:02}:{self.number % 60:02}.5Z",
            "permissions": permissions,
        }

    def ask_json(self, _path: str, _query: Any, *, headers: Mapping[str, str]) -> Any:
        assert headers["Authorization"] == f"Token {OPERATOR}"
        return copy.deepcopy({"authorizations": self.tokens})

    def ask(self, _path: str, _query: Any, *, headers: Mapping[str, str]) -> Reply:
        known = {one["token"] for one in self.tokens if one["status"] == "active"}
        return Reply(200 if headers["Authorization"].removeprefix("Token ") in known else 401)

    def send(self, method: str, path: str, data: bytes, _query: Any, *, headers: Mapping[str, str]) -> Reply:
        name, body = path.rpartition("/")[2], json.loads(data or b"null")
        self.change(f"{method} {name if method != 'POST' else body['description']} {(body or {}).get('status', '')}")
        if method == "POST":
            assert all("name" not in one["resource"] for one in body["permissions"])
            self.tokens.append(self._token(body["description"], body["permissions"]))
            return Reply(201)
        if method == "DELETE":
            self.tokens = [one for one in self.tokens if one["id"] != name]
            return Reply(204)
        next(one for one in self.tokens if one["id"] == name)["status"] = body["status"]
        return Reply(200)

    # what is asked of it in a test

    def held(self, app: str) -> str:
        """The token in the Secret that an app reads."""
        return secret_text(self.secrets.values(), USERS[app])

    def used(self, app: str) -> set[str]:
        """The tokens in the environment of an app's pods."""
        return {self.environments[pod["metadata"]["name"]]["TOKEN"] for pod in self.pods[app]}

    def accepted(self, app: str) -> list[str]:
        """The tokens that InfluxDB accepts for an app."""
        description = next(name for name, key in KEYS.items() if key == USERS[app])
        return [one["token"] for one in self.tokens if one["description"] == description and one["status"] == "active"]

    def environment_of(self, _cluster: Any, pod: str, _container: str, _words: Any) -> bytes:
        return b"\0".join(f"{name}={value}".encode() for name, value in self.environments[pod].items()) + b"\0"


def _deployment(app: str, secret: str, key: str) -> dict[str, Any]:
    variable = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
    container = {"name": app, "image": "an-image", "env": [variable]}
    template = {"metadata": {"labels": {"app": app}}, "spec": {"containers": [container]}}
    return {
        "metadata": {"name": app, "generation": 1},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": app}}, "template": template},
    }
