"""What shares the pipeline's namespace changes no verdict, and costs as much time as there is of it, not its square."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

import pytest

from pipeline_services.checklist.checks import cases
from pipeline_services.checklist.run import run_checks
from pipeline_services.model import roles
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.known_bad.policies import add_policy, app
from tests.judgements.world import World, healthy
from tests.scale.crowd import Crowd

SMALL: Final = Crowd(pods=1_000, policies=40, events=300, log_bytes=1 << 20)
LARGE: Final = Crowd(pods=4_000, policies=160, events=1_200, log_bytes=4 << 20)
NO_SQUARE: Final = 8.0
"""Four times as much may take so many times as long; a square takes 16 times."""


def not_green(snapshot: Snapshot) -> list[str]:
    return list(run_checks(snapshot, cases(snapshot.pipeline, run="daily")))


def producer_away(world: World) -> None:
    world.workload(roles.PRODUCER)["spec"]["replicas"] = 0
    world.drop_pods(roles.PRODUCER)


def test_a_crowd_beside_a_healthy_pipeline_is_none_of_its_business() -> None:
    snapshot = SMALL.beside(healthy().snapshot())
    assert not_green(snapshot) == []
    assert diagnose(snapshot).findings == ()


def test_a_fault_is_seen_in_a_crowd_as_without() -> None:
    world = healthy()
    producer_away(world)
    alone = world.snapshot()
    crowded = SMALL.beside(alone)
    assert not_green(crowded) == not_green(alone) != []
    assert [one.cause for one in diagnose(crowded).findings] == [one.cause for one in diagnose(alone).findings]


@pytest.mark.parametrize("selected", [{}, app(roles.KAFKA)])
def test_a_policy_that_lets_the_crowd_reach_the_pipeline_is_found(selected: dict[str, object]) -> None:
    world = healthy()
    add_policy(world, "too-loose", selected, ingress=[{}])
    add_policy(world, "out", app("crowd-3"), egress=[{}])
    assert "test_network_allows_nothing_else[kafka]" in not_green(SMALL.beside(world.snapshot()))


def test_a_crowd_costs_as_much_time_as_there_is_of_it() -> None:
    def took_s(crowd: Crowd) -> float:
        snapshot = crowd.beside(healthy().snapshot())
        began = time.process_time()
        not_green(snapshot)
        diagnose(replace(snapshot))
        return time.process_time() - began

    small = max(took_s(SMALL) for _ in range(2))
    most = NO_SQUARE * (small + took_s(Crowd()))
    assert any(took_s(LARGE) < most for _ in range(2))
