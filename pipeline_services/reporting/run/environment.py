"""What a report was made by and from. Nothing of the process's environment or command line is in it."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final

from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.k8s import status_of
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.text import utc
from pipeline_services.reporting.allure.node import allure_version
from pipeline_services.reporting.run.options import RunOptions
from pipeline_services.snapshot.snapshot import Snapshot

ROOT: Final = REPOSITORY
UNKNOWN: Final = "unknown"


def describe(snapshot: Snapshot | None, where: str, started: float, kubernetes: str = "") -> dict[str, str]:
    """Versions, context, namespace and commit, for the report's environment table.

    Args:
        where: what ``place`` said of a run that has no snapshot of its own.
        started: when such a run began, epoch seconds.
        kubernetes: the version of its cluster; empty where nobody asked.
    """
    namespace, _, context = where.partition(" on ")
    return {
        "context": (snapshot.context or "current context") if snapshot else context,
        "namespace": snapshot.namespace if snapshot else namespace,
        "judged_at": utc(snapshot.taken_at if snapshot else started),
        "kubernetes": _kubernetes(snapshot) if snapshot else kubernetes or UNKNOWN,
        "suite": _suite_version(),
        "commit": _commit(),
        "pytest": version("pytest"),
        "allure": allure_version(),
    }


def place(snapshot: Snapshot | None, options: RunOptions, pipeline: Pipeline) -> str:
    """Which pipeline was judged, and as of when, for headings."""
    if snapshot is None:
        own = own_cluster.CONTEXT if options.kubeconfig is None else "the current context"
        return f"{options.namespace or pipeline.namespace} on {options.context or own}"
    return f"{snapshot.namespace} on {snapshot.context or 'the current context'}, {utc(snapshot.taken_at)}"


def _kubernetes(snapshot: Snapshot) -> str:
    try:
        return kubernetes_of(snapshot.data("nodes"))
    except PipelineError:
        return UNKNOWN


def kubernetes_of(nodes: Iterable[Mapping[str, Any]]) -> str:
    """The version of a cluster, which is that of its nodes."""
    versions = {str(status_of(node).get("nodeInfo", {}).get("kubeletVersion", UNKNOWN)) for node in nodes}
    return ", ".join(sorted(versions)) or UNKNOWN


def _suite_version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    return done.stdout.strip() or UNKNOWN
