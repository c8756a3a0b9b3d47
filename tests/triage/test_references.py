"""What triage asks about failed checks is there: renaming a metric cannot blind a rule."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pipeline_services.triage
from pipeline_services.checklist import checks
from pipeline_services.checklist.checks import CHECKS
from pipeline_services.checklist.model import Check
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings

FOLDER = Path(pipeline_services.triage.__path__[0])


def references(tree: ast.AST) -> Iterator[tuple[Check, str]]:
    """Each check, and first parameter, that the code writes down in a question about what failed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            texts = [str(one.value) for one in node.args if isinstance(one, ast.Constant)]
            if node.func.attr == "failed_metrics":
                yield from ((checks.KEY_METRIC, text) for text in texts)
            elif node.func.attr == "failed" and texts:
                yield eval(ast.unparse(node.args[0]), {"checks": checks}), texts[0]


def test_what_is_asked_about_is_there() -> None:
    trees = [ast.parse(file.read_text()) for file in FOLDER.rglob("*.py")]
    found = {(check.id, text) for tree in trees for check, text in references(tree)}
    assert {("test_key_metric", "write-failures"), ("test_key_metric", "volume-usage")} < found
    assert {one for one in found if not is_there(*one)} == set()


def is_there(check: str, parameter: str) -> bool:
    """Whether the check has a case with that first parameter."""
    known = CHECKS[check].cases(Pipeline.load(), Settings())
    return parameter in {case.id.parameters[0] for case in known}


def test_what_is_not_there_is_found() -> None:
    [(check, text)] = references(ast.parse('evidence.failed_metrics("write-failure")'))
    assert not is_there(check.id, text)
