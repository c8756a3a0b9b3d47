"""Section 3, scenario 2: the processor fails, is seen to, comes back within its limit, and nothing is lost."""

from __future__ import annotations

import pytest

from chaos.catalogue import PROCESSOR
from chaos.conftest import Play

pytestmark = [pytest.mark.chaos, pytest.mark.component("processor"), pytest.mark.runbook("processor-pod-failure")]


@pytest.mark.parametrize("case", PROCESSOR)
def test_processor_recovers_and_nothing_is_lost(play: Play, case: str) -> None:
    """The checks see the fault; the processor is back within its limit; no acknowledged reading is missing."""
    story = play(PROCESSOR[case])
    story.assert_nothing_lost()
    story.assert_recovered()
    story.assert_seen()
    story.assert_backlog_grew()
    story.assert_rejoined()
    story.assert_nothing_left()
    story.assert_diagnosed()
