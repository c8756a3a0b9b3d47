"""The index of checks in RUNBOOK.md: which section is about which, as the marker ``runbook`` of its test says."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from pipeline_services.checklist.checks import CHECKS
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.reporting.runbook import markdown
from pipeline_services.reporting.runbook.runbook import Section

FOLDER: Final = REPOSITORY / "checks"
_HEAD: Final = ("Check", "Section")
_MARKER: Final = "pytest.mark.runbook"


def table(sections: Mapping[str, Section], folder: Path = FOLDER) -> str:
    """The rows as Markdown: sections in their order, the checks of each in the order of their table."""
    return markdown.table(_HEAD, _rows(sections, anchors(folder)))


def anchors(folder: Path) -> Mapping[str, str]:
    """The anchor of each test in a folder, by its name. The files are read, not loaded."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("test_*.py"))]
    return {name: anchor for tree in trees for name, anchor in _anchors(tree)}


def _anchors(tree: ast.Module) -> Iterator[tuple[str, str]]:
    shared = "".join(_named([one.value for one in tree.body if isinstance(one, ast.Assign)]))
    for test in tree.body:
        if isinstance(test, ast.FunctionDef):
            yield test.name, "".join(_named(test.decorator_list)) or shared


def _named(expressions: Collection[ast.expr]) -> Iterator[str]:
    """The anchors that the markers among these name."""
    for one in expressions:
        if isinstance(one, ast.Call) and ast.unparse(one.func) == _MARKER:
            yield ast.literal_eval(one.args[0])


def _rows(sections: Mapping[str, Section], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for anchor, section in sections.items():
        runs: dict[str, list[str]] = {}
        for check in CHECKS.values():
            if known.get(check.id) == anchor:
                runs.setdefault(check.run, []).append(f"`{check.id}`")
        for run, ids in runs.items():
            which = "" if run == "daily" else f" ({run})"
            yield f"{', '.join(ids)}{which}", f"[{section.title}](#{anchor})"
