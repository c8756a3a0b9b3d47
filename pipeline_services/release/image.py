"""The candidate's image: built upon the baseline's, and brought into the node."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.failures import PlatformError
from pipeline_services.platform.build import node
from pipeline_services.platform.build.progress import Progress
from pipeline_services.platform.cluster.bring_up import Platform
from pipeline_services.release.candidate import Candidate, stage

TAG: Final = "candidate-"


def provide(candidate: Candidate, baseline: str, say: Callable[[str], None]) -> str:
    """The full name of the candidate's image, which the node then has.

    Args:
        baseline: the full name of the image that is deployed.

    Raises:
        PreconditionNotMet: the candidate cannot be built, or is the baseline.
        PlatformError: there is no engine, or the build failed.
    """
    platform = Platform.find(own_cluster.CLUSTER, Progress())
    if platform is None:
        raise PlatformError("no container engine: nothing can be built", next_step="make up")
    name = candidate.image or _built(candidate, baseline, platform, say)
    if name == baseline:
        raise PreconditionNotMet(f"{name} is what is deployed: there is nothing to try")
    if repository_of(name) != repository_of(baseline):
        raise PreconditionNotMet(
            f"{name} is not named {repository_of(baseline)}:<tag>, as the image that it replaces",
            next_step=f"podman tag {name} {repository_of(baseline)}:<tag>",
        )
    engine, container = platform.cluster.engine, platform.cluster.container
    if name not in node.loaded(engine, container):
        say(f"loading {name} into the node")
        node.load(engine, container, [name])
    return name


def _built(candidate: Candidate, baseline: str, platform: Platform, say: Callable[[str], None]) -> str:
    engine = platform.cluster.engine
    with tempfile.TemporaryDirectory(prefix="candidate-", dir=platform.cache.work) as folder:
        context = Path(folder) / "context"
        context.mkdir()
        key = stage(candidate, context)
        name = f"{repository_of(baseline)}:{TAG}{tag_of(baseline)[-8:]}-{key}"
        if name not in engine.images():
            say(f"building {name}")
            engine.build(context, name, {"BASE": baseline}, platform.cache.logs / "candidate.log")
    return name


def repository_of(image: str) -> str:
    """The name of an image without its tag."""
    return image.rpartition(":")[0]


def tag_of(image: str) -> str:
    return image.rpartition(":")[2]
