"""Section 3, scenario 1: the producer fails, is seen to, comes back within its limit, and nothing is lost."""

from __future__ import annotations

import pytest

from chaos.catalogue import CRASH_LOOP, PRODUCER
from chaos.conftest import Play

pytestmark = [pytest.mark.chaos, pytest.mark.component("producer"), pytest.mark.runbook("producer-pod-failure")]


@pytest.mark.parametrize("case", PRODUCER)
def test_producer_recovers_and_nothing_is_lost(play: Play, case: str) -> None:
    """The checks see the fault; the producer is back within its limit; no acknowledged reading is missing."""
    story = play(PRODUCER[case])
    story.assert_nothing_lost()
    story.assert_recovered()
    story.assert_seen()
    story.assert_nothing_left()
    story.assert_diagnosed()


@pytest.mark.slow
@pytest.mark.parametrize("case", CRASH_LOOP)
def test_producer_that_fails_repeatedly_is_escalated(play: Play, case: str) -> None:
    """After five restarts the checks say whom to call; with the cause mended the producer is back as fast as ever."""
    story = play(CRASH_LOOP[case])
    story.assert_nothing_lost()
    story.assert_recovered()
    story.assert_seen()
    story.assert_nothing_left()
    story.assert_diagnosed()
