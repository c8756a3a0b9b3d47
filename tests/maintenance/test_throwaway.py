"""A throwaway server is the pipeline's own image in a namespace of its own, reached by nobody, and gone after."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.clients.http import HttpApi
from pipeline_services.faults.injection import injected, landed, sweep
from pipeline_services.faults.journal import Journal
from pipeline_services.faults.model import overdue
from pipeline_services.maintenance.influxdb import copy as copies
from pipeline_services.maintenance.influxdb.copy import NEVER, recipe, set_up
from pipeline_services.maintenance.throwaway import LIFETIME_S, POD, Recipe, manifests, throwaway
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.pipeline import Pipeline
from tests.clients.fake_servers import serving

PIPELINE = Pipeline.load()
PART = PIPELINE[roles.INFLUXDB]
CONTAINER = {
    "name": PART.container,
    "image": "localhost/conveyor/influxdb:1",
    "env": [{"name": "INFLUXD_TLS_CERT", "value": "x"}],
    "securityContext": {"readOnlyRootFilesystem": True},
    "livenessProbe": {},
}
WORKLOAD = {"spec": {"template": {"spec": {"containers": [CONTAINER], "securityContext": {"runAsUser": 10002}}}}}
RECIPE = Recipe(PART, ["influxd"], {"A": "b"}, 8086)


class FakeApi:
    """A cluster in which what is posted is there until its namespace is deleted."""

    context = "kind-conveyor"

    def __init__(self, workload: Any = WORKLOAD) -> None:
        self.there: dict[str, Any] = {}
        self.workload = workload

    def call(self, method: str, path: str, body: Any = None, content_type: str = "") -> Any:
        if method == "POST":
            self.there[f"{path}/{body['metadata']['name']}"] = {**body, "status": {"phase": "Running"}}
        elif method == "DELETE":
            self.there = {one: item for one, item in self.there.items() if not one.startswith(path)}
        elif path.endswith("kube-system"):
            return {"metadata": {"uid": "this cluster"}}
        elif path not in self.there:
            raise NoData(path)
        return self.there.get(path, {})

    def get(self, kind: str, name: str) -> Any:
        return self.workload


def test_its_mark_ends_with_its_own_time_and_not_with_that_of_a_fault() -> None:
    made = {kind: [body] for kind, body in manifests(RECIPE, WORKLOAD, "beside").items()}
    assert overdue(made, time.time() + LIFETIME_S - 60) == []
    assert len(overdue(made, time.time() + LIFETIME_S + 1)) == len(made)


def test_the_pod_runs_the_pipelines_image_and_nothing_else_of_it() -> None:
    made = manifests(RECIPE, WORKLOAD, "a-namespace")
    assert list(made) == ["Namespace", "ServiceAccount", "Pod"]
    spec = made["Pod"]["spec"]
    (container,) = spec["containers"]
    assert container["image"] == CONTAINER["image"]
    assert container["env"] == [{"name": "HOME", "value": "/tmp"}, {"name": "A", "value": "b"}]
    assert container["securityContext"] == {"readOnlyRootFilesystem": True}
    assert "livenessProbe" not in container
    assert spec["securityContext"] == {"runAsUser": 10002}
    assert [volume["emptyDir"] for volume in spec["volumes"]] == [{}, {}]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == [PART.mount, "/tmp"]


def test_a_workload_without_the_container_has_no_image_to_run() -> None:
    with pytest.raises(NoData, match="has no container"):
        manifests(replace(RECIPE, part=replace(PART, container="other")), WORKLOAD, "x")


def test_the_copy_listens_on_the_loopback_interface_without_tls() -> None:
    made = recipe(PIPELINE, NEVER)
    assert made.env["INFLUXD_HTTP_BIND_ADDRESS"] == "127.0.0.1:8086"
    assert not [name for name in made.env if "TLS" in name]
    with pytest.raises(PreconditionNotMet, match="no StatefulSet"):
        throwaway(FakeApi(workload=None), RECIPE, "x")  # type: ignore[arg-type]


def test_it_is_there_within_the_block_and_journaled(tmp_path: Path) -> None:
    api, journal = FakeApi(), Journal(tmp_path)
    fault = throwaway(api, RECIPE, "throwaway-influxdb-1")  # type: ignore[arg-type]
    with injected(api, journal, fault):
        landed(api, fault)
        assert f"/api/v1/namespaces/throwaway-influxdb-1/pods/{POD}" in api.there
        assert [entry.summary for entry in journal.entries()] == [
            "namespace throwaway-influxdb-1 with a throwaway influxdb"
        ]
    assert api.there == {}
    assert journal.entries() == []
    assert fault.gone is not None
    assert fault.gone.holds()


def test_what_a_killed_run_left_is_undone_by_the_next(tmp_path: Path) -> None:
    api, journal = FakeApi(), Journal(tmp_path)
    with injected(api, journal, throwaway(api, RECIPE, "left")) as entry:  # type: ignore[arg-type]
        left = dict(api.there)
    journal.write(entry)
    api.there = left
    assert sweep(api, journal, wanted=lambda _entry: True) == ["namespace left with a throwaway influxdb"]
    assert api.there == {}


def test_a_new_server_is_set_up_and_a_used_one_is_refused() -> None:
    with serving({"/api/v2/setup": (201, {})}) as server:
        http = HttpApi("copy", server.port)
        assert set_up(http) == server.posted[0]["token"]
        server.routes["/api/v2/setup"] = (422, {"message": "onboarding has already been completed"})
        with pytest.raises(UnexpectedAnswer, match="answers 422 to its set-up"):
            set_up(http)
        http.close()


def test_the_copy_is_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def health(_query: dict[str, str]) -> tuple[int, dict[str, str]]:
        asked.append("health")
        return (200 if len(asked) > 1 else 503), {}

    with serving({"/health": health, "/api/v2/setup": (201, {})}) as server:

        @contextmanager
        def running(*_: object) -> Iterator[Any]:
            yield type("Forward", (), {"port": server.port, "failure": None})

        monkeypatch.setattr(copies, "running", running)
        with copies.throwaway_influxdb(FakeApi(), PIPELINE, Journal(tmp_path)) as (_, token):  # type: ignore[arg-type]
            assert token == server.posted[0]["token"]
    assert len(asked) == 2
