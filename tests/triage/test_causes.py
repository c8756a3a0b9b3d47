"""A cause and the rule that finds it stand under the same name."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from pipeline_services.triage import rules
from pipeline_services.triage.causes import SUBJECTS

RULES = Path(rules.__file__).parent


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__.rpartition(".")[2])
def test_the_rule_of_the_same_name_finds_the_cause(subject: ModuleType) -> None:
    rule = RULES / Path(str(subject.__file__)).name
    assert not [cause.id for cause in subject.CAUSES if f'"{cause.id}"' not in rule.read_text()]
