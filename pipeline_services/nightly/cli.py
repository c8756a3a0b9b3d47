"""``make nightly``: the whole night, from the command line to its report."""

from __future__ import annotations

import argparse
import html
import json
import shlex
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NoReturn

from pipeline_services.faults.signals import held_back, unwinding
from pipeline_services.model.atomic import write_whole
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.run_lock import sole_holder
from pipeline_services.model.text import duration, file_time
from pipeline_services.nightly import history, screen
from pipeline_services.nightly.changes import changes
from pipeline_services.nightly.night import REFUSED, Night
from pipeline_services.nightly.plan import Cluster, Step, expected_s, steps
from pipeline_services.nightly.playing import Player

MINUTES: Final = 120.0
KEPT: Final = 30
SUMMARY: Final = "summary.txt"
VERDICT: Final = "nightly.json"
PAGE: Final = "index.html"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(REFUSED, f"REFUSED: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the night; the exit code is that of README's table: 4 refused, 130 and 143 stopped."""
    options = _parser().parse_args(arguments)
    try:
        if options.dry_run:
            return _rehearse(options)
        options.reports.mkdir(parents=True, exist_ok=True)
        with unwinding(), sole_holder(options.reports / "lock", "nightly", _taken):
            return _play(options)
    except (PipelineError, OSError) as error:
        print(f"REFUSED: {error}", file=sys.stderr)
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m pipeline_services.nightly", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=MINUTES, metavar="N", help="the time box (default: %(default)g)"
    )
    parser.add_argument("--reports", type=Path, default=REPOSITORY / "reports" / "nightly", metavar="DIR")
    parser.add_argument(
        "--keep", type=int, default=KEPT, metavar="N", help="nights kept in full (default: %(default)s)"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the steps and what they take, run nothing")
    for name, kind in (
        ("context", str),
        ("kubeconfig", _file),
        ("namespace", str),
        ("pipeline", _file),
        ("settings", _file),
    ):
        parser.add_argument(f"--{name}", type=kind, metavar="X", help="handed on to pytest")
    parser.add_argument("--allow-chaos", default="", metavar="CONTEXT", help="break things in that cluster, too")
    return parser


def _file(name: str) -> Path:
    """As seen from here: the steps run in the checkout."""
    return Path(name).expanduser().resolve()


def _taken(holder: str) -> PipelineError:
    return PreconditionNotMet(f"{holder} is at work", next_step="wait for its end")


def _planned(options: argparse.Namespace) -> list[Step]:
    given = vars(options)
    named = ("context", "kubeconfig", "namespace", "pipeline", "settings")
    handed_on = [word for name in named if given[name] for word in (f"--{name}", str(given[name]))]
    cluster = Cluster(tuple(handed_on), options.allow_chaos)
    return steps(datetime.now().astimezone().date(), cluster, options.reports.resolve())


def _rehearse(options: argparse.Namespace) -> int:
    known = history.durations(history.read(options.reports))
    for step in _planned(options):
        print(f"{step.name:<8} about {duration(expected_s(step, known)):<8} {shlex.join(step.command)}")
    return 0


def _play(options: argparse.Namespace) -> int:
    past, started = history.read(options.reports), time.time()
    folder = options.reports / history.NIGHTS / file_time(started)
    folder.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + 60 * options.minutes
    player = Player(options.reports, folder, ends, history.durations(past), _say)
    player.play(_planned(options))
    night = Night(started, time.time(), player.done, player.stopped_by)
    with held_back():
        _conclude(options, past, night, folder)
    return night.code


def _conclude(options: argparse.Namespace, past: history.Past, night: Night, folder: Path) -> None:
    lines = screen.lines(night, changes(past, night))
    history.add(options.reports, past, night.kept())
    history.prune(options.reports, options.keep)
    document = {"exit_code": night.code, "folder": str(folder), **night.kept(), "summary": lines}
    write_whole(options.reports / VERDICT, (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode())
    write_whole(folder / SUMMARY, ("\n".join(lines) + "\n").encode())
    write_whole(options.reports / PAGE, _page(lines, night, options.reports).encode())
    _say("")
    for line in [
        *lines,
        f"Report: {options.reports / PAGE}   (for machines: {VERDICT}; what each step said: {folder})",
    ]:
        _say(line)


def _page(lines: Sequence[str], night: Night, reports: Path) -> str:
    """The summary, with links to the page of each step's last run."""
    kinds = [step.name for step in night.steps if (reports / step.name / PAGE).is_file()]
    links = " ".join(f'<a href="{kind}/{PAGE}">{kind}</a>' for kind in kinds)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    style = "<style>pre, p { white-space: pre-wrap; font: 15px/1.5 monospace }</style>"
    body = f"<p>{links}</p><pre>{html.escape(chr(10).join(lines))}</pre>"
    return (
        f'<!DOCTYPE html><html lang="en"><head>{head}<title>Nightly</title>{style}</head><body>{body}</body></html>\n'
    )


def _say(line: str) -> None:
    print(line, flush=True)
