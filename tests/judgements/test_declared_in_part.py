"""The declared state as it looks to an account that may not list what belongs to no namespace."""

from __future__ import annotations

import pytest

from pipeline_services.judgements.undeclared_objects import LEFT_OPEN
from pipeline_services.model.errors import AccessDenied, ServiceUnreachable
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.known_bad.declared import second_autoscaler
from tests.judgements.test_faults_of_acceptance import outcomes
from tests.judgements.world import World, healthy

SOURCES = [source for sources in LEFT_OPEN.values() for source in sources]


def seen_in_part() -> World:
    world = healthy()
    for source in SOURCES:
        world.fail(source, AccessDenied("list", source))
    return world


def test_a_check_for_each_kind_of_list_is_open_and_the_others_do_without() -> None:
    red, inconclusive = outcomes(seen_in_part())
    assert (red, set(inconclusive)) == ([], {f"test_set_as_declared[{one}]" for one in LEFT_OPEN})


@pytest.mark.parametrize("source", SOURCES)
def test_without_each_list_one_check_is_open(source: str) -> None:
    world = healthy()
    world.fail(source, AccessDenied("list", source))
    (owner,) = [one for one, sources in LEFT_OPEN.items() if source in sources]
    assert outcomes(world) == ([], [f"test_set_as_declared[{owner}]"])


def test_what_is_seen_to_differ_fails_and_has_its_cause_all_the_same() -> None:
    world = seen_in_part()
    world.answers["configmaps"][0]["data"]["LOG_LEVEL"] = "DEBUG"
    world.item("pvcs", "data-kafka-0")["metadata"]["finalizers"] = ["example.com/backup"]
    second_autoscaler(world)
    red, inconclusive = outcomes(world)
    assert [one for one in ("storage", "config") if f"test_set_as_declared[{one}]" in red] == ["storage", "config"]
    assert inconclusive == ["test_set_as_declared[network]"]
    assert {"storage", "config"} <= {one.component for one in diagnose(world.snapshot()).findings}


def test_what_was_not_asked_for_leaves_nothing_open() -> None:
    world = healthy()
    for source in SOURCES:
        del world.answers[source]
    assert outcomes(world) == ([], [])


def test_a_list_that_was_not_answered_takes_no_cause_of_what_is_seen_to_differ() -> None:
    world = healthy()
    world.answers["configmaps"][0]["data"]["LOG_LEVEL"] = "DEBUG"
    world.fail("clusterrolebindings", ServiceUnreachable("nobody answers"))
    assert [one.component for one in diagnose(world.snapshot()).findings] == ["config"]
