"""A second pipeline in the suite's own cluster: its overlay and its profile have the same name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from pipeline_services.model.failures import PlatformError
from pipeline_services.model.paths import PIPELINES, REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.toml_table import is_none_of
from pipeline_services.platform.cluster.access import ClusterAccess, require_answer
from pipeline_services.platform.cluster.bring_up import Platform, Settle
from pipeline_services.platform.deploy.deploy import deploy

OVERLAYS: Final = REPOSITORY / "manifests" / "overlays"
DELETED_WITHIN_S: Final = 180


def described(name: str) -> Pipeline:
    """The profile of a pipeline that can be brought up beside the suite's own.

    Raises:
        PlatformError: there is none of that name.
        PreconditionNotMet: its profile is wrong.
    """
    known = sorted(path.stem for path in PIPELINES.glob("*.toml") if _overlay(path.stem).is_dir())
    if name not in known:
        raise PlatformError(f"the pipeline {name!r} {is_none_of(name, known)}")
    return Pipeline.load(PIPELINES / f"{name}.toml")


def up(platform: Platform, pipeline: Pipeline, settle: Settle) -> ClusterAccess:
    """Deploy it, or repair what differs, and wait for its figures: its apps look for a broker only now and then.

    Raises:
        PlatformError: no cluster answers, or a step failed.
    """
    access = replace(platform.cluster.access, pipeline=pipeline)
    require_answer(access)
    platform.bring_images(platform.assembly.image_refs())
    deploy(access, platform.assembly.image_refs(), platform.progress, overlay=_overlay(pipeline.name))
    settle(access, platform.progress)
    return access


def down(platform: Platform, pipeline: Pipeline) -> bool:
    """Delete it with all that it stored; False where it is not there.

    Raises:
        PlatformError: no cluster answers, or its namespace does not go.
    """
    require_answer(platform.cluster.access)
    if not _is_there(platform, pipeline):
        return False
    platform.cluster.kubectl("delete", "namespace", pipeline.namespace, timeout=DELETED_WITHIN_S)
    return True


def _is_there(platform: Platform, pipeline: Pipeline) -> bool:
    return bool(platform.cluster.kubectl("get", "namespace", pipeline.namespace, "--ignore-not-found", "-o", "name"))


def _overlay(name: str) -> Path:
    return OVERLAYS / name
