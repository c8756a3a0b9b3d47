"""What the commands do: up, ensure, status, down, clean."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_services.model import own_cluster
from pipeline_services.model.failures import Interrupted, PlatformError
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.model.say import Say
from pipeline_services.model.signals import unwinding
from pipeline_services.platform.build.progress import Durations, Progress
from pipeline_services.platform.cluster import lock
from pipeline_services.platform.cluster.access import ClusterAccess, access_to, answers

if TYPE_CHECKING:
    from pipeline_services.platform.cluster.bring_up import Platform, Settle

CLEANED = ("build", "work", "logs", "toolchains", "engine", "durations.json")


def ensure_cluster(name: str = own_cluster.CLUSTER, progress: Say | None = None, *, settle: Settle) -> ClusterAccess:
    """The running cluster as it is, or a new one with the pipeline in it where none answers.

    Args:
        progress: takes a line that there is none; how it comes up is then written to the standard error.
        settle: waits until a new pipeline has figures to be judged by.

    Raises:
        PlatformError: there is none and it cannot be brought up.
    """
    access = access_to(Cache(cache_root()), name)
    if access.reader_kubeconfig.exists() and answers(access):
        return access
    if progress is not None:
        progress(f"no cluster {name} answers: bringing it up")
    return up(name, progress if isinstance(progress, Progress) else None, settle=settle)


def up(name: str = own_cluster.CLUSTER, progress: Progress | None = None, *, settle: Settle) -> ClusterAccess:
    """Build what is missing, create the cluster if there is none, deploy, repair drift.

    Raises:
        PlatformError: with one line that says what stands in the way.
        Interrupted: somebody stopped it; the same command goes on from there.
    """
    progress = progress or Progress(Durations(Cache(cache_root()).durations))
    with _alone(f"up, cluster {name}", progress):
        access = _platform().open(name, progress).up(settle)
    progress.table()
    return access


def _platform() -> type[Platform]:
    """Its libraries take most of a second to load, which a run that finds its cluster does not need to pay."""
    from pipeline_services.platform.cluster.bring_up import Platform  # noqa: PLC0415

    return Platform


@contextmanager
def _alone(purpose: str, progress: Progress) -> Iterator[None]:
    """Within the block no other command is at work, and SIGTERM and a closed terminal stop as Ctrl-C does: no child
    goes on alone, and it is one line.

    Raises:
        PlatformError: another command was at work for too long.
        Interrupted: somebody stopped it.
    """
    try:
        with unwinding(), lock.held(Cache(cache_root()).lock, purpose, progress):
            yield
    except KeyboardInterrupt as error:
        raise Interrupted.by(error) from None


def up_beside(name: str, pipeline: str, progress: Progress, *, settle: Settle) -> ClusterAccess:
    """Deploy a second pipeline beside the suite's own, or repair it.

    Args:
        pipeline: the name of its overlay and its profile.

    Raises:
        PlatformError: there is no such pipeline, no cluster answers, or a step failed.
        Interrupted: somebody stopped it; the same command goes on from there.
    """
    from pipeline_services.platform.cluster import beside  # noqa: PLC0415 - as in _platform

    described = beside.described(pipeline)
    with _alone(f"up, pipeline {pipeline}", progress):
        access = beside.up(_platform().open(name, progress), described, settle)
    progress.table()
    return access


def down_beside(name: str, pipeline: str, progress: Progress) -> str:
    """Delete a second pipeline with all that it stored; cluster and own pipeline stay. Returns its namespace.

    Raises:
        PlatformError: there is no such pipeline, or no cluster answers.
    """
    from pipeline_services.platform.cluster import beside  # noqa: PLC0415 - as in _platform

    described = beside.described(pipeline)
    with _alone(f"down, pipeline {pipeline}", progress):
        gone = beside.down(_platform().open(name, progress), described)
    progress(f"pipeline {pipeline} deleted" if gone else f"there is no pipeline {pipeline}")
    return described.namespace


def down(name: str, progress: Progress) -> None:
    """Delete the cluster; what was built stays."""
    cache = Cache(cache_root())
    with lock.held(cache.lock, f"down, cluster {name}", progress):
        found = _platform().find(name, progress)
        if found is None or not found.down():
            progress(f"there is no cluster {name}")
        else:
            progress(f"cluster {name} deleted")


def clean(name: str, progress: Progress) -> None:
    """Delete the cluster and all that was built here. Caches of Go, Cargo, pip and Maven are not ours and stay."""
    cache = Cache(cache_root())
    with lock.held(cache.lock, "clean", progress):
        free = shutil.disk_usage(_existing(cache.root)).free
        found = _platform().find(name, progress)
        if found is not None:
            found.down()
            images = found.delete_images()
            progress(f"{images} images deleted")
        for entry in CLEANED:
            _remove(cache.root / entry)
        freed = shutil.disk_usage(_existing(cache.root)).free - free
        progress(f"freed {max(0, freed) / (1 << 30):.1f} GiB")


def status(name: str, progress: Progress) -> list[str]:
    """Lines that say what is built and how the cluster is. Nothing is installed, built or changed for it."""
    found = _platform().find(name, progress)
    return ["no container engine: nothing is set up"] if found is None else found.status()


def nightly(name: str, progress: Progress, *, installed: bool) -> None:
    """Install the nightly run in the cluster, or remove it with its reports.

    Raises:
        PlatformError: no cluster answers, or a step failed.
    """
    from pipeline_services.platform.cluster import nightly as in_cluster  # noqa: PLC0415

    with_running(name, progress, "nightly", in_cluster.install if installed else in_cluster.remove)
    progress(f"the nightly run is {'installed' if installed else 'removed'}")


def with_running(name: str, progress: Progress, purpose: str, act: Callable[[Platform], None]) -> None:
    """Hand the cluster over that runs, while no other command changes it.

    Raises:
        PlatformError: no cluster answers, or a step failed.
    """
    with _alone(f"{purpose}, cluster {name}", progress):
        found = _platform().find(name, progress)
        if found is None or not answers(found.cluster.access):
            raise PlatformError(f"no cluster {name} answers", next_step="make up")
        act(found)


def kubectl(name: str, progress: Progress) -> Path:
    """The kubectl that belongs to the cluster. Nothing is built for it.

    Raises:
        PlatformError: it was not built yet.
    """
    found = _platform().find(name, progress)
    program = found.cluster.tools / "kubectl" if found else None
    if program is None or not program.is_file():
        raise PlatformError("there is no kubectl yet", next_step="make up")
    return program


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
