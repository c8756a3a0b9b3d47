"""The overlay for the projects' own images changes their users and where programs lie, and nothing else."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.clients.manifests import rendered
from pipeline_services.judgements.comparison import differences
from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.build.upstream import BROUGHT
from pipeline_services.platform.deploy.render import REGISTRY, UPSTREAM, containers
from pipeline_services.snapshot.sources import declared
from tests.platform.deploy.conftest import OVERLAY, WORKLOADS, Manifests

USERS = {"kafka": 1000, "influxdb": 1000, "prometheus": 65534, "loki": 10001, "grafana": 472}
USER = "spec.template.spec.securityContext"
ELSEWHERE = {"log-shipper": {"spec.template.spec.containers[log-shipper].command[0]"}}


@pytest.fixture(scope="module")
def overlay() -> Manifests:
    return Manifests(tuple(rendered(UPSTREAM)))


def without_namespaces(manifests: Manifests) -> list[dict[str, Any]]:
    return [item for item in manifests.objects if item["kind"] != "Namespace"]


def test_it_has_the_same_objects_and_changes_nothing_but_workloads(manifests: Manifests, overlay: Manifests) -> None:
    for one, other in zip(without_namespaces(manifests), without_namespaces(overlay), strict=True):
        assert (one["kind"], one["metadata"]) == (other["kind"], other["metadata"])
        assert one == other or one["kind"] in WORKLOADS


def test_users_and_commands_are_all_that_differs(manifests: Manifests, overlay: Manifests) -> None:
    changed = {item["metadata"]["name"]: item for item in overlay.of(*WORKLOADS) if item not in manifests.objects}
    assert changed.keys() == {*USERS, *ELSEWHERE}
    for app, item in changed.items():
        own = {f"{USER}.{key}" for key in ("runAsUser", "runAsGroup", "fsGroup")} if app in USERS else set()
        before = manifests.workload(app)
        assert {one.path for one in differences(before, item)} == own | ELSEWHERE.get(app, set()), app


@pytest.mark.parametrize(("app", "user"), USERS.items())
def test_each_runs_as_the_user_that_its_image_is_made_for(overlay: Manifests, app: str, user: int) -> None:
    context = overlay.workload(app)["spec"]["template"]["spec"]["securityContext"]
    assert [context[key] for key in ("runAsUser", "runAsGroup", "fsGroup")] == [user] * 3
    assert context["runAsNonRoot"] is True


def test_every_image_is_there(overlay: Manifests) -> None:
    every = {container["image"] for item in overlay.of(*WORKLOADS) for container in containers(item)}
    assert {image.removeprefix(REGISTRY) for image in every} <= set(BROUGHT)


def test_what_is_declared_is_what_the_namespace_says(overlay: Manifests) -> None:
    [space] = overlay.of("Namespace")
    labels = space["metadata"]["labels"]
    assert labels["conveyor.io/chaos"] == "allowed"
    assert declared.folder_of(Pipeline.load(), labels) == UPSTREAM
    base = declared.folder_of(Pipeline.load(), {own_cluster.IMAGES_LABEL: "../.."})
    assert base == declared.folder_of(Pipeline.load(), {}) == OVERLAY.parents[1] / "base"


@pytest.mark.parametrize(
    ("containers_", "why"),
    [("containers: [{name: nobody}]", "list containers"), ("volumes: [{name: data}]", "list volumes")],
)
def test_a_patch_of_what_is_not_there_or_not_known_is_refused(tmp_path: Path, containers_: str, why: str) -> None:
    pod = "kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, command: [b]}], volumes: [{name: data}]}\n"
    (tmp_path / "pod.yaml").write_text(pod)
    (tmp_path / "patch.yaml").write_text(f"kind: Pod\nmetadata: {{name: a}}\nspec:\n  {containers_}\n")
    (tmp_path / "kustomization.yaml").write_text("resources: [pod.yaml]\npatches: [{path: patch.yaml}]\n")
    with pytest.raises(PreconditionNotMet, match=f"a patch of the {why} is not known"):
        rendered(tmp_path)


def test_a_patch_of_a_container_takes_the_place_of_its_command(tmp_path: Path, manifests: Manifests) -> None:
    shipper = copy.deepcopy(manifests.container("log-shipper"))
    patched = Manifests(tuple(rendered(UPSTREAM))).container("log-shipper")
    assert patched.pop("command") == ["/otelcol-contrib", "--config=/etc/otelcol/otelcol.yaml"]
    shipper.pop("command")
    assert patched == shipper
