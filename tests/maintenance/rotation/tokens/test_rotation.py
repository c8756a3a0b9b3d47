"""The tokens are rotated, whenever the run is killed, and whoever drops out is noticed before anything is deleted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pipeline_services.maintenance.influxdb.server import InfluxServer
from pipeline_services.maintenance.rotation.steps import ahead, carry_out
from pipeline_services.maintenance.rotation.tokens import rotation as tokens
from pipeline_services.maintenance.rotation.tokens.rotation import ClientsDroppedOut, TokenRotation
from pipeline_services.maintenance.rotation.tokens.steps import STEPS, Step
from pipeline_services.maintenance.rotation.watch import Look, nobody
from pipeline_services.maintenance.rotation.workloads import Workloads
from pipeline_services.measure.samples import SourceSample
from pipeline_services.model.errors import NoData, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.platform.deploy import rollout
from tests.maintenance.rotation.world import OPERATOR, PIPELINE, USERS, Killed, Reply, World

CHANGES = 10
"""Two tokens made, handed out, deactivated and deleted; two workloads restarted."""
Start = Callable[[World], TokenRotation]
said: list[str] = []


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Start:
    """A run as if it were the first that is ever made."""
    said.clear()
    monkeypatch.setattr(tokens, "WATCHED_S", 0.0)
    monkeypatch.setattr(tokens, "GONE_WITHIN_S", 0.0)

    def started(world: World) -> TokenRotation:
        api: Any = world
        monkeypatch.setattr(tokens, "output_of", world.environment_of)
        looks = Look({"processor-1": 0.0}, {"grafana-1": SourceSample(0, 0, works=True)})
        return TokenRotation(
            api,
            PIPELINE,
            InfluxServer(api, OPERATOR, "conveyor"),
            Workloads(api, said.append),
            said.append,
            lambda: looks,
        )

    return started


def rotated(world: World, before: World) -> None:
    """Each app has a token of its own that it had not before, and InfluxDB accepts no other for it."""
    for app in USERS:
        assert world.accepted(app) == [world.held(app)]
        assert world.used(app) == {world.held(app)}
        assert world.held(app) != before.held(app)
    assert len({world.held(app) for app in USERS}) == len(USERS)
    assert len(world.tokens) == len(before.tokens)


def killed_before(start: Start, change: int) -> World:
    """What a run leaves that was killed before its n-th change."""
    world = World.made()
    world.kill_before = change
    with pytest.raises(Killed):
        carry_out(start(world), said.append)
    world.kill_before = None
    return world


def test_all_steps_are_done_and_told(start: Start) -> None:
    world = World.made()
    rotation = start(world)
    assert carry_out(rotation, said.append) == list(STEPS)
    rotated(world, World.made())
    assert len(world.changes) == CHANGES
    assert rotation.next_step() is None
    assert rotation.findings() == []
    assert said[-1] == "2 tokens from before answered with 401"
    lines = [line for line in said if line.startswith("step ")]
    assert lines[0].startswith("step 1 of 5, make: a second token beside that of ")
    assert lines[2].endswith("; left: deactivate, delete")
    assert lines[-1] == "step 5 of 5, delete: delete the first ones; left: nothing"
    assert not any(one["token"] in line for one in world.tokens for line in said)


@pytest.mark.parametrize("changes", range(1, CHANGES))
def test_a_killed_run_is_gone_on_with_and_nothing_is_done_twice(start: Start, changes: int) -> None:
    world = killed_before(start, changes)
    done = carry_out(start(world), said.append)
    rotated(world, World.made())
    assert done == [step for step in STEPS if step in done] == list(STEPS[STEPS.index(Step(done[0])) :])
    assert len(world.changes) == CHANGES
    assert any("a rotation of tokens is under way; going on with it" in line for line in said)


@pytest.mark.parametrize("first", range(1, CHANGES))
def test_killed_twice(start: Start, first: int) -> None:
    world = World.made()
    for changes in (first, 1):
        world.kill_before = changes
        _killed_at_the_end_at_the_latest(start, world)
    world.kill_before = None
    rotation = start(world)
    if rotation.next_step() is not None:
        carry_out(rotation, said.append)
    rotated(world, World.made())


def _killed_at_the_end_at_the_latest(start: Start, world: World) -> None:
    with contextlib.suppress(Killed):
        carry_out(start(world), said.append)


def test_a_rollout_that_is_under_way_is_waited_for_and_not_begun_again(start: Start) -> None:
    world = killed_before(start, 6)
    assert world.changes[-2:] == ["restarted processor", "restarted grafana"]
    world.changes.clear()
    carry_out(start(world), said.append)
    assert not any(change.startswith("restarted") for change in world.changes)


def test_a_rollout_that_does_not_end_is_an_error(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World.made()
    world.rolls_out = False
    monkeypatch.setattr(rollout, "wait_for", partial(rollout.wait_for, within=0.0))
    with pytest.raises(rollout.RolloutFailed):
        carry_out(start(world), said.append)
    assert start(world).next_step() == Step.TAKE_UP


def test_who_drops_out_is_named_and_the_first_ones_are_accepted_again(start: Start) -> None:
    world = World.made()
    rotation = start(world)
    looks = iter([Look({"processor-1": 3.0}, {}), Look({"processor-1": 5.0}, {})])
    rotation.look = lambda: next(looks)
    with pytest.raises(ClientsDroppedOut, match="processor-1 was refused 2 times") as caught:
        carry_out(rotation, said.append)
    assert "the same command" in caught.value.next_step
    assert all(one["status"] == "active" for one in world.tokens)
    assert start(world).next_step() == Step.DEACTIVATE
    carry_out(start(world), said.append)
    rotated(world, World.made())


def test_before_a_deletion_somebody_has_watched(start: Start) -> None:
    world = killed_before(start, 8)
    rotation = start(world)
    assert rotation.next_step() == Step.DELETE
    looks = iter([Look({"processor-1": 0.0}, {}), Look({"processor-1": 1.0}, {})])
    rotation.look = lambda: next(looks)
    with pytest.raises(ClientsDroppedOut):
        carry_out(rotation, said.append)
    assert all(one["status"] == "active" for one in world.tokens)


def test_who_dropped_out_before_the_run_was_killed_is_noticed_before_the_deletion(start: Start) -> None:
    world = killed_before(start, 8)
    rotation = start(world)
    refused = SourceSample(0, 0, message="unauthorized")
    rotation.look = lambda: Look({"processor-1": 0.0}, {"grafana-1": refused})
    with pytest.raises(ClientsDroppedOut, match="grafana-1 cannot read: unauthorized"):
        carry_out(rotation, said.append)
    assert all(one["status"] == "active" for one in world.tokens)


def test_a_rotation_that_nobody_looks_at_deletes_nothing(start: Start) -> None:
    world = World.made()
    rotation = start(world)
    rotation.look = nobody
    with pytest.raises(NoData):
        carry_out(rotation, said.append)
    assert not any(change.startswith("DELETE") for change in world.changes)


def test_a_step_that_shows_no_effect_is_an_error(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenRotation, "_hand_out", lambda _self: None)
    with pytest.raises(
        UnexpectedAnswer, match="the step hand out was done, and the cluster shows that hand out is next"
    ):
        carry_out(start(World.made()), said.append)


def test_ctrl_c_says_that_the_same_command_goes_on(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_self: TokenRotation) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(TokenRotation, "_take_up", interrupted)
    world = World.made()
    with pytest.raises(KeyboardInterrupt):
        carry_out(start(world), said.append)
    assert said[-1].startswith("stopped in the step take up:")
    assert start(world).next_step() == Step.TAKE_UP


def test_a_dry_run_names_what_restarts_and_changes_nothing(start: Start) -> None:
    world = World.made()
    rotation = start(world)
    lines = rotation.foreseen()
    assert f"{CONFIG_NAME}: 1 token, 1 accepted" in lines
    assert sum(line.startswith("would restart Deployment ") for line in lines) == 2
    assert ahead(rotation, rotation.next_step()) == list(STEPS)
    assert world.changes == []


CONFIG_NAME = f"{PIPELINE.config.write_token.secret}/{PIPELINE.config.write_token.key}"


def test_a_token_that_influxdb_does_not_know_is_refused(start: Start) -> None:
    world = World.made()
    world.tokens = world.tokens[:1]
    with pytest.raises(PreconditionNotMet, match="does not know the token"):
        carry_out(start(world), said.append)
    assert world.changes == []


def test_what_is_left_of_before_is_found(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World.made()
    rotation = start(world)
    carry_out(rotation, said.append)
    pod = world.pods["processor"][0]["metadata"]["name"]
    world.environments[pod]["TOKEN"] = "a token from before"
    monkeypatch.setattr(InfluxServer, "login", lambda _server, _text: Reply(200))
    lines = rotation.findings()
    assert f"{pod} has a token from before" in lines
    assert sum("is not answered with 401" in line for line in lines) == 2
