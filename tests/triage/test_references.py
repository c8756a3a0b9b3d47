"""What triage asks about failed checks is there: renaming a metric cannot blind a rule."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

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


FOUND = sorted(
    {(check.id, text) for file in FOLDER.rglob("*.py") for check, text in references(ast.parse(file.read_text()))}
)


def test_there_are_some() -> None:
    assert ("test_key_metric", "write-failures") in FOUND
    assert ("test_key_metric", "volume-usage") in FOUND


@pytest.mark.parametrize(("check", "parameter"), FOUND)
def test_what_is_asked_about_is_there(check: str, parameter: str) -> None:
    known = CHECKS[check].cases(Pipeline.load(), Settings())
    assert parameter in {case.id.parameters[0] for case in known}
