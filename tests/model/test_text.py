"""Lines, counts, moments and durations as people read them."""

from __future__ import annotations

import pytest

from pipeline_services.model import text
from pipeline_services.model.k8s import epoch


@pytest.mark.parametrize(
    ("whole", "width", "shown"),
    [
        (" two\n  lines ", None, "two lines"),
        ("1234567", 7, "1234567"),
        ("12345678", 7, "1234..."),
        (KeyError(3), 9, "3"),
    ],
)
def test_a_line_has_single_spaces_and_shows_that_it_was_cut(whole: object, width: int | None, shown: str) -> None:
    assert text.one_line(whole, width) == shown


def test_one_thing_is_no_things() -> None:
    assert [text.plural(count, "check") for count in (0, 1, 2)] == ["0 checks", "1 check", "2 checks"]


def test_a_moment_is_written_for_people_and_for_files() -> None:
    at = epoch("2026-01-31T12:00:00Z")
    assert text.utc(at) == "2026-01-31 12:00:00 UTC"
    assert text.file_time(at) == "20260131T120000Z"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (7.4, "7 s"), (99, "99 s"), (240, "4 min"), (7_500, "2 h 5 min"), (400_000, "5 days")],
)
def test_a_duration_has_the_unit_that_says_enough(seconds: float, words: str) -> None:
    assert text.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s")),
        *((59.6, "1 min 00 s"), (125, "2 min 05 s"), (3720, "1 h 02 min")),
    ],
)
def test_an_exact_duration_has_its_seconds(seconds: float, words: str) -> None:
    assert text.exact_duration(seconds) == words


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x00b\x07", "a?b?"),
        ("over\rwritten", "over?written"),
        ("#!/bin/sh\r\n\tset -e\r\n", "#!/bin/sh\r\n\tset -e\r\n"),
    ],
)
def test_what_is_printed_gives_a_terminal_no_orders(said: str, shown: str) -> None:
    assert text.printable(said) == shown


def test_the_columns_of_a_table_stand_below_each_other() -> None:
    assert text.columns([["fault", "seen"], ["a long one", ""]]) == ["fault       seen", "a long one"]
