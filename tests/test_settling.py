"""A pipeline is settled when everything that takes time has a good figure."""

from __future__ import annotations

from pipeline_services.settling import unsettled
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
