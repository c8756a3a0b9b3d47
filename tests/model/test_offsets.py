from __future__ import annotations

import pytest

from pipeline_services.model.offsets import Offsets


def test_the_lag_counts_what_was_never_committed_from_the_first_record_on() -> None:
    offsets = Offsets(5.0, {0: 7, 1: None}, {0: 9, 1: 3, 2: 4})
    assert offsets.lag == 2 + 3 + 4
    assert Offsets.of(offsets.to_dict()).lag == offsets.lag


@pytest.mark.parametrize(
    ("committed", "end", "goes_on"),
    [
        ({0: 9, 1: 3}, {0: 10, 1: 3}, True),
        ({0: 8, 1: 3}, {0: 10, 1: 3}, False),
        ({0: 9, 1: None}, {0: 10, 1: 4}, False),
        ({0: 9, 1: 3}, {0: 9, 1: 3}, False),
    ],
    ids=["all consumed and more has come", "one partition is behind", "one was never committed", "nothing has come"],
)
def test_a_group_is_past_what_the_topic_held(
    committed: dict[int, int | None], end: dict[int, int], goes_on: bool
) -> None:
    assert Offsets(6.0, committed, end).past(Offsets(5.0, {0: 7, 1: None}, {0: 9, 1: 3})) is goes_on
