"""Calls in the background: they go on until the block ends, and a broken one is heard of."""

from __future__ import annotations

import threading

import pytest

from pipeline_services.model.periodic import PeriodicCalls
from pipeline_services.model.waiting import wait_until


def test_each_call_goes_at_its_own_pace_and_ends_with_the_block() -> None:
    quick, slow = [], []
    calls = PeriodicCalls()
    calls.add("quick", lambda: quick.append(1), 0.01)
    calls.add("slow", lambda: slow.append(1), 60.0)
    with calls:
        wait_until(lambda: len(quick) > 5, within=5, what="several calls", every=0.01)
    assert len(slow) == 1
    assert not [thread for thread in threading.enumerate() if thread.name in ("quick", "slow")]


def broken() -> None:
    raise ZeroDivisionError("a defect of the call")


def test_a_broken_call_is_raised_at_the_end() -> None:
    calls = PeriodicCalls()
    calls.add("broken", broken, 0.01)
    with pytest.raises(ZeroDivisionError), calls:
        wait_until(lambda: not any(t.name == "broken" for t in threading.enumerate()), within=5, what="the end of it")


def test_a_broken_call_does_not_hide_what_ended_the_block() -> None:
    calls = PeriodicCalls()
    calls.add("broken", broken, 0.01)
    with pytest.raises(KeyError), calls:
        raise KeyError("the block's own")
