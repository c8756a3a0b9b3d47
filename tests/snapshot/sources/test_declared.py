"""What the manifests declare for the pipeline's namespace is compared, and nothing that they declare elsewhere."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pipeline_services.clients.manifests import rendered
from pipeline_services.judgements.drift import WORKLOADS
from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import containers_of, name_of, template_of
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.build import versions
from pipeline_services.platform.build.images import RECIPES
from pipeline_services.snapshot.sources.declared import declared

PIPELINE = Pipeline.load()


class FakeCluster:
    """One namespace, without labels."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def get(self, kind: str, name: str) -> dict[str, Any]:
        assert (kind, name) == ("Namespace", self.namespace)
        return {"metadata": {"name": name}}


def test_what_stands_in_another_namespace_is_not_looked_for_in_this_one() -> None:
    elsewhere = {
        name_of(item)
        for item in rendered(REPOSITORY / PIPELINE.manifests)
        if item["metadata"].get("namespace", PIPELINE.namespace) != PIPELINE.namespace
    }
    found = {name_of(item) for item in declared(PIPELINE, cast(Any, FakeCluster(PIPELINE.namespace)))}
    assert elsewhere
    assert found
    assert not found & elsewhere


def test_an_image_has_the_version_that_this_checkout_builds_and_the_apps_none() -> None:
    found = declared(PIPELINE, cast(Any, FakeCluster(PIPELINE.namespace)))
    images = {one["image"] for item in found if item["kind"] in WORKLOADS for one in containers_of(template_of(item))}
    own = {recipe.name: recipe.version for recipe in RECIPES}
    expected = {name: f":{versions.load().of(own[name])}" if own[name] else "" for name in map(short, images)}
    assert images == {f"{own_cluster.IMAGES_PREFIX}{name}{tag}" for name, tag in expected.items()}
    assert expected["apps"] == "" != expected["kafka"]


def short(image: str) -> str:
    return image.removeprefix(own_cluster.IMAGES_PREFIX).partition(":")[0]


def test_the_manifests_are_for_one_namespace() -> None:
    with pytest.raises(PreconditionNotMet, match="not in other"):
        declared(PIPELINE, cast(Any, FakeCluster("other")))
