"""The manifests of the cluster's own parts, and what counts as ready."""

from __future__ import annotations

import re

import pytest
import yaml

from pipeline_services.model import own_cluster, paths
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.build import node, versions
from pipeline_services.platform.build.images import BAKED, LOADED, PREFIX, RECIPES, SUITE
from pipeline_services.platform.cluster import kind_cluster
from pipeline_services.platform.cluster.kind_cluster import with_images

NAMESPACE = Pipeline.load().namespace
REFS = {name: f"{PREFIX}/{name}:1-abcd" for name in BAKED}
MANIFESTS = sorted(path.name for path in paths.CLUSTER_MANIFESTS.glob("*.yaml") if path.name != "kind.yaml")


def test_names_get_their_full_form_wherever_they_stand() -> None:
    text = (
        "image: localhost/conveyor/kafka\nargs: [--helper, localhost/conveyor/system, x]\n"
        "b: {image: localhost/conveyor/loki}"
    )
    assert with_images(text, REFS) == (
        "image: localhost/conveyor/kafka:1-abcd\nargs: [--helper, localhost/conveyor/system:1-abcd, x]\n"
        "b: {image: localhost/conveyor/loki:1-abcd}"
    )


def test_name_in_full_form_is_left_alone() -> None:
    assert with_images("image: localhost/conveyor/kafka:2-x", REFS) == "image: localhost/conveyor/kafka:2-x"


def test_image_that_nobody_builds_is_refused() -> None:
    with pytest.raises(KeyError):
        with_images("image: localhost/conveyor/nothing", REFS)


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_each_manifest_is_applied_and_asks_only_for_known_images(manifest: str) -> None:
    assert manifest in (*kind_cluster.PARTS, kind_cluster.METRICS_API)
    text = with_images((paths.CLUSTER_MANIFESTS / manifest).read_text(encoding="utf-8"), REFS)
    assert all(document["kind"] for document in yaml.safe_load_all(text))
    assert not re.search(rf"{PREFIX}/[a-z-]+(?!:1-abcd)[\s,\]}}]", text)


def test_every_image_of_a_recipe_reaches_the_node_or_is_a_base() -> None:
    bases = {recipe.on for recipe in RECIPES} | {"node-base"}
    assert {recipe.name for recipe in RECIPES} - bases == {*BAKED, *LOADED, SUITE} - bases


def test_kubeadm_finds_its_parts() -> None:
    found = node.kubeadm_names(versions.load())
    assert found["registry.k8s.io/kube-apiserver:v1.34.4"] == "system"
    assert found["registry.k8s.io/coredns/coredns:v1.12.1"] == "coredns"
    assert {name for name in found if "pause" in name} == {"registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10.1"}


def test_audit_covers_the_account_of_the_checks_and_nothing_else() -> None:
    policy = yaml.safe_load((paths.IMAGES / "node-base" / "audit-policy.yaml").read_text(encoding="utf-8"))
    account = f"system:serviceaccount:{NAMESPACE}:{own_cluster.READER_ACCOUNT}"
    assert policy["rules"] == [{"level": "Metadata", "users": [account]}, {"level": "None"}]
