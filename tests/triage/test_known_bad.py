"""Whatever a check can see, triage names: for each known-bad pipeline a finding that covers the case's component."""

from __future__ import annotations

import pytest

from pipeline_services.triage.diagnosis import diagnose
from tests.each import each
from tests.judgements.daily_cases import daily_cases
from tests.judgements.examples import EXAMPLES, Example
from tests.judgements.known_bad.daily import KNOWN_BAD
from tests.judgements.test_every_judgement import Broken, broken
from tests.judgements.world import healthy

BROKEN = broken(daily_cases())


def test_the_healthy_world_has_nothing_wrong() -> None:
    assert diagnose(healthy().snapshot()).to_dict()["findings"] == []


@pytest.mark.parametrize("check", BROKEN)
def test_what_a_check_sees_is_found(check: str) -> None:
    each(BROKEN[check], is_found)


def is_found(one: Broken) -> None:
    (case, number), world = one, healthy()
    KNOWN_BAD[case.name][number](world, *case.arguments.values())
    diagnosis = diagnose(world.snapshot())
    assert diagnosis.exit_code == 1
    assert any(case.component in finding.affects for finding in diagnosis.findings)
    assert all(finding.evidence for finding in diagnosis.findings)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.check)
def test_what_one_answer_shows_has_its_own_name(example: Example) -> None:
    for answer in example.bad:
        world = healthy()
        world.answers[example.source] = answer
        assert example.cause in {finding.cause.id for finding in diagnose(world.snapshot()).findings}
