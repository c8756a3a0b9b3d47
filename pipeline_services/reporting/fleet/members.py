"""The file of a fleet: which pipelines there are, where each runs, and what describes it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pipeline_services.checklist.described import described_pipeline
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings
from pipeline_services.model.toml_table import dataclass_from, read_toml


@dataclass(frozen=True, slots=True)
class Member:
    """A pipeline of the fleet. Paths are as seen from the fleet's file.

    Attributes:
        name: what the report calls it.
        context, kubeconfig: its cluster; with neither it is the suite's own.
        namespace: where it runs; by default its profile's.
        pipeline: its profile; by default the suite's own. settings: its levels and absent parts.
        snapshot: a saved snapshot that is judged in place of a cluster.
    """

    name: str
    context: str = ""
    kubeconfig: str = ""
    namespace: str = ""
    pipeline: str = ""
    settings: str = ""
    snapshot: str = ""

    @property
    def cluster(self) -> str:
        """What tells one cluster from another, as far as the file says."""
        return f"{self.kubeconfig}#{self.context}"


@dataclass(frozen=True, slots=True)
class _File:
    pipelines: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Fleet:
    """The pipelines in the order of the file; ``folder`` is where the file lies."""

    members: tuple[Member, ...]
    folder: Path

    @classmethod
    def load(cls, file: Path) -> Fleet:
        """Read a fleet's file.

        Raises:
            PreconditionNotMet: it cannot be read, has an unknown key or a bad value, names no pipeline or one twice, or
                gives one a snapshot and a cluster.
        """
        try:
            members = dataclass_from(_File, read_toml(file, "the fleet"), "fleet").pipelines
            _require_sound(members)
        except PreconditionNotMet as error:
            raise PreconditionNotMet(f"{file}: {error.message}", next_step=error.next_step) from error
        return cls(members, file.resolve().parent)

    def path(self, name: str) -> Path | None:
        """A path of the file, or None for none."""
        return self.folder / Path(name).expanduser() if name else None

    def profile(self, member: Member) -> Pipeline:
        """Its profile; raises as ``described_pipeline``."""
        return described_pipeline(self.path(member.pipeline))

    def settings(self, member: Member, pipeline: Pipeline) -> Settings:
        """Its settings; raises as ``Settings.load``."""
        return Settings.load(self.path(member.settings), KEY_METRICS, pipeline)


def _require_sound(members: tuple[Member, ...]) -> None:
    if not members:
        raise PreconditionNotMet("the fleet has no pipelines")
    for name, count in Counter(one.name for one in members).items():
        if count > 1:
            raise PreconditionNotMet(f"pipelines: {name!r} is listed {count} times")
        if not name or "/" in name:
            raise PreconditionNotMet(f"pipelines: {name!r} is no valid name (it also names a file)")
    for one in members:
        if one.snapshot and (one.context or one.kubeconfig or one.namespace):
            raise PreconditionNotMet(f"pipelines: {one.name} has a snapshot and a cluster")
