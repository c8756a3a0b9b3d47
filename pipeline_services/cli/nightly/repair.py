"""``python -m pipeline_services.cli.nightly.repair``: the suite's own cluster as this checkout declares it, settled.

Exit code 0 done, 1 it could not be repaired, 2 a run that lives keeps something broken: nothing was touched. What was
put right is said once more at the end, each in a line: a cluster that is dirty every night is a finding.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Final

from pipeline_services.checklist.settling import settle
from pipeline_services.cli.nightly.plan import NOTE
from pipeline_services.faults.aftermath import undo_left_behind
from pipeline_services.faults.journal import own_journal
from pipeline_services.faults.safety import to_undo
from pipeline_services.model import own_cluster
from pipeline_services.model.arguments import Parser
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.exit_codes import stopped_by
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.model.say import Say, say_at_once
from pipeline_services.model.settings import resolve_target
from pipeline_services.model.signals import unwinding
from pipeline_services.platform.build.progress import Durations, Progress
from pipeline_services.platform.cluster import lifecycle
from pipeline_services.platform.cluster.access import access_to, answers

REPAIRED, FAILED, BUSY = 0, 1, 2
_PUT_RIGHT: Final = re.compile(
    r"^(?:removed|made|replaced) "
    r"|(?:restoring it|one replica again|(?:made|making it) anew|: new|: changed|; undone)$"
)


class Listening(Progress):
    """Progress that remembers its lines."""

    def __init__(self, durations: Durations) -> None:
        super().__init__(durations)
        self.lines: list[str] = []

    def __call__(self, text: str) -> None:
        """Write one line, and remember it."""
        super().__call__(text)
        self.lines.append(text)


def main(say: Say = say_at_once) -> int:
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
        return stopped_by(error)
    except PipelineError as error:
        say(str(error))
        return FAILED
    return REPAIRED


def repair(say: Say) -> None:
    """Faults first, where the cluster answers: what they hold broken would keep the roll-out from its end.

    Raises:
        PipelineError: an undo was refused, or the cluster cannot be brought up.
    """
    progress = Listening(Durations(Cache(cache_root()).durations))
    if own_journal().entries() and answers(access_to(Cache(cache_root()), own_cluster.CLUSTER)):
        undo_left_behind(own_journal(), progress)
    access = lifecycle.up(progress=progress, settle=lambda _access, _progress: None)
    undo_left_behind(own_journal(), progress)
    settle(resolve_target(pipeline=access.pipeline), progress, since="repaired")
    for line in put_right(progress.lines):
        say(f"{NOTE}{line}")


def put_right(lines: Iterable[str]) -> list[str]:
    """Those of the lines that say that something was not as it should be."""
    return [line for line in lines if _PUT_RIGHT.search(line)]


if __name__ == "__main__":
    Parser(prog="python -m pipeline_services.cli.nightly.repair", description=__doc__).parse_args()
    sys.exit(main())
