"""Where faults may be made: consent, one run at a time, and the journal's place."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline_services.faults.journal import Entry, Journal, own_journal
from pipeline_services.faults.model import Api
from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import labels_of
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.paths import cache_root
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.run_lock import sole_holder
from pipeline_services.model.settings import Target, resolve_target
from pipeline_services.model.text import utc

CONSENT_LABEL: Final = "conveyor.io/chaos"
CONSENT: Final = "allowed"
SWEEP: Final = "python -m pipeline_services.faults sweep"


@dataclass(frozen=True, slots=True)
class ChaosTarget:
    """A pipeline in which faults may be made. ``own``: in the suite's own kind cluster, whose node is in reach."""

    target: Target
    own: bool

    @property
    def folder(self) -> Path:
        """Where the journal and the lock of this cluster lie; the same for every checkout on the machine."""
        if self.own:
            return own_journal().folder.parent
        return cache_root() / "foreign" / re.sub(r"[^A-Za-z0-9.-]+", "_", self.target.context)

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / "journal")


def authorize_target(
    kubeconfig: Path | None = None,
    context: str | None = None,
    namespace: str | None = None,
    allow: str | None = None,
    pipeline: Pipeline | None = None,
) -> ChaosTarget:
    """The pipeline that the options mean, if they consent to faults there; ``require_label`` asks the namespace itself.

    Args:
        allow: the value of ``--allow-chaos``.
        pipeline: the profile of what runs there; by default the suite's own.

    Raises:
        PreconditionNotMet: a foreign cluster without consent, or no cluster.
    """
    if kubeconfig is None and context is None and allow is None:
        admin = own_journal().folder.parent / "kubeconfig"
        if not admin.is_file():
            raise PreconditionNotMet("the suite's own cluster is not there", next_step="make up")
        return ChaosTarget(resolve_target(admin, own_cluster.CONTEXT, namespace, pipeline), own=True)
    target = resolve_target(kubeconfig, context or allow, namespace, pipeline)
    if not allow or target.context != allow:
        raise PreconditionNotMet(
            f"faults are made in the suite's own cluster only, and this is {target.context or 'another one'}",
            next_step=f"--allow-chaos {target.context or 'CONTEXT'} if that is really meant",
        )
    return ChaosTarget(target, own=False)


def require_label(api: Api, namespace: str) -> None:
    """The second consent: the namespace itself says that faults are allowed in it.

    Raises:
        PreconditionNotMet: it does not.
    """
    labels = labels_of(api.call("GET", KINDS["Namespace"].path(name=namespace)))
    if labels.get(CONSENT_LABEL) != CONSENT:
        raise PreconditionNotMet(
            f"the namespace {namespace} does not carry the label {CONSENT_LABEL}={CONSENT}",
            next_step=f"kubectl label namespace {namespace} {CONSENT_LABEL}={CONSENT}, if that is really meant",
        )


def describe(entry: Entry) -> str:
    """A journaled fault in one line: what, since when, and whose."""
    state = "which is still running" if entry.owner_alive else "which is gone"
    state += ", its time is up" if entry.is_expired and entry.owner_alive else ""
    return f"fault in force since {utc(entry.injected_at)}: {entry.summary}; made by run {entry.run}, {state}"


def require_none_in_force(journal: Journal) -> None:
    """Nothing may be judged, or broken, while the suite itself keeps something broken.

    Raises:
        PreconditionNotMet: a fault of another process is journaled; it is named.
        UnexpectedAnswer: the journal cannot be read.
    """
    for entry in journal.entries():
        if entry.pid != os.getpid():
            step = SWEEP if entry.is_abandoned else "wait for that run to end"
            raise PreconditionNotMet(describe(entry), next_step=step)


def to_undo(entries: Sequence[Entry], on_purpose: str | None = None) -> list[Entry]:
    """What has to be undone before anything can be judged: the faults of runs that are gone, and those that expired.

    Args:
        on_purpose: the run whose faults are what is to be judged. Then there must be no others: what they do could not
            be told apart.

    Raises:
        PreconditionNotMet: a run that lives keeps something broken; it is named.
    """
    others = [entry for entry in entries if entry.run != on_purpose]
    for entry in others:
        if not entry.is_abandoned:
            raise PreconditionNotMet(describe(entry), next_step="wait for that run to end")
        if on_purpose is not None:
            raise PreconditionNotMet(describe(entry), next_step=SWEEP)
    return others


def chaos_lock(authorized: ChaosTarget, purpose: str) -> AbstractContextManager[None]:
    """Hold the cluster's lock while the block runs.

    Raises:
        PreconditionNotMet: another run holds it; it is named.
    """
    return sole_holder(
        authorized.folder / "chaos.lock",
        purpose,
        lambda holder: PreconditionNotMet(f"{holder} is breaking this pipeline already"),
    )
