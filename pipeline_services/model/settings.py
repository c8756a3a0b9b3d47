"""What an environment may say about itself: other thresholds, absent parts, and which cluster is meant."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.levels import Levels
from pipeline_services.model.paths import cache_root
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.toml_table import dataclass_from, read_toml, require_one_of


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs from one environment to another.

    Attributes:
        thresholds: metric id to the levels that replace its own.
        absent: components that this environment does not have; their sources are not collected.
    """

    thresholds: Mapping[str, Levels] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()

    @classmethod
    def load(
        cls, path: Path | None, known_metrics: Collection[str] | None = None, pipeline: Pipeline | None = None
    ) -> Settings:
        """Read a TOML file with ``[thresholds.<metric id>] warn, fail`` and ``[absent] components``.

        Args:
            path: the file; None gives the defaults.
            known_metrics: the ids that ``thresholds`` may name; None accepts any.
            pipeline: whose components ``absent`` may name; by default the suite's own.

        Raises:
            PreconditionNotMet: the file cannot be read, or has an unknown key or a bad value, which is named.
        """
        if path is None:
            return cls()
        document = read_toml(path, f"the settings {path}")
        try:
            return cls.from_document(document, known_metrics, pipeline)
        except PreconditionNotMet as error:
            raise PreconditionNotMet(f"{path}: {error.message}") from error

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], known_metrics: Collection[str] | None = None, pipeline: Pipeline | None = None
    ) -> Settings:
        """Settings from what a TOML parser returned; raises as ``load`` does."""
        given = dataclass_from(_Document, document, "settings")
        for metric in given.thresholds if known_metrics is not None else ():
            require_one_of("thresholds", metric, known_metrics or ())
        for component in given.absent.components:
            require_one_of("absent.components", component, (pipeline or Pipeline.load()).reported)
        return cls(given.thresholds, frozenset(given.absent.components))


@dataclass(frozen=True, slots=True)
class _Absent:
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Document:
    """The file, as it is written."""

    thresholds: Mapping[str, Levels] = field(default_factory=dict)
    absent: _Absent = field(default_factory=_Absent)


@dataclass(frozen=True, slots=True)
class Target:
    """Which pipeline is meant, and in which cluster and namespace it runs.

    ``kubeconfig`` may be several files joined by ``os.pathsep``.
    """

    kubeconfig: str
    context: str
    namespace: str
    pipeline: Pipeline = field(default_factory=Pipeline.load, compare=False, repr=False)


def own_kubeconfig(cluster: str = own_cluster.CLUSTER) -> Path:
    """The kubeconfig of the read-only account of the suite's own cluster; it exists once the cluster is up."""
    return cache_root() / "clusters" / cluster / "reader.kubeconfig"


def resolve_target(
    kubeconfig: Path | None = None,
    context: str | None = None,
    namespace: str | None = None,
    pipeline: Pipeline | None = None,
) -> Target:
    """The cluster that the options mean.

    Without ``kubeconfig`` and ``context`` it is the suite's own cluster. A context alone is looked up where kubectl
    looks: in the files of ``$KUBECONFIG``, else in ``~/.kube/config``. A kubeconfig alone means its current context,
    which is written here as an empty string.

    Raises:
        PreconditionNotMet: there is no such kubeconfig.
    """
    if kubeconfig is None and context is None:
        files, context = str(own_kubeconfig()), own_cluster.CONTEXT
    elif kubeconfig is None:
        files = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    else:
        files = str(kubeconfig)
    own = kubeconfig is None and context == own_cluster.CONTEXT
    _require_file(files, next_step="make up" if own else "name one with --kubeconfig")
    described = pipeline or Pipeline.load()
    return Target(files, context or "", namespace or described.namespace, described)


def _require_file(files: str, next_step: str) -> None:
    try:
        there = any(Path(file).is_file() for file in files.split(os.pathsep) if file)
        folder = Path(files).is_dir()
    except OSError as error:
        raise PreconditionNotMet(f"cannot read the kubeconfig {files}: {error.strerror}") from error
    if not there:
        found = f"{files} is a folder and no kubeconfig" if folder else f"there is no kubeconfig {files}"
        raise PreconditionNotMet(found, next_step=next_step)
