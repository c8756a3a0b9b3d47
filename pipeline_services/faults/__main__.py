"""``python -m pipeline_services.faults {list,sweep}``: what is in force in the suite's own cluster, and its undo."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pipeline_services.faults.journal import own_journal
from pipeline_services.faults.safety import describe
from pipeline_services.model.arguments import Parser
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.exit_codes import FOUND, NOT_KNOWN, PASSED
from pipeline_services.model.say import say_at_once


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says. 0 done, 1 a live run still has faults in force, 2 an undo failed, 4 refused."""
    parser = Parser(prog="python -m pipeline_services.faults", description=__doc__)
    help_ = "list: print the faults in force; sweep: also undo those of runs that are gone"
    parser.add_argument("command", choices=("list", "sweep"), help=help_)
    command = parser.parse_args(arguments).command
    journal = own_journal()
    try:
        entries = journal.entries()
        for entry in entries:
            sys.stdout.write(f"{describe(entry)}\n")
        if command == "sweep" and any(entry.is_abandoned for entry in entries):
            from pipeline_services.faults.aftermath import undo_left_behind  # noqa: PLC0415 - it loads all the clients

            undo_left_behind(journal, say_at_once)
    except PipelineError as error:
        sys.stderr.write(f"{error}\n")
        return NOT_KNOWN
    return PASSED if all(entry.is_abandoned for entry in entries) else FOUND


if __name__ == "__main__":
    sys.exit(main())
