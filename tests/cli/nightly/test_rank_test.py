"""The exact rank test, against values that can be counted by hand."""

from __future__ import annotations

from itertools import combinations
from math import comb

import pytest

from pipeline_services.cli.nightly.rank_test import holm, p_value


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([1, 2, 3], [4, 5, 6], 2 / comb(6, 3)),
        ([7, 8], [1, 2, 3, 4], 2 / comb(6, 2)),
        ([2, 5], [1, 3, 4, 6], 1.0),
        ([1], [2], 1.0),
        ([3, 3], [3, 3], 1.0),
    ],
)
def test_what_can_be_counted_by_hand(one: list[float], other: list[float], expected: float) -> None:
    assert p_value(one, other) == pytest.approx(expected)
    assert p_value(other, one) == pytest.approx(expected)


def test_ties_count_half_as_all_ways_to_split_show() -> None:
    one, other = [4.0, 4.0, 9.0], [1.0, 4.0, 2.0, 2.0]
    ranks = {1.0: 1.0, 2.0: 2.5, 4.0: 5.0, 9.0: 7.0}
    values = [ranks[value] for value in [*one, *other]]
    far = abs(sum(values[:3]) - 12)
    ways = [abs(sum(split) - 12) >= far for split in combinations(values, 3)]
    assert p_value(one, other) == pytest.approx(sum(ways) / len(ways))


def test_no_value_is_no_answer() -> None:
    with pytest.raises(ValueError, match="both samples"):
        p_value([], [1.0])


def test_many_questions_make_each_answer_less_sure() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({"a": 0.5, "b": 0.9}) == pytest.approx({"a": 1.0, "b": 1.0})
    assert holm({}) == {}
