"""Images are filled in, and what a workload reads is found."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipeline_services.model import roles
from pipeline_services.model.failures import PlatformError
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.build.images import RECIPES
from pipeline_services.platform.deploy.render import REGISTRY, containers, fill_images, reads

PIPELINE = Pipeline.load()
IMAGES = {recipe.name: f"{REGISTRY}{recipe.name}:1.0-0123abcd" for recipe in RECIPES}


def test_every_image_gets_its_tag(manifests: Any) -> None:
    filled = fill_images(copy.deepcopy(list(manifests.objects)), IMAGES)
    used = {container["image"] for manifest in filled for container in containers(manifest)}
    assert len(used) > 1
    assert used <= set(IMAGES.values())


def test_an_image_that_nobody_builds_is_named(manifests: Any) -> None:
    with pytest.raises(PlatformError, match="kafka asks for an image that is not built: kafka"):
        fill_images(copy.deepcopy([manifests.workload(roles.KAFKA)]), {})


def test_what_the_processor_reads(manifests: Any) -> None:
    assert reads(manifests.workload(roles.PROCESSOR)) == {
        ("ConfigMap", PIPELINE.config.config_map),
        ("Secret", PIPELINE.config.write_token.secret),
        ("Secret", PIPELINE.config.tls),
    }


def test_every_config_map_that_is_read_is_rendered(manifests: Any) -> None:
    sources = {source for part in PIPELINE.workloads.values() for source in reads(manifests.workload(part.workload))}
    assert {name for kind, name in sources if kind == "ConfigMap"} == manifests.names("ConfigMap")
