"""Undoes, in the suite's own cluster, what runs that ended left behind, each with a line, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from pipeline_services.clients.kubeconfig import Access
from pipeline_services.faults.admin import Admin, KindNode
from pipeline_services.faults.injection import sweep
from pipeline_services.faults.journal import Command, Journal
from pipeline_services.faults.safety import authorize_target, chaos_lock
from pipeline_services.model import own_cluster


def undo_left_behind(journal: Journal, say: Callable[[str], None]) -> None:
    """Undo it with the administrator's rights. No other run can break, or undo, anything meanwhile.

    Raises:
        PreconditionNotMet: there is no cluster, or another run is at work in it.
        PipelineError: an undo was refused; what could not be undone stays journaled.
    """
    authorized = authorize_target()
    with chaos_lock(authorized, "undoing what was left behind"):
        below = any(isinstance(step, Command) for entry in journal.entries() for step in entry.undo)
        node = KindNode.of(own_cluster.CLUSTER) if below else None  # to find the engine takes a second
        access = Access.load(authorized.target.kubeconfig, authorized.target.context)
        with closing(Admin(access, authorized.target.namespace, node)) as admin:
            sweep(admin, journal, say)
