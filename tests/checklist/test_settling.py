"""A pipeline is settled when everything that takes time has a good figure."""

from __future__ import annotations

import pytest

from pipeline_services.checklist.settling import unsettled
from tests.judgements.daily_cases import daily_cases
from tests.judgements.known_bad.daily import KNOWN_BAD
from tests.judgements.world import healthy


def test_a_healthy_pipeline_is_settled() -> None:
    assert unsettled(healthy().snapshot()) == []


def test_what_has_no_figure_yet_is_named() -> None:
    world = healthy()
    world.answers["prometheus/producer-rate"] = []
    assert [line for line in unsettled(world.snapshot()) if line.startswith("producer-rate")]


def test_a_bad_figure_is_waited_out_too() -> None:
    world = healthy()
    world.answers["prometheus/producer-rate"][0]["value"][1] = "0"
    assert len(unsettled(world.snapshot())) == 1


WAKE = (
    *("test_pods_ready", "test_rollout_complete", "test_no_unknown_errors_logged", "test_no_open_warning_event"),
    *("test_service_has_endpoint", "test_pods_scraped", "test_consumer_group_stable", "test_loki_has_logs_of"),
)


@pytest.mark.parametrize("case", WAKE)
def test_what_a_fault_leaves_in_its_wake_is_waited_out_too(case: str) -> None:
    """Whatever these checks find wrong is unsettled: it goes away by itself a minute or two after the undo."""
    arguments = next(one.arguments for one in daily_cases() if one.name == case)
    for spoil in KNOWN_BAD[case]:
        world = healthy()
        spoil(world, **arguments)
        assert unsettled(world.snapshot()), spoil
