"""The second pipeline: its objects are what its description says, small enough to run beside the suite's own."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline_services.clients.manifests import rendered
from pipeline_services.judgements import config
from pipeline_services.model import own_cluster
from pipeline_services.model.failures import PlatformError
from pipeline_services.model.k8s import name_of, quantity
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Target
from pipeline_services.platform.cluster import beside
from pipeline_services.platform.deploy import deploy
from pipeline_services.platform.deploy.described import file_of
from pipeline_services.platform.deploy.render import REGISTRY, containers
from pipeline_services.platform.deploy.secrets import store as secret_store
from pipeline_services.snapshot.snapshot import Snapshot
from tests.platform.deploy.world import FakeCluster

PLAIN = beside.described("plain")
FOLDER = file_of(PLAIN).parent
OBJECTS = rendered(FOLDER)
ITS_SHARE_CORES = 0.1


def of(kind: str) -> list[dict[str, Any]]:
    return [item for item in OBJECTS if item["kind"] == kind]


def test_everything_is_in_its_own_namespace() -> None:
    spaces = {item["metadata"].get("namespace", "") for item in OBJECTS if item["kind"] != "Namespace"}
    assert (spaces, name_of(of("Namespace")[0])) == ({PLAIN.namespace}, PLAIN.namespace)
    assert PLAIN.namespace != Pipeline.load().namespace


def test_it_runs_images_that_are_built_anyway_and_asks_for_little() -> None:
    every = [container for item in OBJECTS if "template" in item.get("spec", {}) for container in containers(item)]
    assert {container["image"].removeprefix(REGISTRY) for container in every} <= {
        *("kafka", "influxdb", "apps", "prometheus")
    }
    assert sum(quantity(container["resources"]["requests"]["cpu"]) for container in every) <= ITS_SHARE_CORES


def test_its_workloads_services_and_settings_are_those_of_the_description() -> None:
    workloads = {(item["kind"], name_of(item)) for kind in ("Deployment", "StatefulSet") for item in of(kind)}
    assert workloads == {(part.kind, part.workload) for part in PLAIN.workloads.values()}
    answers = {"configmaps": of("ConfigMap"), "services": of("Service")}
    snapshot = Snapshot(0.0, "", PLAIN.namespace, answers, pipeline=PLAIN)
    for part in PLAIN.config.configured:
        config.settings_lead_to(snapshot, part)


class Site:
    """A cluster in memory that it is deployed to."""

    def __init__(self, folder: Path) -> None:
        self.reader_kubeconfig = folder / "reader.kubeconfig"
        self.target = Target("", own_cluster.CONTEXT, PLAIN.namespace, PLAIN)


def test_a_deploy_sets_up_the_store_and_makes_no_account_for_the_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    @contextmanager
    def influxdb(_cluster: FakeCluster, _pipeline: Pipeline, ca: str) -> Iterator[str]:
        yield ca

    def ensure_bucket(ca: str, admin: Any, pipeline: Pipeline) -> tuple[str, str]:
        asked.append(f"{pipeline.store.bucket} {admin.username} {ca!r}")
        return "", ""

    monkeypatch.setattr(secret_store, "influxdb", influxdb)
    monkeypatch.setattr(secret_store, "ensure_bucket", ensure_bucket)
    api: Any = FakeCluster()
    with ThreadPoolExecutor(1) as pool:
        deploy._Deploy(api, pool, copy.deepcopy(OBJECTS), lambda _: None, PLAIN).run(Site(tmp_path))
    assert asked == ["conveyor-data operator ''"]
    secret = api.objects["Secret", "influxdb-secrets"]
    assert secret["data"].keys() == {"admin-username", "admin-password", "admin-token"}
    assert {name for kind, name in api.objects if kind == "Secret"} == {"influxdb-secrets"}
    assert not (tmp_path / "reader.kubeconfig").exists()


def test_another_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(PlatformError, match="'plian' is none of plain; did you mean 'plain'"):
        beside.described("plian")


def program(name: str) -> ModuleType:
    """One of the apps' programs, as a module with metrics of its own."""
    spec = importlib.util.spec_from_file_location(f"plain_{name}", FOLDER / "apps" / "files" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def programs() -> Mapping[str, ModuleType]:
    return {name: program(name) for name in ("producer", "processor")}


def test_a_message_is_stored_by_its_own_time(programs: Mapping[str, ModuleType], monkeypatch: Any) -> None:
    monkeypatch.setenv("CONVEYOR_ID", "line_1")
    message = json.loads(json.dumps(programs["producer"].measured(1.4)))
    line = programs["processor"].point_of(message, deque(maxlen=10)).to_line_protocol()
    assert line.startswith(f"{PLAIN.store.measurement},alert_level=normal,conveyor_id=line_1,state=running ")
    assert f"{PLAIN.store.value}=1.4" in line


def test_a_write_that_fails_is_not_tried_again(programs: Mapping[str, ModuleType], monkeypatch: Any) -> None:
    monkeypatch.setenv("INFLUXDB_BUCKET", "b")
    monkeypatch.setenv("INFLUXDB_ORG", "o")
    processor, tried = programs["processor"], []

    class Writer:
        def write(self, *point: object) -> None:
            tried.append(point)
            raise OSError("refused")

    before = processor.write_errors._value.get()
    processor.store(Writer(), "point")
    assert (len(tried), processor.write_errors._value.get() - before) == (1, 1)


def test_the_account_of_the_checks_may_read_as_much_as_in_the_suites_own_namespace() -> None:
    own = rendered(FOLDER.parents[1] / "base" / "access")
    granted = [
        next(one["rules"] for one in roles if (one["kind"], name_of(one)) == ("Role", "daily-reader"))
        for roles in (own, OBJECTS)
    ]
    assert granted[0] == granted[1]
