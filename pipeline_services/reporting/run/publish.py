"""Writes the report's files into a draft and puts them in place together."""

from __future__ import annotations

import html
import json
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline_services.judgements.history import installation
from pipeline_services.model.atomic import write_json
from pipeline_services.model.installation import Installation
from pipeline_services.model.paths import short
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.say import Say
from pipeline_services.model.text import utc
from pipeline_services.reporting.allure import page, results
from pipeline_services.reporting.allure.node import PageUnavailable
from pipeline_services.reporting.allure.page_maker import PageMaker
from pipeline_services.reporting.allure.results import Figure
from pipeline_services.reporting.run import daily_json, looks, page_history, scenarios, summary
from pipeline_services.reporting.run.environment import describe
from pipeline_services.reporting.run.folder import ReportFolder
from pipeline_services.reporting.run.outcome import CaseResult, Outcome, verdict_of
from pipeline_services.reporting.run.scenarios import Scenarios
from pipeline_services.reporting.run.selection import RELEASE
from pipeline_services.reporting.run.shown import Noted
from pipeline_services.reporting.runbook import runbook
from pipeline_services.reporting.runbook.runbook import Section
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.incident.kept import prune

if TYPE_CHECKING:
    from pipeline_services.reporting.run.triaged import Triaged

PAGE: Final = "index.html"
JUNIT: Final = "junit.xml"
SNAPSHOT: Final = "snapshot.json"
TRIAGE: Final = "triage.json"
HISTORY: Final = "history/runs.jsonl"
RESULTS: Final = "allure-results"
DIAGNOSIS: Final = "diagnosis.txt"
UNANSWERED: Final = "unanswered"
"""The folder for the report of a run that could ask nothing."""
REPLAY: Final = "replay"
"""The folder for the report of a saved snapshot, so that it does not pass for one of the cluster."""


@dataclass(frozen=True, slots=True)
class Run:
    """Which run it was.

    Attributes:
        kind: daily, weekly, monthly, practice or chaos; names the file for machines.
        started: seconds since the epoch.
        where: the cluster and the moment, in words.
        remember: the run belongs into the history.
        left_out: how many checks of the whole run were not picked; None where that is not known.
        changed: what the settings change of the metrics' levels, in words.
        absent: the components that the settings declare absent.
    """

    kind: str
    started: float
    where: str
    remember: bool
    left_out: int | None = 0
    changed: Sequence[str] = ()
    absent: Sequence[str] = ()

    @property
    def stands_alone(self) -> bool:
        """Whether its cases are not compared with those of the run before, which was about another candidate."""
        return self.kind == RELEASE

    @property
    def verdict_file(self) -> str:
        """The name of the file for machines."""
        return f"{self.kind}.json"


@dataclass(frozen=True, slots=True)
class Report:
    """What a run leaves behind.

    Attributes:
        allure, junit: what the plugins for these have written, wherever the command line sent it.
        documents: the results that Allure has, in the form of its files.
        markers: the run markers of each case.
        history: the page's history of earlier runs, which a saved snapshot that is judged again reads only.
        scenarios: what was played.
        triage: what triage says of a run that is not green.
        looks: the folder in which it is kept what each run saw.
        maker: what makes the page, where it was started before.
        noted: what was noted beside the cases.
    """

    folder: ReportFolder
    allure: Path
    junit: Path
    documents: Sequence[dict[str, Any]]
    run: Run
    results: Sequence[CaseResult]
    markers: Mapping[str, tuple[str, ...]]
    snapshot: Snapshot | None
    history: Path
    scenarios: Scenarios
    triage: Triaged | None = None
    looks: Path | None = None
    maker: PageMaker | None = None
    noted: Noted = field(default_factory=Noted)

    @property
    def pipeline(self) -> Pipeline:
        """The profile of what was judged."""
        return self.scenarios.pipeline


def write(report: Report, say: Say) -> None:
    """Write everything; where the page cannot be made, say so and leave a plain one in its place."""
    draft, run, results, snapshot = report.folder.draft, report.run, report.results, report.snapshot
    if snapshot:
        snapshot.save(draft / SNAPSHOT)
    if run.remember and report.looks:
        looks.add(report.looks, _line(report))
    if report.junit != draft / JUNIT and report.junit.is_file():
        shutil.copyfile(report.junit, draft / JUNIT)
    environment = describe(snapshot, report.run.where, report.run.started, report.noted.kubernetes)
    diagnosis = report.triage.diagnosis if report.triage else None
    about = {**_about(run, environment), "installation": _installation(report).document()}
    document = daily_json.document(results, about, report.scenarios.document(), diagnosis)
    write_json(draft / run.verdict_file, document)
    filed = [path.name for path in report.triage.file(draft, snapshot, say)] if report.triage and snapshot else []
    _write_runbook(draft)
    names = [run.verdict_file, JUNIT, SNAPSHOT, TRIAGE, *filed, runbook.PAGE, PAGE, *_write_history(report)]
    try:
        _write_page(report, environment, say)
        names += [HISTORY] if run.remember else []  # of a run that stands alone it goes away
    except PageUnavailable as error:
        (draft / PAGE).write_text(_plain_page(report), encoding="utf-8")
        say(f"NO REPORT PAGE: {error}. The verdict is still valid; a plain page replaces it.")
    place = _place(report)
    report.folder.publish(tuple(dict.fromkeys(names)), place)
    prune(place)
    say(_told(report, place, filed))


def _line(report: Report) -> Mapping[str, Any]:
    """What later reviews have to know of this run."""
    run = report.run
    if report.snapshot:
        return looks.look(report.snapshot, run.kind)
    return looks.break_of(run.kind, _installation(report), run.started, time.time())


def _installation(report: Report) -> Installation:
    """What the run was about."""
    if report.snapshot:
        return installation(report.snapshot)
    namespace, _, context = report.run.where.partition(" on ")
    return replace(report.scenarios.here, context=context, namespace=namespace)


def _place(report: Report) -> Path:
    """The report's folder, or one inside it: a run that could ask nothing leaves the report of one that could."""
    path = report.folder.path
    known = any(result.outcome is not Outcome.INCONCLUSIVE for result in report.results)
    return path if known or not _knows(path / report.run.verdict_file) else path / UNANSWERED


def _knows(verdict_file: Path) -> bool:
    """Whether there is a report in which anything is known."""
    try:
        counts = json.loads(verdict_file.read_text(encoding="utf-8"))["counts"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(counts.get(Outcome.PASSED.value) or counts.get(Outcome.FAILED.value))


def _told(report: Report, place: Path, filed: Sequence[str]) -> str:
    """The line that says where the report is."""
    page = f"Report: {short(place / PAGE)}"
    incident = next((name for name in filed if name.startswith("incident-")), "")
    if incident:
        return f"{page}; incident: {incident}"
    machines = [name for name in (report.run.verdict_file, JUNIT, SNAPSHOT, TRIAGE) if (place / name).exists()]
    kept = (
        "" if place == report.folder.path else f"; {short(report.folder.path)} keeps the last report that had answers"
    )
    return f"{page}   (for machines: {', '.join(machines)}){kept}"


def _about(run: Run, environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        "started": utc(run.started),
        "seconds": round(time.time() - run.started, 1),
        "left_out": run.left_out,
        "changed_by_settings": list(run.changed),
        "absent": list(run.absent),
        **environment,
    }


def _write_runbook(draft: Path) -> None:
    if runbook.RUNBOOK.is_file():
        text = runbook.RUNBOOK.read_text(encoding="utf-8")
        (draft / runbook.PAGE).write_text(runbook.kept_page(text), encoding="utf-8")


def _write_history(report: Report) -> list[str]:
    """What was played is remembered whether the page can be made or not; a run that played nothing changes nothing."""
    if not (report.scenarios.rows and report.run.remember):
        return []
    report.scenarios.remember(report.folder.draft / scenarios.HISTORY, report.run.started)
    return [scenarios.HISTORY]


def _write_page(report: Report, environment: Mapping[str, str], say: Say) -> None:
    draft, folder = report.folder.draft, report.allure
    by_id = {result.id: result for result in report.results}
    sections = runbook.load()
    causes = report.triage.causes() if report.triage else []
    files = results.complete(
        report.documents,
        by_id,
        sections,
        report.snapshot,
        markers=report.markers,
        pipeline=report.pipeline,
        causes=causes,
        places=report.noted.shown.places if report.noted.shown else None,
    )
    files |= results.of_the_run(environment, _figures(report))
    if not folder.is_relative_to(draft):  # somebody asked for them
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    history = draft / HISTORY
    history.parent.mkdir(exist_ok=True)
    title, banner, sort = _head(report, sections)
    whole, remember = _about_the_run(draft, report), report.run.remember and not report.run.stands_alone
    request = page.PageRequest(files, folder, history, draft / "work", title, remember, banner, whole, sort)
    earlier = draft / "none" if report.run.stands_alone else report.history
    where = report.run.where.partition(", ")[0]
    with page_history.of_installation(earlier, history, where, _installation(report)):
        page.make(request, say, report.maker).replace(draft / PAGE)


def _head(report: Report, sections: Mapping[str, Section]) -> tuple[str, str, str]:
    """The page's title, what stands above all else, and how its groups are sorted."""
    some = "" if report.run.left_out == 0 else " (only some checks)"
    shown, triage, verdict = report.noted.shown, report.triage, verdict_of(report.results)
    if shown:
        return f"{shown.title}{some}, {report.run.where}", shown.banner, page.AS_PLAYED
    in_order = (triage and triage.causes()) or verdict is Outcome.PASSED
    banner = triage.banner(report.results, sections) if triage else ""
    title = f"{verdict.value.upper()}{some}: {report.run.where}"
    return title, banner, page.BY_NAME if in_order else page.BY_STATUS


def _about_the_run(draft: Path, report: Report) -> list[Path]:
    """What is about the whole run: what triage says, and the incident."""
    if not (report.triage and report.triage.diagnosis):
        return []
    diagnosis = draft / DIAGNOSIS
    diagnosis.write_text(report.triage.text(), encoding="utf-8")
    return [diagnosis, *draft.glob("incident-*.md")]


def _figures(report: Report) -> list[Figure]:
    now = time.time()
    counts = Counter(result.outcome for result in report.results)
    values = {f"{report.run.kind} seconds": round(now - report.run.started, 2)}
    values |= {f"checks {outcome.value}": counts[outcome] for outcome in Outcome}
    played = scenarios.medians(report.scenarios.rows)
    values |= {f"readings flow again after, median of {component}": value for component, value in played.items()}
    return [Figure(key, value, report.run.started, now) for key, value in values.items()]


def _plain_page(report: Report) -> str:
    played = report.scenarios.lines()
    if report.noted.shown:
        lines = [report.noted.shown.heading, "", *report.noted.shown.lines]
    else:
        told = summary.summary(report.results, report.pipeline)
        lines = [summary.verdict(report.results, report.run.where, report.run.left_out), "", *told, "", *played]
    body = html.escape("\n".join(lines))
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    style = "<style>pre { white-space: pre-wrap; font: 15px/1.5 monospace }</style>"
    return f'<!DOCTYPE html><html lang="en"><head>{head}<title>Checks</title>{style}</head><pre>{body}</pre></html>\n'
