"""The folder that the page is generated from: allure-pytest writes it, here it is completed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.allure import labels as allure_labels
from pipeline_services.reporting.allure.renamed import history_id, renamed
from pipeline_services.reporting.run.attachments import Attachment, CaseAttachments
from pipeline_services.reporting.run.outcome import CaseResult, Outcome
from pipeline_services.reporting.runbook.runbook import Section
from pipeline_services.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from pipeline_services.triage.model import Finding as Cause

CASE_LABEL: Final = "case"
_STATUS: Final = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.INCONCLUSIVE: "broken"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that the page follows over the runs."""

    key: str
    value: float
    start: float
    stop: float


def complete(
    folder: Path,
    results: Mapping[str, CaseResult],
    sections: Mapping[str, Section],
    snapshot: Snapshot | None,
    markers: Mapping[str, tuple[str, ...]],
    *,
    pipeline: Pipeline,
    causes: Sequence[Cause] = (),
) -> None:
    """Give every result its names, groups, link, message and evidence.

    Args:
        causes: what triage found, in its order.
    """
    _drop_plumbing(folder)
    seen = CaseAttachments(snapshot) if snapshot is not None else None
    for file in folder.glob("*-result.json"):
        document = json.loads(file.read_text(encoding="utf-8"))
        result = results.get(_case_of(document))
        if result is None:
            continue
        document["name"] = allure_labels.title(result)
        if result.id in renamed():
            document["historyId"] = history_id(renamed()[result.id])
        document["status"] = _STATUS[result.outcome]
        tags = markers.get(result.id, ())
        document["labels"] = allure_labels.labels(result, sections, tags, pipeline, causes)
        documented = document.get("description", "")
        document["description"] = allure_labels.description(documented, result)
        document["links"] = document.get("links", []) + allure_labels.links(result, sections)
        document["statusDetails"] = _details(document, result)
        attached = document.setdefault("attachments", [])
        if seen is not None:
            attached += _attach(folder, seen.of(result))
        file.write_text(json.dumps(document), encoding="utf-8")


def _drop_plumbing(folder: Path) -> None:
    """Fixtures say nothing about the pipeline, unless they have steps or evidence of their own."""
    for file in folder.glob("*-container.json"):
        container = json.loads(file.read_text(encoding="utf-8"))
        fixtures = [*container.get("befores", ()), *container.get("afters", ())]
        if not any(fixture.get("steps") or fixture.get("attachments") for fixture in fixtures):
            file.unlink()


def _case_of(document: Mapping[str, Any]) -> str:
    return next((label["value"] for label in document.get("labels", ()) if label["name"] == CASE_LABEL), "")


def _details(document: Mapping[str, Any], result: CaseResult) -> dict[str, Any]:
    details = allure_labels.details(result)
    if result.finding.where:  # a deviation says all by itself; of anything else the place in the code helps
        details["trace"] = (document.get("statusDetails") or {}).get("trace", "")
    return details


def _attach(folder: Path, texts: Iterable[Attachment]) -> list[dict[str, str]]:
    """Write each text to a file of its own: the page shows a file that two results name in one of them only."""
    attached = []
    for entry in texts:
        source = f"{uuid.uuid4()}-attachment.{'json' if entry.is_json else 'txt'}"
        (folder / source).write_text(entry.text, encoding="utf-8")
        kind = "application/json" if entry.is_json else "text/plain"
        attached.append({"name": entry.name, "source": source, "type": kind})
    return attached


def write_environment(folder: Path, environment: Mapping[str, str]) -> None:
    """The page's environment table."""
    lines = (f"{key} = {value}\n" for key, value in environment.items())
    (folder / "environment.properties").write_text("".join(lines), encoding="utf-8")


def write_figures(folder: Path, figures: Iterable[Figure]) -> None:
    """The page's figures; times in milliseconds since the epoch, as the format wants them."""
    entries = [
        {
            "id": figure.key,
            "key": figure.key,
            "value": figure.value,
            "start": int(figure.start * 1000),
            "stop": int(figure.stop * 1000),
        }
        for figure in figures
    ]
    (folder / "run-perf.json").write_text(json.dumps(entries), encoding="utf-8")
