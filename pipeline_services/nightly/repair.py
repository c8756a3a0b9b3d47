"""``python -m pipeline_services.nightly.repair``: the suite's own cluster as this checkout declares it, settled.

Exit code 0 done, 1 it could not be repaired, 2 a run that lives keeps something broken: nothing was touched.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from pipeline_services.checklist.settling import settle
from pipeline_services.clients.signals import unwinding
from pipeline_services.faults.aftermath import undo_left_behind
from pipeline_services.faults.journal import own_journal
from pipeline_services.faults.safety import to_undo
from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.model.settings import resolve_target
from pipeline_services.platform.cluster import lifecycle
from pipeline_services.platform.cluster.access import access_to, answers

Say = Callable[[str], None]
REPAIRED, FAILED, BUSY, STOPPED = 0, 1, 2, 130


def main(say: Say = lambda line: print(line, flush=True)) -> int:
    """Undo what is left of faults, then restore what is declared; returns the exit code."""
    try:
        to_undo(own_journal().entries())
    except PreconditionNotMet as error:
        say(str(error))
        return BUSY
    try:
        with unwinding():
            repair(say)
    except KeyboardInterrupt as error:
        say(f"stopped by {error}")
        return STOPPED
    except PipelineError as error:
        say(str(error))
        return FAILED
    return REPAIRED


def repair(say: Say) -> None:
    """Faults first, where the cluster answers: what they hold broken would keep the roll-out from its end.

    Raises:
        PipelineError: an undo was refused, or the cluster cannot be brought up.
    """
    if own_journal().entries() and answers(access_to(Cache(cache_root()), own_cluster.CLUSTER)):
        undo_left_behind(own_journal(), say)
    access = lifecycle.up(settle=lambda _access, _progress: None)
    undo_left_behind(own_journal(), say)
    settle(resolve_target(pipeline=access.pipeline), say, since="repaired")


if __name__ == "__main__":
    sys.exit(main())
