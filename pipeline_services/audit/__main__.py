"""``python -m pipeline_services.audit``: judge a ledger's history that was kept, or make one to measure on."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline_services.audit.kept import load, save
from pipeline_services.audit.ledger import judge
from pipeline_services.audit.sample import DEVICES, sample
from pipeline_services.model.arguments import Parser
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.exit_codes import FOUND, NOT_KNOWN, PASSED

_HELP: Final = """\
Judge the history of a ledger again: what was sent, acknowledged, in the topic and stored. Each audit of a scenario
keeps its own in the cache folder (ledgers/), so that one whose run was killed can be judged, too.

exit codes:  0 nothing is lost   1 something is   2 too few readings to say   4 the command was refused
examples:
  python -m pipeline_services.audit ~/.cache/conveyor/ledgers/*.ledger
  python -m pipeline_services.audit --make 10000000 big.ledger     readings enough to measure time and memory
  python -m pipeline_services.audit big.ledger
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = Parser(
        prog="python -m pipeline_services.audit",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a ledger's history")
    parser.add_argument("--make", type=int, metavar="N", help="write a history of so many readings to FILE")
    parser.add_argument("--devices", type=int, default=DEVICES, metavar="N", help=f"... of so many ({DEVICES})")
    options = parser.parse_args(arguments)
    try:
        if options.make is not None:
            if options.make < 1 or options.devices < 1 or len(options.files) != 1:
                parser.error("--make takes one file, and numbers from 1 on")
            save(sample(options.make, options.devices), options.files[0])
            return PASSED
        return max([_judged(file) for file in options.files])
    except PreconditionNotMet as error:
        parser.error(error.message)
    except OSError as error:
        parser.error(f"{options.files[0]} cannot be written: {error.strerror}")


def _judged(file: Path) -> int:
    began, cpu = time.monotonic(), time.process_time()
    try:
        verdict = judge(load(file))
    except NoData as error:
        print(f"{file}: not known: {error}")
        return NOT_KNOWN
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took, used = time.monotonic() - began, time.process_time() - cpu
    print(f"{file}: {verdict}\n  judged in {took:.1f} s ({used:.1f} s of CPU), at most {peak:.0f} MB of memory")
    return PASSED if verdict.holds else FOUND


if __name__ == "__main__":
    sys.exit(main())
