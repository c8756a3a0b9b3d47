"""The one wait: its result, its deadline, its errors and its early end."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pipeline_services.model.errors import NoData, ServiceUnreachable
from pipeline_services.model.waiting import WaitExpired, wait_until


def after(calls: int) -> Callable[[], int]:
    """A condition that holds from the given call on and returns that call's number."""
    made = 0

    def condition() -> int:
        nonlocal made
        made += 1
        return made if made >= calls else 0

    return condition


def test_returns_what_the_condition_returned() -> None:
    assert wait_until(after(3), within=1, what="three calls", every=0.001) == 3


def test_expiry_names_the_goal_the_limit_and_the_last_observation() -> None:
    with pytest.raises(WaitExpired, match=r"timed out after 0\.01 s waiting for a miracle; last seen: \[\]") as caught:
        wait_until(lambda: [], within=0.01, what="a miracle", every=0.001)
    assert caught.value.last == []


def test_a_listed_error_means_ask_again_and_is_named_at_the_end() -> None:
    def condition() -> bool:
        raise ServiceUnreachable("kafka-service refused")

    with pytest.raises(WaitExpired, match="last error: kafka-service refused"):
        wait_until(condition, within=0.01, what="kafka", every=0.001, retry_on=(ServiceUnreachable,))


def test_any_other_error_goes_through_at_once() -> None:
    def condition() -> bool:
        raise NoData("no series")

    with pytest.raises(NoData):
        wait_until(condition, within=5, what="kafka", retry_on=(ServiceUnreachable,))


def test_stops_early_when_the_goal_cannot_be_reached() -> None:
    started = time.monotonic()
    with pytest.raises(WaitExpired, match="gave up waiting for a pod: it was deleted"):
        wait_until(lambda: False, within=5, what="a pod", hopeless=lambda seen: "it was deleted")
    assert time.monotonic() - started < 1


def test_a_long_wait_says_that_it_goes_on(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline_services.model.waiting.PROGRESS_EVERY", 0.005)
    caplog.set_level("INFO")
    wait_until(lambda: "still waiting for the tide" in caplog.text, within=30, what="the tide", every=0.002)
