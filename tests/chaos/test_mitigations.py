"""Every block of the runbook that changes the cluster is tried."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.mitigations import Mitigation, failure_of, mitigations
from pipeline_services.checklist.checks import cases
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.runbook import commands, runbook
from tests.chaos.stand_in import StandIn
from tests.chaos.test_other_names import FILES, OTHER

TEXT = runbook.RUNBOOK.read_text()
CHANGES = commands.changes(TEXT)
MITIGATIONS = mitigations(CHANGES)
TRIED = [(one.section, one.block) for one in MITIGATIONS]


def test_every_block_is_tried_once() -> None:
    assert sorted(TRIED) == sorted(CHANGES)


@pytest.mark.parametrize("one", MITIGATIONS, ids=lambda one: one.id)
def test_what_has_gaps_has_something_to_fill_them_with(one: Mitigation) -> None:
    gaps = set().union(*(command.gaps for command in CHANGES[one.section, one.block]))
    default = Mitigation(one.section, one.block, one.fault).values
    assert bool(gaps) == (one.values is not default)


@pytest.mark.parametrize("one", [one for one in MITIGATIONS if one.makes_pods], ids=lambda one: one.id)
def test_what_is_taken_back_has_a_command_for_it(one: Mitigation) -> None:
    assert all(command.undo.startswith("kubectl ") for command in CHANGES[one.section, one.block])


@pytest.mark.parametrize("section", sorted({one.section for one in MITIGATIONS} - {"cheat-sheet"}))
def test_recovery_is_said_in_checks(section: str) -> None:
    named = commands.recovery_checks(TEXT, section)
    daily = cases(Pipeline.load(), run="daily")
    assert named
    assert set(named) <= {known for case in daily for known in (str(case.id), case.check.id)}


@pytest.mark.parametrize(
    ("command", "failure"),
    [
        ("kubectl scale statefulset/bus -n works-7 --replicas=1", "statefulsets/bus scaled to 0"),
        ("kubectl scale deployment scraper -n works-7 --replicas=1", "deployments/scraper scaled to 0"),
        ("kubectl delete pod -n works-7 bus-0", "bus-0"),
        (
            "kubectl delete pods -n works-7 -l app.kubernetes.io/name=gateway,app.kubernetes.io/part-of=works",
            "gateway-0",
        ),
    ],
)
def test_a_command_says_which_failure_it_is_for(command: str, failure: str) -> None:
    build = failure_of(command)
    assert build
    pipeline: Any = StandIn(OTHER, FILES)
    assert failure in build(pipeline).summary


@pytest.mark.parametrize(
    "command",
    [
        "kubectl scale deployment/gateway -n works-7 --replicas=3",
        "kubectl delete pod -n works-7 <pod> --force",
        "kubectl rollout restart deployment/boards -n works-7",
    ],
)
def test_a_command_that_may_be_for_many_failures_is_listed_with_its_own(command: str) -> None:
    assert failure_of(command) is None


def test_a_name_that_is_not_described_is_refused() -> None:
    build = failure_of("kubectl scale deployment/nobody -n works-7 --replicas=1")
    assert build
    pipeline: Any = StandIn(OTHER, FILES)
    with pytest.raises(LookupError, match="names nobody"):
        build(pipeline)
