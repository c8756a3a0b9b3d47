"""The folder that the page is generated from: what allure-pytest knows of each case, completed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.allure import labels as allure_labels
from pipeline_services.reporting.allure.renamed_tests import history_id, renamed
from pipeline_services.reporting.run.attachments import Attachment, CaseAttachments
from pipeline_services.reporting.run.outcome import CaseResult, Category, Outcome
from pipeline_services.reporting.run.shown import Place
from pipeline_services.reporting.runbook.runbook import Section
from pipeline_services.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from pipeline_services.triage.model import Finding as Cause

CASE_LABEL: Final = "case"
_STATUS: Final = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.INCONCLUSIVE: "broken"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that the page follows over the runs; ``start`` and ``stop`` in epoch seconds."""

    key: str
    value: float
    start: float
    stop: float


def complete(
    documents: Iterable[dict[str, Any]],
    results: Mapping[str, CaseResult],
    sections: Mapping[str, Section],
    snapshot: Snapshot | None,
    *,
    markers: Mapping[str, tuple[str, ...]],
    pipeline: Pipeline,
    causes: Sequence[Cause] = (),
    places: Mapping[str, Place] | None = None,
) -> dict[str, str]:
    """Give every result its names, groups, link, message and evidence; returns the files, each one's text by its name.

    Args:
        documents: the results as allure-pytest has them.
        markers: the run markers of each case.
        causes: what triage found, in its order.
        places: by case where it stands, in a run that says so.
    """
    files: dict[str, str] = {}
    seen = CaseAttachments(snapshot) if snapshot is not None else None
    for document in documents:
        result = results.get(_case_of(document))
        if result is not None:
            place, marked = _place(result, places or {}), markers.get(result.id, ())
            document["labels"] = allure_labels.labels(result, sections, marked, pipeline, causes, place=place)
            document["links"] = document.get("links", []) + allure_labels.links(result, sections)
            document.update(_told(document, result, place))
            attached = document.setdefault("attachments", [])
            attached += _attach(files, seen.of(result)) if seen is not None else ()
        files[f"{document['uuid']}-result.json"] = json.dumps(document)
    return files


def _told(document: Mapping[str, Any], result: CaseResult, place: Place | None) -> dict[str, Any]:
    known = {"historyId": history_id(renamed()[result.id])} if result.id in renamed() else {}
    asked = document.get("description", "")
    if place and result.outcome is Outcome.PASSED:  # of any other the message says it
        asked = f"{asked}\n\n{place.told}"
    return known | {
        "name": place.title if place else allure_labels.title(result),
        "status": _STATUS[result.outcome],
        "description": allure_labels.description(asked, result),
        "statusDetails": allure_labels.details(result) if place else _details(document, result),
    }


def _place(result: CaseResult, places: Mapping[str, Place]) -> Place | None:
    """Where the run says that the case stands; an error of the suite is told as everywhere."""
    return None if result.finding.category is Category.SUITE_ERROR else places.get(result.id)


def _case_of(document: Mapping[str, Any]) -> str:
    return next((label["value"] for label in document.get("labels", ()) if label["name"] == CASE_LABEL), "")


def _details(document: Mapping[str, Any], result: CaseResult) -> dict[str, Any]:
    details = allure_labels.details(result)
    if result.finding.where:  # a deviation says all by itself; of anything else the place in the code helps
        details["trace"] = (document.get("statusDetails") or {}).get("trace", "")
    return details


def _attach(files: dict[str, str], texts: Iterable[Attachment]) -> list[dict[str, str]]:
    """Put each text into a file of its own: the page shows a file that two results name in one of them only."""
    attached = []
    for entry in texts:
        source = f"{uuid.uuid4()}-attachment.{'json' if entry.is_json else 'txt'}"
        files[source] = entry.text
        kind = "application/json" if entry.is_json else "text/plain"
        attached.append({"name": entry.name, "source": source, "type": kind})
    return attached


def of_the_run(environment: Mapping[str, str], figures: Iterable[Figure]) -> dict[str, str]:
    """The files with the page's environment and its figures."""
    lines = (f"{key} = {value}\n" for key, value in environment.items())
    return {"environment.properties": "".join(lines), "run-perf.json": figures_json(figures)}


def figures_json(figures: Iterable[Figure]) -> str:
    """Figures as the page's generator reads them from files ``*-perf.json``: times are in milliseconds there."""
    entries = [
        {
            "id": one.key,
            "key": one.key,
            "value": one.value,
            "start": int(one.start * 1000),
            "stop": int(one.stop * 1000),
        }
        for one in figures
    ]
    return json.dumps(entries)
