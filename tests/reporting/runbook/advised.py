"""Every command that the program tells an operator to type: found in its sources, and in the list of causes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage.subjects import CAUSES
from tests.reporting.samples import ROOT

PACKAGE = ROOT / "pipeline_services"
ELSEWHERE = ("platform", "faults")
"""What these tell is about the suite's own cluster and its faults, not about the pipeline."""
RULES = PACKAGE / "triage" / "causes"
STEPS = PACKAGE / "triage" / "steps.py"
"""What causes are made of; their own commands are taken from the list."""


def templates() -> dict[str, str]:
    """Each command, with its gaps as ``{…}``, and where it is from."""
    found = {command: f"cause {cause.id}" for cause in CAUSES.values() for command in (*cause.steps, cause.undo)}
    found |= {part.first_command: f"component {part.id}" for part in Pipeline.load().components.values()}
    for file in sorted(PACKAGE.rglob("*.py")):
        if file != STEPS and not {*ELSEWHERE} & set(file.relative_to(PACKAGE).parts):
            found |= {command: str(file.relative_to(ROOT)) for command in literals(file)}
    return {command: where for command, where in found.items() if command}


def literals(file: Path) -> Iterator[str]:
    """The commands among a module's strings."""
    nested: set[ast.AST] = set()
    source = file.read_text()
    if "kubectl" not in source:
        return
    tree = ast.parse(source)
    if RULES in file.parents:
        tree.body = [one for one in tree.body if isinstance(one, ast.FunctionDef | ast.ClassDef)]
    for node in ast.walk(tree):
        if node in nested or not isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            continue
        text = re.sub(r"\{(\w+):\{\}\}", r"{\1}", _text(node))  # a placeholder whose component is filled in
        if re.match(r"kubectl \S", text):
            nested.update(ast.walk(node))
            yield text


def _text(node: ast.AST) -> str:
    """A string expression with a gap for everything that is filled in."""
    if isinstance(node, ast.Constant):
        return node.value.replace("%s", "{}") if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) for value in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    if isinstance(node, ast.BinOp):
        return _text(node.left)
    return "{}"


def unwritten(found: Iterable[str], written: Iterable[str]) -> list[str]:
    """The templates that none of the written commands fits."""
    lines = list(written)
    return [one for one in found if not any(re.fullmatch(_pattern(one), line) for line in lines)]


def _pattern(template: str) -> str:
    """``{workload}`` may be written as one word or as two; what a change is made of has as many as it takes."""
    parts = re.split(r"(\{[^}]*\})", template)
    gaps = {"{workload}": r"\S+(?: \S+)?", **dict.fromkeys(("{whom}", "{change}", "{back}"), r"\S+(?: \S+)*")}
    return "".join(gaps.get(part, r"\S+") if part.startswith("{") else re.escape(part) for part in parts)
