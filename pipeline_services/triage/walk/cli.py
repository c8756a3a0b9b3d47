"""The command line of triage: one look, the answer on the screen, the files beside it. Reads only, repairs nothing."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline_services.checklist.described import described_pipeline
from pipeline_services.model import own_cluster
from pipeline_services.model.arguments import Parser, add_target
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.exit_codes import REFUSED, SUITE_FAILED, stopped_by
from pipeline_services.model.metrics.key_metrics import KEY_METRICS, metrics_of
from pipeline_services.model.metrics.metric import with_levels
from pipeline_services.model.paths import REPOSITORY, short
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.say import say_at_once
from pipeline_services.model.settings import Settings, resolve_target
from pipeline_services.model.signals import unwinding
from pipeline_services.model.text import one_line
from pipeline_services.snapshot.saved import announcement
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.incident import filing, terminal
from pipeline_services.triage.incident.messages import triage_command
from pipeline_services.triage.model import Diagnosis, Unanswered
from pipeline_services.triage.walk import workflow
from pipeline_services.triage.walk.watch import Watch

if TYPE_CHECKING:
    from pipeline_services.snapshot.live import LivePipeline

REPORTS: Final = REPOSITORY / "reports"
_HELP: Final = """\
What is wrong with the pipeline, since when, why, does it heal by itself, what to type, whom to call.
Reads only: nothing is created or changed, here or in the cluster, except the files in the reports folder.

  triage.json              the answer for programs, always
  incident-<time>.md       the incident, ready to be filed, where something was found
  evidence-<time>.tar.gz   what to hand over to the next level (no secrets in it)

exit codes:  0 healthy   1 findings   2 inconclusive   3 the suite itself failed
             4 the command was refused   130, 143, 129 stopped
             (make ends with 2 for anything but 0)
examples:
  make triage                                    the suite's own cluster
  make triage ARGS=--watch                       ... and follow what heals by itself to its end
  make triage ARGS=--until-resolved                ... also what you resolve by hand, in another terminal
  python -m pipeline_services.triage --context NAME --namespace NS
  python -m pipeline_services.triage --snapshot reports/snapshot.json
"""


@dataclass(slots=True)
class _Seen:
    """What one run of the command has come to so far."""

    first: Diagnosis
    now: Diagnosis
    snapshot: Snapshot | None = None
    last: Snapshot | None = None
    courses: tuple[workflow.Course, ...] = ()
    unknown: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    live = (options.context, options.kubeconfig, options.namespace, options.watch, options.until_resolved)
    if options.snapshot and any(live):
        parser.error(
            "--snapshot judges a file: it takes no --context, --kubeconfig, --namespace, --watch or --until-resolved"
        )
    try:
        pipeline = described_pipeline(options.pipeline)
        settings = Settings.load(options.settings, KEY_METRICS, pipeline)
        with_levels(metrics_of(pipeline), settings.thresholds)
    except PipelineError as error:
        parser.error(str(error))
    try:
        with unwinding():
            return _answer(options, settings, pipeline)
    except KeyboardInterrupt as error:
        say_at_once(f"Stopped by {str(error) or 'Ctrl-C'}.")
        return stopped_by(error)


def _parser() -> Parser:
    parser = Parser(
        prog="python -m pipeline_services.triage",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_target(parser)
    parser.add_argument("--snapshot", type=Path, metavar="FILE", help="judge this saved snapshot, without a cluster")
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="this environment's thresholds and absent components"
    )
    parser.add_argument("--reports", type=Path, metavar="DIR", default=REPORTS, help="where the files go: reports/")
    parser.add_argument("--watch", action="store_true", help="follow what heals by itself until it is gone or late")
    parser.add_argument(
        "--until-resolved", action="store_true", help="as --watch, and also wait for what you resolve by hand (15 min)"
    )
    parser.add_argument("--tried", action="store_true", help="the commands did not help: escalate what is still wrong")
    return parser


def _answer(options: argparse.Namespace, settings: Settings, pipeline: Pipeline) -> int:
    described = pipeline if options.pipeline else None  # a snapshot has its own profile
    try:
        seen = _read(options, settings, described) if options.snapshot else _looked(options, settings, pipeline)
    except PipelineError as error:
        if options.snapshot or isinstance(error, PreconditionNotMet):
            say_at_once(f"REFUSED: {one_line(error)}")
            return REFUSED
        seen = _not_known(options, error, pipeline)
    except Exception as error:  # noqa: BLE001  whatever it is, it must not end with the code for "there are findings"
        say_at_once(f"SUITE FAILED: {_where(error)}. The pipeline was not judged. Next: make daily")
        return SUITE_FAILED
    filed = _filed(options, seen)
    _show(options, seen, filed)
    return seen.now.exit_code


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {one_line(error, 120)} ({Path(last.filename).name}:{last.lineno})"


def _read(options: argparse.Namespace, settings: Settings, described: Pipeline | None) -> _Seen:
    """What a saved snapshot shows."""
    large = announcement(options.snapshot)
    if large:
        say_at_once(large)
    snapshot = Snapshot.load(options.snapshot, described)
    for line in snapshot.remarks(time.time()):
        say_at_once(line)
    return _judged(snapshot, settings, options)


def _looked(options: argparse.Namespace, settings: Settings, described: Pipeline) -> _Seen:
    """A look at the cluster, and with --watch as many as it takes; never brings a cluster up."""
    from pipeline_services.snapshot.live import LivePipeline  # noqa: PLC0415  a saved snapshot needs no client library

    if sys.stderr.isatty():
        sys.stderr.write("Taking a snapshot; this takes 5 to 15 s.\n")
    target = resolve_target(options.kubeconfig, options.context, options.namespace, described)
    with LivePipeline(target, settings) as pipeline:
        seen = _judged(pipeline.snapshot(deep=True), settings, options)
        if pipeline.clock:
            say_at_once(pipeline.clock)
        if options.until_resolved and seen.courses:
            _say_screen(options, seen, 0)
            _follow(seen, pipeline, settings, by_hand=True)
        elif options.watch and workflow.watched(seen.courses):
            _follow(seen, pipeline, settings)
        return seen


def _judged(snapshot: Snapshot, settings: Settings, options: argparse.Namespace) -> _Seen:
    diagnosis = diagnose(snapshot, settings)
    at = diagnosis.taken_at
    courses = tuple(workflow.begin(finding, at) for finding in diagnosis.findings)
    if options.tried:
        courses = tuple(workflow.escalated(course, at) for course in courses)
    return _Seen(diagnosis, diagnosis, snapshot, courses=courses)


def _follow(seen: _Seen, pipeline: LivePipeline, settings: Settings, *, by_hand: bool = False) -> None:
    courses = seen.courses if by_hand else workflow.watched(seen.courses)
    waiting = ", ".join(course.finding.component for course in courses)
    say_at_once(f"Watching {'until it is resolved' if by_hand else 'what heals by itself'}: {waiting}. Ctrl-C ends it.")

    def look() -> Diagnosis:
        seen.last = pipeline.snapshot(deep=True)
        return diagnose(seen.last, settings)

    watch = Watch(seen.first, seen.courses, look, say_at_once, by_hand=by_hand)
    seen.now = watch.run()
    seen.courses = watch.courses


def _not_known(options: argparse.Namespace, error: PipelineError, pipeline: Pipeline) -> _Seen:
    """No snapshot, no diagnosis: the one line that says why, for people and for programs."""
    why = one_line(error)
    context = options.context or ("" if options.kubeconfig or options.snapshot else own_cluster.CONTEXT)
    unanswered = (Unanswered("snapshot", "node", why),)
    nothing = Diagnosis(time.time(), context, options.namespace or pipeline.namespace, unanswered=unanswered)
    return _Seen(nothing, nothing, unknown=why)


def _filed(options: argparse.Namespace, seen: _Seen) -> filing.Filed | str:
    """What was written, or why nothing could be: the answer on the screen stands without it."""
    try:
        return filing.file(options.reports, seen.now, seen.first, seen.snapshot, seen.courses, last=seen.last)
    except OSError as error:
        return f"NO FILES: cannot write to {options.reports}: {error.strerror}. The answer is still valid."


def _show(options: argparse.Namespace, seen: _Seen, filed: filing.Filed | str) -> None:
    if seen.unknown:
        say_at_once(f"INCONCLUSIVE: {seen.unknown}")
        return
    below = _files(filed)
    healed = [f"{course.finding.component}: {workflow.outcome(course)}" for course in seen.courses if not course.open]
    for line in healed:
        say_at_once(line)
    _say_screen(options, seen, len(below) + len(healed))
    for line in below:
        say_at_once(line)


def _say_screen(options: argparse.Namespace, seen: _Seen, taken: int) -> None:
    """What is open now, on a screen of which so many lines are ``taken``."""
    courses = [course for course in seen.courses if course.open]
    watch = "" if options.watch or options.until_resolved or options.snapshot else _command(options)
    columns = shutil.get_terminal_size((terminal.WIDTH, 24)).columns
    width = min(max(columns, terminal.NARROW), terminal.WIDTH)
    for line in terminal.screen(terminal.View(seen.now, courses, time.time(), watch, taken, width)):
        say_at_once(line)


def _files(filed: filing.Filed | str) -> list[str]:
    if isinstance(filed, str):
        return [filed]
    lines = [f"Incident: {short(filed.incident)}"] if filed.incident else []
    return lines + ([f"Hand over: {short(filed.bundle)}"] if filed.bundle else [])


def _command(options: argparse.Namespace) -> str:
    """The command that follows what heals: the one that was given, with --watch."""
    names = ("context", "kubeconfig", "namespace", "pipeline", "settings")
    return triage_command({f"--{name}": getattr(options, name) for name in names}, "--watch")
