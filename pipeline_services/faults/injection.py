"""Makes faults and undoes them: journaled before, undone after, whatever happens in between."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import attrgetter
from os import getpid
from typing import Final

from pipeline_services.faults.expiry import FAULT_LIFETIME_S, Watchdog
from pipeline_services.faults.journal import Call, Command, Entry, Journal, Step
from pipeline_services.faults.model import RUN, Api, Fault, Node
from pipeline_services.model import own_cluster
from pipeline_services.model.errors import (
    Conflict,
    NoData,
    PipelineError,
    PreconditionNotMet,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from pipeline_services.model.k8s import uid_of
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.run_lock import sole_holder
from pipeline_services.model.say import Say
from pipeline_services.model.signals import held_back, unwinding
from pipeline_services.model.waiting import WaitExpired, wait_until

SWEEP_TIMEOUT_S: Final = 60.0
"""For another run that is undoing what was left behind."""
PATIENCE: Final = 30.0
"""Seconds for which an undo is tried again while the API server does not answer."""
IDENTITY: Final = KINDS["Namespace"].path(name=own_cluster.SYSTEM_NAMESPACE)


class FaultDidNotLand(PreconditionNotMet):
    """The change was made, and what it should have broken was not seen broken: nothing can be concluded."""


class FaultRemains(UnexpectedAnswer):
    """The undo was done, and its effect was not seen: somebody has to look."""


@contextmanager
def injected(api: Api, journal: Journal, fault: Fault) -> Iterator[Entry]:
    """The fault, in force within the block and undone after it, whatever happens in it.

    Raises:
        FaultExpired: its time was up within the block; it is undone.
        PipelineError: the change or its undo was refused. An undo that failed stays journaled and is named.
    """
    now = time.time()
    entry = Entry(
        id=f"{RUN}-{uuid.uuid4().hex[:8]}",
        run=RUN,
        pid=getpid(),
        summary=fault.summary,
        injected_at=now,
        expires_at=now + (fault.lifetime_s or FAULT_LIFETIME_S),
        undo=fault.undo,
        cluster=identity(api),
    )
    made = False

    def undo_once() -> None:
        """Once it has expired, another run may have undone it, and what is there now is that run's."""
        if not made or journal.holds(entry.id):
            undo(api, journal, entry)

    with unwinding():
        journal.write(entry)  # before anything may have to be undone: what cannot be journaled is not made
        try:
            perform(api, fault.inject)
            made = True
            with Watchdog(entry, undo_once):
                yield entry
        finally:
            with held_back():
                undo_once()


def landed(api: Api, fault: Fault) -> float:
    """Wait until the fault shows; returns when that was seen, in seconds since the epoch. Then does its follow-up.

    Raises:
        FaultDidNotLand: it did not show in time.
    """
    if fault.landed is None:
        perform(api, fault.follow_up)
        return time.time()
    proof = fault.landed
    try:
        wait_until(proof.holds, within=proof.within, what=proof.what, every=0.1, retry_on=(PipelineError,))
    except WaitExpired as error:
        raise FaultDidNotLand(f"the fault did not land: {fault.summary}: {error.message}") from error
    seen_at = time.time()
    perform(api, fault.follow_up)
    return seen_at


def gone(fault: Fault) -> None:
    """Wait until the undone fault no longer shows. Raises FaultRemains where it still does."""
    if fault.gone is None:
        return
    proof = fault.gone
    try:
        wait_until(proof.holds, within=proof.within, what=proof.what, retry_on=(PipelineError,))
    except WaitExpired as error:
        raise FaultRemains(f"undone, but not gone: {fault.summary}: {error.message}") from error


def undo(api: Api, journal: Journal, entry: Entry) -> None:
    """Undo a journaled fault and forget it.

    Raises:
        PipelineError: a step was refused; all others were done, and the entry stays in the journal.
    """
    errors: list[PipelineError] = []
    for step in entry.undo:
        try:
            _undo_step(api, step)
        except PipelineError as error:
            errors.append(error)
    if errors:
        raise UnexpectedAnswer(
            f"the fault is still in force, its undo failed: {entry.summary}: {errors[0].message}",
            next_step="python -m pipeline_services.faults sweep, or undo it by hand",
        ) from errors[0]
    journal.remove(entry.id)


def sweep(
    api: Api,
    journal: Journal,
    say: Say = lambda _line: None,
    wanted: Callable[[Entry], bool] = attrgetter("is_abandoned"),
) -> list[str]:
    """Undo what runs that are gone left behind, and what has expired; returns what was undone, in words.

    What was left in a cluster that no longer exists is only forgotten.

    Args:
        say: takes a line for each, as soon as it is dealt with.
        wanted: which of the journaled faults are to be undone.

    Raises:
        PreconditionNotMet: another run is at it.
        PipelineError: an undo was refused, or the cluster does not say which it is.
    """
    if not any(map(wanted, journal.entries())):
        return []
    with sole_holder(journal.folder / "sweep.lock", "sweep", _being_swept, timeout_s=SWEEP_TIMEOUT_S):
        return _sweep(api, journal, say, [entry for entry in journal.entries() if wanted(entry)])


def _being_swept(holder: str) -> PreconditionNotMet:
    return PreconditionNotMet(f"{holder} is undoing what was left behind", next_step="the same command again")


def _sweep(api: Api, journal: Journal, say: Say, left: Sequence[Entry]) -> list[str]:
    here = identity(api) if left else ""
    if left and not here:
        raise UnexpectedAnswer(f"{IDENTITY} has no UID: it is not known whether {left[0].summary} was made here")
    for entry in left:
        if entry.cluster and entry.cluster != here:
            journal.remove(entry.id)
            say(f"{_left_behind(entry)}; its cluster is no more, so it is forgotten")
        else:
            undo(api, journal, entry)
            say(f"{_left_behind(entry)}; {'undone' if entry.undo else 'there is nothing to undo'}")
    return [entry.summary for entry in left if entry.cluster in ("", here)]


def _left_behind(entry: Entry) -> str:
    since = datetime.fromtimestamp(entry.injected_at, UTC)
    how = "kept too long" if entry.owner_alive else "left behind"
    return f"{how} by run {entry.run} (process {entry.pid}) since {since:%H:%M:%S} UTC: {entry.summary}"


def identity(api: Api) -> str:
    """What tells this cluster from another of the same name."""
    answer = api.call("GET", IDENTITY)
    return uid_of(answer) if isinstance(answer, dict) else ""


def perform(api: Api, steps: Sequence[Step]) -> None:
    """Do the steps in order. Raises PipelineError where one was refused; those after it were not done."""
    for step in steps:
        try:
            _do(api, step)
        except (UnexpectedAnswer, NoData) as error:
            raise UnexpectedAnswer(f"{step} was refused: {error.message}") from error


def _undo_step(api: Api, step: Step) -> None:
    """What was never made, or is gone already, counts as undone; a server that is away is waited for."""

    def attempt() -> bool:
        try:
            perform(api, [step])
        except UnexpectedAnswer as error:
            if not _settled(step, error.__cause__):
                raise
        return True

    wait_until(attempt, within=PATIENCE, what=f"undo: {step}", every=1.0, retry_on=(ServiceUnreachable,))


def _settled(step: Step, error: BaseException | None) -> bool:
    if not isinstance(step, Call):
        return False
    if isinstance(error, NoData):  # a pod that was replaced has nothing of the fault any more
        return step.method == "DELETE" or "/pods/" in step.path
    return step.method == "POST" and isinstance(error, Conflict)


def _do(api: Api, step: Step) -> None:
    if isinstance(step, Command):
        if not isinstance(api, Node):
            raise PreconditionNotMet(f"no way to the node, which this needs: {step}")
        api.on_node(step.words)
    else:
        api.call(step.method, step.path, step.body, step.content_type)
