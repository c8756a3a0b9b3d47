"""Each fault of the acceptance turns exactly the right cases red, with the right component, and no others."""

from __future__ import annotations

import pytest

from pipeline_services.model.errors import PipelineError
from pipeline_services.snapshot.snapshot import Snapshot
from tests.acceptance.expectations import EXPECTATIONS, meant
from tests.judgements.daily_cases import daily_cases
from tests.judgements.faults import FAULTS
from tests.judgements.world import World, healthy

CASES = daily_cases()
IDS = [case.id for case in CASES]


def outcomes(world: World) -> tuple[list[str], list[str]]:
    """The ids of the red and of the inconclusive cases."""
    return outcomes_of(world.snapshot())


def outcomes_of(snapshot: Snapshot) -> tuple[list[str], list[str]]:
    red, inconclusive = [], []
    for case in daily_cases(snapshot.pipeline):
        try:
            case.judge(snapshot)
        except AssertionError:
            red.append(case.id)
        except PipelineError:
            inconclusive.append(case.id)
    return red, inconclusive


@pytest.mark.parametrize("age", [75.0, 3_600.0, 86_400.0 * 30])
def test_a_healthy_pipeline_is_green_at_any_age(age: float) -> None:
    assert outcomes(healthy(age=age)) == ([], [])


def test_the_table_names_the_faults() -> None:
    assert set(EXPECTATIONS) == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_turns_exactly_its_cases_red(fault: str) -> None:
    world = healthy()
    FAULTS[fault](world)
    assert EXPECTATIONS[fault].wrong(*outcomes(world), IDS) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_blames_its_component(fault: str) -> None:
    world = healthy()
    FAULTS[fault](world)
    red, _ = outcomes(world)
    assert {case.component for case in CASES if case.id in red} == set(EXPECTATIONS[fault].components)


def test_the_comparison_notices_what_is_missing_and_what_is_too_much() -> None:
    expected = EXPECTATIONS["processor-image-wrong"]
    assert expected.wrong(expected.red, (), IDS) == []
    assert expected.wrong(expected.red[1:], (), IDS) == ["test_pods_ready[processor] should be red"]
    assert expected.wrong((*expected.red, "test_pods_ready[kafka]"), (), IDS) == ["test_pods_ready[kafka] is red"]
    assert expected.wrong(expected.red, ("test_nodes_ready",), IDS) == ["test_nodes_ready is inconclusive"]


def test_every_case_of_the_table_exists() -> None:
    for expected in EXPECTATIONS.values():
        for pattern in (*expected.red, *expected.inconclusive, *expected.may):
            assert any(meant(pattern, case) for case in IDS), pattern
