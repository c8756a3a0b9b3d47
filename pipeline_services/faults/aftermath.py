"""Undoes what runs that ended left behind, and what has expired, each with a line, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from pipeline_services.clients.kubeconfig import Access
from pipeline_services.faults.admin import Admin, KindNode
from pipeline_services.faults.injection import sweep
from pipeline_services.faults.journal import Command, Entry, Journal
from pipeline_services.faults.safety import ChaosTarget, authorize_target, chaos_lock
from pipeline_services.model import own_cluster
from pipeline_services.model.say import Say


def undo_left_behind(journal: Journal, say: Say) -> None:
    """Undo it in the suite's own cluster, with the administrator's rights. No other run can break, or undo, meanwhile.

    Raises:
        PreconditionNotMet: there is no cluster, or another run is at work in it.
        PipelineError: an undo was refused; what could not be undone stays journaled.
    """
    authorized = authorize_target()
    undo_expired(authorized, say)
    if any(entry.is_abandoned for entry in journal.entries()):
        with chaos_lock(authorized, "undoing what was left behind"), _admin(authorized) as admin:
            sweep(admin, journal, say)


def undo_expired(authorized: ChaosTarget, say: Say) -> None:
    """Undo what has expired, whether or not the run that made it still runs: one that hangs holds the lock, too.

    Raises:
        PipelineError: an undo was refused; what could not be undone stays journaled.
    """
    if any(map(_hangs, authorized.journal.entries())):
        with _admin(authorized) as admin:
            sweep(admin, authorized.journal, say, _hangs)


def _hangs(entry: Entry) -> bool:
    return entry.is_expired and entry.owner_alive


@contextmanager
def _admin(authorized: ChaosTarget) -> Iterator[Admin]:
    below = any(isinstance(step, Command) for entry in authorized.journal.entries() for step in entry.undo)
    node = KindNode.of(own_cluster.CLUSTER) if below and authorized.own else None  # to find the engine takes a second
    access = Access.load(authorized.target.kubeconfig, authorized.target.context)
    with closing(Admin(access, authorized.target.namespace, node)) as admin:
        yield admin
