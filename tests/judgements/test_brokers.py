"""What a broker was started with, beside what was set at run time."""

from __future__ import annotations

import pytest

from pipeline_services.judgements.brokers import of_another_file
from tests.judgements.world import healthy

FILE = "server.properties"


@pytest.mark.parametrize(
    ("set_now", "told"), [("log.retention.ms", []), ("log.roll.ms", ["168"]), ("", ["168"])], ids=["it", "else", "none"]
)
def test_a_time_that_is_set_in_another_unit_hides_what_the_file_says(set_now: str, told: list[str]) -> None:
    world = healthy()
    for item in (*world.answers["declared"], *world.answers["configmaps"]):
        if FILE in (item.get("data") or {}):
            item["data"][FILE] = "log.retention.hours=48\n"
    world.answers["kafka_brokers"] = [{"broker": "", "key": set_now, "value": "300000"}] if set_now else []
    world.answers["kafka_at_start"] = [{"broker": "0", "key": "log.retention.hours", "value": "168"}]
    assert [one["value"] for one in of_another_file(world.snapshot())] == told
