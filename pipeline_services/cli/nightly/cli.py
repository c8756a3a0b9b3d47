"""``make nightly``: the whole night, from the command line to its report and to whom it concerns."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline_services.cli.nightly import history, outbox, report, screen
from pipeline_services.cli.nightly.changes import Changes, changes
from pipeline_services.cli.nightly.night import Night
from pipeline_services.cli.nightly.notices import problems, well, with_news
from pipeline_services.cli.nightly.plan import Cluster, Step, expected_s, steps
from pipeline_services.cli.nightly.playing import Player
from pipeline_services.clients.notifications import Receiver
from pipeline_services.model.arguments import Parser, counted, positive
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.exit_codes import PASSED, REFUSED, SUITE_FAILED, stopped_by
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.run_lock import sole_holder
from pipeline_services.model.say import say_at_once
from pipeline_services.model.signals import held_back, unwinding
from pipeline_services.model.text import duration, file_time

MINUTES: Final = 120.0
RECEIVERS: Final = "CONVEYOR_NOTIFY"
"""The environment's variable with the addresses of whom to tell; not an option, since they are secret."""
_UNTOLD: Final = "NOT NOTIFIED"


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the night; the exit code is that of README's table: 4 refused, 130 and 143 stopped."""
    options = _parser().parse_args(arguments)
    try:
        receivers = Receiver.of(os.environ.get(RECEIVERS, ""))
        if options.dry_run:
            return _rehearse(options)
        options.reports.mkdir(parents=True, exist_ok=True)
        with unwinding(), sole_holder(options.reports / "lock", "nightly", _taken):
            return _play(options, receivers)
    except OSError as error:
        print(f"REFUSED: cannot write to {error.filename or options.reports}: {error.strerror}", file=sys.stderr)
        return REFUSED
    except PipelineError as error:
        print(f"REFUSED: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt as error:
        print(f"stopped by {str(error) or 'Ctrl-C'}", file=sys.stderr)
        return stopped_by(error)


def _parser() -> Parser:
    parser = Parser(
        prog="python -m pipeline_services.cli.nightly",
        description="Repair, check and break a pipeline within a time box, and report what changed since last night.",
        epilog=f"{RECEIVERS}: whom to notify when something starts or stops failing: apprise addresses",
    )
    add = parser.add_argument
    add("--minutes", type=positive, default=MINUTES, metavar="N", help="the time box (default: %(default)g)")
    add("--reports", type=Path, default=REPOSITORY / "reports" / "nightly", metavar="DIR", help="where the report goes")
    add(
        "--keep",
        type=counted,
        default=history.NIGHTS_KEPT,
        metavar="N",
        help="nights kept whole (default: %(default)s)",
    )
    add("--link", metavar="URL", help="where others find the report; in notifications (default: its path)")
    add("--dry-run", action="store_true", help="print the steps and what they take, run nothing")
    for name in ("context", "namespace"):
        add(f"--{name}", metavar="NAME", help="as pytest takes it: another cluster, of which the night only reads")
    for name in ("kubeconfig", "pipeline", "settings"):
        add(f"--{name}", type=_file, metavar="FILE", help="as pytest takes it")
    add("--allow-chaos", default="", metavar="CONTEXT", help="break things in that cluster, too")
    return parser


def _file(name: str) -> Path:
    """As seen from here: the steps run in the checkout."""
    return Path(name).expanduser().resolve()


def _taken(holder: str) -> PipelineError:
    return PreconditionNotMet(f"{holder} is at work", next_step="wait for its end")


def _planned(options: argparse.Namespace, past: history.Past) -> list[Step]:
    given = vars(options)
    named = ("context", "kubeconfig", "namespace", "pipeline", "settings")
    cluster = Cluster({name: str(given[name]) for name in named if given[name]}, options.allow_chaos)
    today = datetime.now().astimezone().date()
    return steps(today, cluster, options.reports.resolve(), history.unfinished(past))


def _rehearse(options: argparse.Namespace) -> int:
    past = history.read(options.reports)
    known = history.durations(past)
    for step in _planned(options, past):
        print(f"{step.name:<8} about {duration(expected_s(step, known)):<8} {shlex.join(step.command)}")
    return 0


def _play(options: argparse.Namespace, receivers: Sequence[Receiver]) -> int:
    past, started = history.read(options.reports), time.time()
    folder = options.reports / history.NIGHTS / file_time(started)
    folder.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + 60 * options.minutes
    player = Player(options.reports, folder, ends, history.durations(past), say_at_once)
    player.play(_planned(options, past))
    night = Night(started, time.time(), player.done, player.stopped_by)
    found = changes(past, night)
    lines = screen.lines(night, found)
    say_at_once("\n".join(["", *lines]))
    with held_back():
        written = _tried("NO REPORT", lambda: _written(options, folder, past, night, lines))
        queued = _tried(_UNTOLD, lambda: _queued(options, receivers, night, found))
    if queued:
        _tried(
            _UNTOLD, lambda: outbox.send(options.reports, receivers) or [f"nobody is notified: {RECEIVERS} is not set"]
        )
    return night.code or (PASSED if written else SUITE_FAILED)


def _tried(what: str, do: Callable[[], Iterable[str]]) -> bool:
    """Whether it could be done, and what came of it: neither a full disk nor a receiver changes the night's verdict."""
    try:
        for line in do():
            say_at_once(line)
    except (PipelineError, OSError) as error:
        say_at_once(f"{what}: {error}")
        return False
    return True


def _written(
    options: argparse.Namespace, folder: Path, past: history.Past, night: Night, lines: Sequence[str]
) -> list[str]:
    history.prune(options.reports, options.keep)  # before the page, which has links to what is kept
    report.write(options.reports, folder, past, night, lines)
    page = options.reports / report.PAGE
    return [f"Report: {page}   (for machines: {report.VERDICT}; what each step said: {folder})"]


def _queued(options: argparse.Namespace, receivers: Sequence[Receiver], night: Night, found: Changes) -> list[str]:
    wrong, right = problems(night, found), well(night, found)
    link = options.link or str(options.reports / report.PAGE)
    return outbox.queue(options.reports, receivers, lambda box: with_news(box, wrong, right, link))
