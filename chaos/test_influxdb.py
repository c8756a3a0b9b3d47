"""Section 3, scenario 4: the influxdb fails, is seen to, comes back within its limit, and nothing is lost."""

from __future__ import annotations

import pytest

from chaos.catalogue import INFLUXDB, STORAGE
from chaos.conftest import Play

pytestmark = [pytest.mark.chaos, pytest.mark.component("influxdb"), pytest.mark.runbook("influxdb-statefulset-failure")]


@pytest.mark.parametrize("case", INFLUXDB)
def test_influxdb_recovers_and_nothing_is_lost(play: Play, case: str) -> None:
    """The checks see the fault; the influxdb is back within its limit; no acknowledged reading is missing."""
    story = play(INFLUXDB[case])
    story.assert_nothing_lost()
    story.assert_recovered()
    story.assert_seen()
    story.assert_backlog_grew()
    story.assert_kept()
    story.assert_datasource_turned()
    story.assert_nothing_left()
    story.assert_diagnosed()


@pytest.mark.slow
@pytest.mark.parametrize("case", STORAGE)
def test_influxdb_survives_a_full_volume(play: Play, case: str) -> None:
    """With no room left InfluxDB refuses and Kafka buffers; with room again all of it arrives."""
    story = play(STORAGE[case])
    story.assert_nothing_lost()
    story.assert_recovered()
    story.assert_seen()
    story.assert_backlog_grew()
    story.assert_kept()
    story.assert_datasource_turned()
    story.assert_nothing_left()
    story.assert_diagnosed()
