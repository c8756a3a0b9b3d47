"""Earlier nights: one line of JSON each, and a folder with what each step said. Old ones are pruned."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pipeline_services.cli.nightly.results import State, worse
from pipeline_services.model import exit_codes
from pipeline_services.model.installation import UID, Installation
from pipeline_services.model.json_lines import tables_in, write_tables

FILE: Final = "history.jsonl"
NIGHTS: Final = "nights"
LINES_KEPT: Final = 90
"""Nights that are compared."""
NIGHTS_KEPT: Final = 30
"""Nights whose folders are kept, unless ``--keep`` says otherwise: they are a thousand times as large."""
_FOLDER: Final = re.compile(r"\d{8}T\d{6}Z")

Past = Sequence[Mapping[str, Any]]
"""Earlier nights, oldest first, as ``Night.kept`` has them."""


def read(reports: Path) -> list[dict[str, Any]]:
    """The earlier nights, oldest first; a line that cannot be read is none."""
    return [night for night in tables_in(reports / FILE) if {"started", "steps", "recoveries"} <= night.keys()]


def of_installation(past: Past, here: Installation | None) -> Past:
    """The nights of one installation: of another cluster's, nothing can be said of this one.

    Args:
        here: None where this night could not know it: then it is that of the last night that did.
    """
    known = (Installation.from_document(night) for night in reversed(past) if night.get(UID))
    here = here or next(known, None)
    return [night for night in past if here.has(night, night["started"])] if here else past


def outcomes(night: Mapping[str, Any]) -> dict[str, str]:
    """By check what it was on that night; one that ran in two steps has the worse outcome."""
    found: dict[str, str] = {}
    for step in night["steps"].values():
        for check, outcome in step["checks"].items():
            found[check] = worse(found.get(check, outcome), outcome)
    return found


def add(reports: Path, past: Past, night: Mapping[str, Any]) -> None:
    """Put the night behind the earlier ones, the oldest of which go."""
    write_tables(reports / FILE, [*past, night][-LINES_KEPT:])


def durations(past: Past) -> dict[str, list[float]]:
    """By step its seconds on the nights on which it passed or failed, oldest first: a refusal takes none."""
    found: dict[str, list[float]] = {}
    for night in past:
        for name, step in night["steps"].items():
            if step["state"] == State.RAN and step["code"] in (exit_codes.PASSED, exit_codes.FOUND):
                found.setdefault(name, []).append(float(step["seconds"]))
    return found


def unfinished(past: Past) -> set[str]:
    """The steps that the last night which had them did not bring to their end."""
    last = {name: step["state"] for night in past for name, step in night["steps"].items()}
    return {name for name, state in last.items() if state != State.RAN}


def prune(reports: Path, keep: int) -> list[str]:
    """Delete all folders of nights but the last ``keep``, at least one; returns their names. No other is touched."""
    folders = sorted(one for one in (reports / NIGHTS).glob("*") if one.is_dir() and _FOLDER.fullmatch(one.name))
    old = folders[: -max(keep, 1)]
    for folder in old:
        shutil.rmtree(folder)
    return [folder.name for folder in old]
