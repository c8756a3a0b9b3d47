"""A processor that asks for what its ConfigMap does not name any more is told to be the old one, not InfluxDB."""

from __future__ import annotations

from pipeline_services.model.processor_log import NOT_DELIVERED
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World, healthy
from tests.triage.made import causes


def not_found(world: World, what: str) -> None:
    """What the processor logs where InfluxDB has no such thing."""
    told = f'HTTP 404: {{\\"code\\":\\"not found\\",\\"message\\":\\"{what} not found\\"}}'
    line = f'{{"level": "ERROR", "logger": "processor", "message": "{NOT_DELIVERED} (not-found): {told}"}}'
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(3)} {line}"]
    world.answers["prometheus/write-failures"][0]["value"] = [world.now, "0.5"]


def test_another_bucket_than_the_config_map_has_is_the_processors() -> None:
    world = healthy()
    not_found(world, 'bucket \\\\\\"sensors\\\\\\"')
    first = diagnose(world.snapshot()).findings[0]
    assert (first.component, first.cause.id) == ("processor", "pod-holds-old-setting")
    assert "the bucket 'sensors'" in first.summary
    assert causes(world) == ["processor: pod-holds-old-setting"]


def test_its_own_bucket_that_is_not_there_is_influxdbs() -> None:
    world = healthy()
    not_found(world, f'bucket \\\\\\"{world.pipeline.store.bucket}\\\\\\"')
    assert causes(world) == ["influxdb: bucket-missing"]


def test_while_the_config_map_has_it_that_is_what_has_to_be_put_right() -> None:
    world = healthy()
    not_found(world, 'bucket \\\\\\"sensors\\\\\\"')
    world.item("configmaps", world.pipeline.config.config_map)["data"]["INFLUXDB_BUCKET"] = "sensors"
    assert causes(world)[0] == "config: setting-wrong"
    assert "processor: pod-holds-old-setting" not in causes(world)
