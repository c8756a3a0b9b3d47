"""A cause and the rule that finds it stand in one file, which the table of subjects lists."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest

from pipeline_services.triage import causes
from pipeline_services.triage.subjects import CAUSES, SUBJECTS

RULES = Path(causes.__file__).parent


def texts(module: ModuleType) -> list[str]:
    """Every text in the module's code, those of its causes among them."""
    tree = ast.parse(Path(str(module.__file__)).read_text())
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__.rpartition(".")[2])
def test_the_rule_in_the_causes_own_file_finds_it(subject: ModuleType) -> None:
    said = texts(subject)
    assert not [cause.id for cause in subject.CAUSES if said.count(cause.id) < 2]


def test_every_file_with_causes_is_listed_and_no_cause_is_there_twice() -> None:
    listed = {Path(str(subject.__file__)) for subject in SUBJECTS}
    assert {file for file in RULES.glob("*.py") if "\nCAUSES: Final" in file.read_text()} == listed
    assert len(CAUSES) == sum(len(subject.CAUSES) for subject in SUBJECTS)
