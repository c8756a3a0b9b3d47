"""Looks taken in the background: they go on until the block ends, and a broken one is heard of."""

from __future__ import annotations

import threading

import pytest

from pipeline_services.measure.sampler import PeriodicSampler
from pipeline_services.model.waiting import wait_until


def test_each_look_goes_at_its_own_pace_and_ends_with_the_block() -> None:
    quick, slow = [], []
    sampler = PeriodicSampler()
    sampler.add("quick", lambda: quick.append(1), 0.01)
    sampler.add("slow", lambda: slow.append(1), 60.0)
    with sampler:
        wait_until(lambda: len(quick) > 5, within=5, what="several looks", every=0.01)
    assert len(slow) == 1
    assert not [thread for thread in threading.enumerate() if thread.name in ("quick", "slow")]


def broken() -> None:
    raise ZeroDivisionError("a defect of the look")


def test_a_broken_look_is_raised_at_the_end() -> None:
    sampler = PeriodicSampler()
    sampler.add("broken", broken, 0.01)
    with pytest.raises(ZeroDivisionError), sampler:
        wait_until(lambda: not any(t.name == "broken" for t in threading.enumerate()), within=5, what="the end of it")


def test_a_broken_look_does_not_hide_what_ended_the_block() -> None:
    sampler = PeriodicSampler()
    sampler.add("broken", broken, 0.01)
    with pytest.raises(KeyError), sampler:
        raise KeyError("the block's own")
