"""When a processor that was started again has its partitions: whole, stable, and without whoever was there before."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline_services.measure import rejoin
from pipeline_services.measure.recovery import Moment
from pipeline_services.measure.samples import LagSample

BROKEN = 999.0
STARTED = 1_000.0
OLD, NEW = {"old-1": 6}, {"new-1": 6}


def sample(after: float, state: str, held: Mapping[str, int], error: str = "") -> LagSample:
    at = STARTED + after
    return LagSample(at - 0.01, at, error, state=state, held=held)


def history(*rows: tuple[float, str, Mapping[str, int]]) -> list[LagSample]:
    return [sample(-2.0, "Stable", OLD), *(sample(*row) for row in rows)]


def group_rejoin_time(samples: list[LagSample], broken: float, started: float, victims: int = 1) -> Moment | None:
    return rejoin.group_rejoin_time(samples, broken, started, victims, partitions=6)


def test_the_new_member_counts_once_it_has_everything() -> None:
    moment = group_rejoin_time(
        history(
            (1.0, "Stable", OLD),
            (2.0, "PreparingRebalance", {"old-1": 0, "new-1": 0}),
            (3.0, "CompletingRebalance", {"new-1": 0}),
            (5.5, "Stable", NEW),
            (6.0, "Stable", NEW),
        ),
        BROKEN,
        STARTED,
    )
    assert moment is not None
    assert moment.after == pytest.approx(5.5)
    assert moment.error == pytest.approx(2.5, abs=0.02)


@pytest.mark.parametrize(
    "row",
    [
        (5.0, "Stable", OLD),
        (5.0, "PreparingRebalance", NEW),
        (5.0, "Stable", {"new-1": 5}),
        (5.0, "Stable", {"old-1": 3, "new-1": 3}),
        (5.0, "Empty", {}),
    ],
    ids=["only the old one", "not stable", "a partition is nobody's", "the dead one has some", "nobody"],
)
def test_what_is_not_whole_does_not_count(row: tuple[float, str, Mapping[str, int]]) -> None:
    assert group_rejoin_time(history(row), BROKEN, STARTED) is None


def test_a_look_without_an_answer_says_nothing() -> None:
    assert group_rejoin_time([*history(), sample(3.0, "Stable", NEW, error="away")], BROKEN, STARTED) is None


def test_who_was_not_broken_may_stay() -> None:
    two = [sample(-2.0, "Stable", {"old-1": 3, "old-2": 3})]
    both = sample(1.0, "Stable", {"old-1": 3, "old-2": 3})
    mixed = sample(4.0, "Stable", {"old-2": 3, "new-1": 3})
    assert group_rejoin_time([*two, both], BROKEN, STARTED) is None
    assert group_rejoin_time([*two, both, mixed], BROKEN, STARTED) is not None
    assert group_rejoin_time([*two, both, mixed], BROKEN, STARTED, victims=2) is None


def test_a_new_member_may_come_before_the_last_process_was_started() -> None:
    two = [sample(-2.0, "Stable", {"old-1": 3, "old-2": 3}), sample(-0.5, "Stable", {"new-1": 6})]
    whole = sample(4.0, "Stable", {"new-1": 3, "new-2": 3})
    assert group_rejoin_time([*two, whole], BROKEN, STARTED, victims=2) is not None
