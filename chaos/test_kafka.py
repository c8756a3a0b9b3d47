"""Section 3, scenario 3: the kafka fails, is seen to, comes back within its limit, and nothing is lost."""

from __future__ import annotations

import pytest

from chaos.catalogue import KAFKA
from chaos.conftest import Play

pytestmark = [pytest.mark.chaos, pytest.mark.component("kafka"), pytest.mark.runbook("kafka-statefulset-failure")]


@pytest.mark.parametrize("case", KAFKA)
def test_kafka_recovers_and_nothing_is_lost(play: Play, case: str) -> None:
    """The checks see the fault; the kafka is back within its limit; no acknowledged reading is missing."""
    story = play(KAFKA[case])
    story.assert_nothing_lost()
    story.assert_recovered()
    story.assert_seen()
    story.assert_kept()
    story.assert_nothing_left()
    story.assert_diagnosed()
