"""A test of many cases fails where one of them does, and names it."""

from __future__ import annotations

import pytest

from pipeline_services.model.errors import NoData
from tests.each import each


def known(case: str) -> None:
    if case == "away":
        raise NoData("nobody answers")
    if case == "silent":
        with pytest.raises(ValueError, match="x"):
            int("1")
    assert case == "good", f"{case} is not good"


def test_where_all_are_right_it_passes() -> None:
    each({"a": "good", "b": "good"}, known)


def test_each_that_is_wrong_is_named_with_what_was_said() -> None:
    with pytest.raises(AssertionError) as caught:
        each({"a": "bad", "b": "good", "c": "away", "d": "silent"}, known)
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 of 4 cases:"
    assert [line for line in lines if line[1:3] == ": "] == [
        "a: bad is not good",
        "c: nobody answers",
        "d: DID NOT RAISE ValueError",
    ]


def test_what_is_no_verdict_names_the_case_too() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        each({"a": 1, "b": 0}, lambda number: 1 / number)
    assert caught.value.__notes__ == ["in the case b"]


def test_no_case_is_no_pass() -> None:
    with pytest.raises(AssertionError, match="there are no cases"):
        each({}, known)
