"""The weekly and monthly reviews: what creeps and what only wobbles, what is due and what is merely young."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline_services.judgements import renewal, upkeep
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model import own_cluster, roles
from pipeline_services.model.errors import NoData, PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.sources import upkeep as collect_upkeep
from tests.judgements.foreign_roles import shared
from tests.judgements.known_bad.reviews import DAY, backup, rotation, scaled
from tests.judgements.world import World, reviewed

MIB = 2.0**20
POINTS = 72


def memory(shape: Callable[[float], float], *, points: int = POINTS) -> World:
    """Kafka's memory in MiB over twelve hours, as a function of the part of the time that has passed."""
    world = reviewed()
    start, step = world.now - 12 * 3_600, 12 * 3_600 / POINTS
    world.answers["trends"]["memory/kafka"] = [
        [start + number * step, MIB * shape(number / POINTS)] for number in range(points)
    ]
    return world


@pytest.mark.parametrize(
    "shape",
    [
        lambda part: 400.0,
        lambda part: 400 + 200 * part if part < 0.7 else 400,
        lambda part: 400 + 30 * part,
        lambda part: 800 + 100 * part,
        lambda part: 200 + 300 * (1 - math.exp(-12 * part)),
        lambda part: 500 - 200 * part,
        lambda part: 400 + 200 * math.sin(8 * part),
    ],
    ids=["level", "comes back", "a little", "a small part", "levels off", "falls", "waves"],
)
def test_what_does_not_creep(shape: Callable[[float], float]) -> None:
    upkeep.comes_back(memory(shape).snapshot(), "memory-kafka")


def test_what_creeps_is_told_in_its_unit() -> None:
    world = memory(lambda part: 400 + 300 * part)
    with pytest.raises(Deviation, match=r"memory-kafka creeps from 42\d to 67\d MiB and does not return"):
        upkeep.comes_back(world.snapshot(), "memory-kafka")


def test_a_short_memory_knows_no_trend() -> None:
    with pytest.raises(NoData, match=r"2.8 h are known; a trend takes 3"):
        upkeep.comes_back(memory(lambda part: 1 + part, points=18).snapshot(), "memory-kafka")
    world = memory(lambda part: 400 + 300 * part)
    points = world.answers["trends"]["memory/kafka"]
    world.answers["trends"]["memory/kafka"] = [*points[:10], *points[-20:]]
    with pytest.raises(NoData, match="a sixth of the time has no value"):
        upkeep.comes_back(world.snapshot(), "memory-kafka")
    world.answers["trends"]["memory/kafka"] = []
    with pytest.raises(NoData, match="Prometheus has no history of memory/kafka"):
        upkeep.comes_back(world.snapshot(), "memory-kafka")


def volume(shape: Callable[[float], float], *, points: int = POINTS) -> World:
    """The use of Kafka's volume over twelve hours."""
    world = memory(lambda _part: 400.0)
    series = world.answers["trends"]["volume/data-kafka-0"] = []
    start, step = world.now - 12 * 3_600, 12 * 3_600 / POINTS
    series += [[start + number * step, shape(number / POINTS)] for number in range(points)]
    return world


def test_a_volume_that_fills_before_the_next_review_is_told_with_a_range() -> None:
    said = "the volume data-kafka-0 is 40% full, and all full in 3 days at this rate; expected room for 7 days"
    with pytest.raises(Deviation, match=said):
        upkeep.volume_has_room(volume(lambda part: 0.3 + 0.1 * part).snapshot(), roles.KAFKA)


@pytest.mark.parametrize(
    "shape",
    [
        lambda part: 0.3,
        lambda part: 0.3 + 0.01 * part,
        lambda part: 0.5 - 0.1 * part,
        lambda part: 0.3 + 0.02 * math.sin(9 * part),
    ],
    ids=["level", "slow", "falls", "waves"],
)
def test_a_volume_that_lasts_until_the_next_review(shape: Callable[[float], float]) -> None:
    upkeep.volume_has_room(volume(shape).snapshot(), roles.KAFKA)


def test_how_fast_a_young_volume_grows_is_not_known_but_a_full_one_is_full() -> None:
    with pytest.raises(NoData, match=r"4\.8 h are known; how fast a volume grows takes 6"):
        upkeep.volume_has_room(volume(lambda part: 0.3 + part, points=30).snapshot(), roles.KAFKA)
    with pytest.raises(Deviation, match="is 90% full"):
        upkeep.volume_has_room(volume(lambda part: 0.9, points=3).snapshot(), roles.KAFKA)


def test_nothing_is_said_of_a_week_that_prometheus_knows_minutes_of() -> None:
    world = memory(lambda _part: 1.0)
    for pod in world.answers["pods"]:
        pod["metadata"]["creationTimestamp"] = world.ago(600)
    world.answers["trends"] = {name: known[-3:] for name, known in world.answers["trends"].items()}
    for judge, what in ((upkeep.restarts_are_few, roles.KAFKA), (upkeep.comes_back, "memory-kafka")):
        with pytest.raises(NoData, match=r"0\.\d h are known; a (review|trend) takes 3"):
            judge(world.snapshot(), what)


def test_every_trend_is_collected() -> None:
    assert {
        trend.series.partition("/")[0] for trend in upkeep.trends(Pipeline.load()).values()
    } == collect_upkeep.TRENDS.keys()


def test_both_apps_of_a_component_count() -> None:
    world = reviewed()
    for row in world.answers["upkeep/restarts"]:
        row["value"] = [world.now, "3" if row["metric"]["app"] in (roles.LOKI, roles.LOG_SHIPPER) else "0"]
    with pytest.raises(Deviation, match="loki was restarted 6 times"):
        upkeep.restarts_are_few(world.snapshot(), roles.LOKI)
    rows = world.answers["upkeep/restarts"]
    world.answers["upkeep/restarts"] = [row for row in rows if row["metric"]["app"] != roles.LOG_SHIPPER]
    with pytest.raises(NoData, match="log-shipper"):
        upkeep.restarts_are_few(world.snapshot(), roles.LOKI)


def test_a_young_pipeline_need_not_have_had_a_backup_restored() -> None:
    world = reviewed()
    backup(None, age=DAY)(world, roles.INFLUXDB)
    with pytest.raises(PreconditionNotMet) as caught:
        upkeep.backup_is_proved(world.snapshot(), roles.INFLUXDB)
    assert caught.value.next_step == "make backup-test"
    world.drop("pvcs", lambda _: True)
    with pytest.raises(PreconditionNotMet, match="there is no volume claim"):
        upkeep.backup_is_proved(world.snapshot(), roles.INFLUXDB)


@pytest.mark.parametrize(
    "note", ["", "[]", json.dumps({"at": 1}), json.dumps({"at": 1, "points": "x", "findings": []})]
)
def test_a_note_that_cannot_be_read_proves_nothing(note: str) -> None:
    world = reviewed()
    world.item("pvcs", "data-influxdb-0")["metadata"]["annotations"][own_cluster.BACKUP_TESTED] = note
    with pytest.raises(UnexpectedAnswer, match="cannot be read"):
        upkeep.backup_is_proved(world.snapshot(), roles.INFLUXDB)


def test_a_young_pipeline_need_not_have_been_rotated() -> None:
    world = reviewed()
    rotation(None, age=DAY)(world, "tokens")
    with pytest.raises(PreconditionNotMet) as caught:
        renewal.rotation_is_proved(world.snapshot(), "tokens")
    assert caught.value.next_step == "make rotate-token"
    claim = world.item("pvcs", "data-influxdb-0")
    claim["metadata"]["annotations"][f"{own_cluster.ROTATED}tokens"] = "{}"
    with pytest.raises(UnexpectedAnswer, match="cannot be read"):
        renewal.rotation_is_proved(world.snapshot(), "tokens")
    world.drop("pvcs", lambda _: True)
    with pytest.raises(PreconditionNotMet, match="there is no volume claim"):
        renewal.rotation_is_proved(world.snapshot(), "tokens")


def test_a_pipeline_without_tls_has_no_certificate_to_rotate() -> None:
    pipeline = reviewed().pipeline
    plain = replace(pipeline, config=replace(pipeline.config, tls=""))
    assert renewal.rotations(pipeline) == ["tokens", "tls"]
    assert renewal.rotations(plain) == ["tokens"]
    assert renewal.rotations(Pipeline.from_document(shared("influxdb"))) == [], "others rotate what others run"


def test_a_young_autoscaler_need_not_have_scaled() -> None:
    world = reviewed()
    scaled(None, age=DAY)(world, "producer-hpa")
    with pytest.raises(PreconditionNotMet, match="has not had to scale yet"):
        renewal.autoscaler_is_proved(world.snapshot(), "producer-hpa")
    world.drop("hpas", lambda _: True)
    with pytest.raises(PreconditionNotMet, match="no HPA"):
        renewal.autoscaler_is_proved(world.snapshot(), "producer-hpa")


def test_what_nobody_recorded_is_not_known() -> None:
    world = reviewed()
    world.answers["changes"] = []
    with pytest.raises(NoData, match="pipeline-secrets"):
        renewal.secret_is_rotated(world.snapshot(), world.pipeline.config.write_token.secret)


def test_the_oldest_value_of_a_secret_decides() -> None:
    world = reviewed()
    change = next(change for change in world.answers["changes"] if change["name"] == world.pipeline.config.admin)
    world.answers["changes"].append({**change, "fields": ["data.password"], "time": world.ago(100 * DAY)})
    renewal.secret_is_rotated(world.snapshot(), world.pipeline.config.admin)
    change["fields"] = ["data.token"]
    with pytest.raises(Deviation, match="password in influxdb-admin is 100 days old; expected <= 90 days"):
        renewal.secret_is_rotated(world.snapshot(), world.pipeline.config.admin)
