"""What changed, on histories made by hand: a letter a night (``.`` passed, ``F`` failed, ``?`` not known)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_services.cli.nightly import screen
from pipeline_services.cli.nightly.changes import Changes, changes, flips
from pipeline_services.cli.nightly.night import Night
from pipeline_services.cli.nightly.results import FAILED, PASSED, State, StepResult
from pipeline_services.model.installation import Installation
from tests.cli.nightly.made import CUT_OFF, DAY_S, LEFT_OUT, WORDS, night, past, ran

STEADY = [7.0, 7.2, 6.9, 7.1, 7.3] * 4
SLOWER = [14.0, 14.2, 13.9, 14.1, 14.3]


def tonight(earlier: str, now: str) -> Changes:
    """One check over some nights, and now."""
    return changes(past({"a": earlier}), night(ran("daily", 0, a=WORDS[now]), at=len(earlier) * DAY_S))


@pytest.mark.parametrize(
    ("earlier", "now", "kind"),
    [
        ("...", "F", "failed"),
        ("..?", "F", "failed"),
        ("", "F", "failed"),
        ("..F", ".", "fixed"),
        (".F?", ".", "fixed"),
        ("..F", "F", "still"),
        (".F?", "F", "still"),
        ("...", "?", "unknown"),
        ("..F", "?", "unknown"),
        ("", "?", "unknown"),
        ("...", ".", ""),
        ("..?", "?", ""),
        ("..?", ".", ""),
        ("", ".", ""),
    ],
)
def test_a_check_is_told_once_and_as_what_it_is(earlier: str, now: str, kind: str) -> None:
    found = tonight(earlier, now) if earlier else changes([], night(ran("daily", 0, a=WORDS[now])))
    told = [name for name in ("failed", "fixed", "still", "unknown", "gone") if getattr(found, name)]
    assert told == [kind] * bool(kind)


@pytest.mark.parametrize(("earlier", "nights"), [(".FF", 1), ("FFF", 0), (".F?", 1), ("F.F", 2), (".F F", 1)])
def test_a_failure_is_dated_from_its_first_night(earlier: str, nights: int) -> None:
    assert tonight(earlier, "F").still[0].at == nights * DAY_S
    assert tonight(earlier, ".").fixed[0].at == nights * DAY_S


def test_a_check_of_sundays_is_held_against_the_last_sunday() -> None:
    assert tonight(".      ", "F").failed
    assert tonight("F      ", "F").still


def test_a_red_check_that_is_not_there_any_more_is_named() -> None:
    found = changes(past({"a": ".F", "b": "..", "c": ".?"}), night(ran("daily", 0, d=PASSED)))
    assert list(found.gone) == ["a", "c"]


@pytest.mark.parametrize("step", [CUT_OFF, LEFT_OUT, StepResult("daily", State.STOPPED, 130), ran("daily", 4)])
def test_a_step_that_did_not_run_takes_no_check_away(step: StepResult) -> None:
    assert not changes(past({"a": ".F"}), night(step)).gone


def about(uid: str, since: float = 0.0) -> Installation:
    return Installation("kind", "pipeline", uid, since)


def test_nights_of_another_cluster_say_nothing_of_this_one() -> None:
    earlier = past({"a": "....FF", "b": ".F.F.F"})
    old = [{**one, **about("old").document()} for one in earlier]
    step = ran("daily", 1, a=FAILED, b=PASSED)
    found = changes(old, night(replace(step, installation=about("new"))))
    assert [one.check for one in found.failed] == ["a"]
    assert (found.last, found.fixed, found.still, found.flaky) == (None, [], [], [])
    same = changes(old, night(replace(step, installation=about("old"))))
    assert [[one.check for one in some] for some in (same.still, same.fixed, same.flaky)] == [["a"], ["b"], ["b"]]


def test_recoveries_of_another_cluster_are_no_usual_ones() -> None:
    times = {"s": [*STEADY, *SLOWER[:4]]}
    nights = [{**one, **about("old").document()} for one in past({}, times)]
    step = StepResult("chaos", State.RAN, 0, recoveries={"s": SLOWER[4]})
    shifted = {uid: changes(nights, night(replace(step, installation=about(uid)))).shifts for uid in ("old", "new")}
    assert (len(shifted["old"]), len(shifted["new"])) == (1, 0)


def test_a_night_that_could_not_know_its_cluster_goes_on_with_the_last_one() -> None:
    older, newer = past({"a": "FF"}), past({"a": ".."})
    nights = [{**one, **about(uid).document()} for uid, some in (("old", older), ("new", newer)) for one in some]
    assert [one.check for one in changes(nights, night(ran("daily", 1, a=FAILED))).failed] == ["a"]


def test_nights_of_an_older_suite_are_told_by_their_time() -> None:
    tonight = night(replace(ran("daily", 1, a=FAILED), installation=about("new", since=2 * DAY_S)), at=4 * DAY_S)
    assert [one.at for one in changes(past({"a": "FFFF"}), tonight).still] == [2 * DAY_S]


def test_a_check_that_the_suite_has_no_more_is_gone_in_every_cluster() -> None:
    old = [{**one, **about("old").document()} for one in past({"a": ".F"})]
    assert changes(old, night(replace(ran("daily", 0, d=PASSED), installation=about("new")))).gone == ["a"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [("....", 0), ("...F", 1), (".F.F.", 4), (".FF.", 2), (".FFF.", 0), (".F.FFFF.F.", 4), ("FFFF", 0), ("", 0)],
)
def test_flips_are_counted_and_the_ends_of_an_outage_are_none(row: str, expected: int) -> None:
    assert flips([WORDS[letter] for letter in row]) == expected


def test_what_goes_to_and_fro_is_flaky_and_the_worst_comes_first() -> None:
    history = past({"a": ".F.F......", "b": ".F.F.F.F..", "c": ".FFFF.....", "d": "....?.?.?.", "e": "........F."})
    found = changes(history, night(ran("daily", 0, a=PASSED, b=PASSED, c=PASSED, d=PASSED, e=PASSED))).flaky
    assert [(one.check, one.flips, one.runs) for one in found] == [("b", 8, 11), ("a", 4, 11)]


def with_times(*times: list[float]) -> Changes:
    """Scenarios by number, with their times over the nights, the last one tonight's."""
    named = {f"s{number}": one for number, one in enumerate(times)}
    step = StepResult("chaos", State.RAN, 0, recoveries={name: one[-1] for name, one in named.items()})
    return changes(past({}, {name: one[:-1] for name, one in named.items()}), night(step))


def test_a_recovery_that_takes_longer_is_told_with_its_n() -> None:
    found = with_times([*STEADY, *SLOWER], [*STEADY, *STEADY[:5]])
    [shift] = found.shifts
    assert (shift.scenario, shift.now_s, shift.before_s, shift.nights) == ("s0", 14.1, 7.1, (5, 20))
    assert shift.p < 0.001
    assert (found.compared, found.played) == (2, 2)


def test_a_recovery_that_takes_less_long_is_told_too() -> None:
    assert [one.now_s for one in with_times([*SLOWER * 4, *STEADY[:5]]).shifts] == [7.1]


@pytest.mark.parametrize(
    "times",
    [
        [*STEADY, 60.0],  # one slow night is no change
        [*STEADY, *(value + 0.9 for value in STEADY[:5])],  # certain, and not worth a line
        [*(100 * value for value in STEADY), *(100 * value + 50 for value in STEADY[:5])],  # little of so much
        [*STEADY[:9], *SLOWER],  # too few before
        STEADY,
        [7.0],
    ],
    ids=["one-night", "small", "small-share", "few", "steady", "first"],
)
def test_no_change_is_claimed_that_is_none(times: list[float]) -> None:
    assert not with_times(times).shifts


def test_few_nights_do_not_tell_among_many_scenarios() -> None:
    one = [*STEADY[:10], *SLOWER]
    assert with_times(one).shifts
    assert not with_times(one, *([*STEADY[:10], *STEADY[:5]] for _ in range(40))).shifts


def test_a_change_is_new_once() -> None:
    told = [with_times([*STEADY, *SLOWER[:nights]]).shifts for nights in range(1, 6)]
    assert [[one.is_new for one in shifts] for shifts in told] == [[], [], [True], [False], [False]]


def test_the_screen_names_what_changed_and_what_was_left_out() -> None:
    whole = night(ran("daily", 1, a=FAILED, b=PASSED), LEFT_OUT, CUT_OFF, at=2 * DAY_S)
    text = "\n".join(screen.lines(whole, changes(past({"a": "..", "b": ".F"}), whole)))
    assert "daily    FAILED       exit code 1; 1 passed, 1 failed; 5 s" in text
    assert "chaos    NOT RUN      takes about 20 min, 12 min are left" in text
    assert "matrix   INCONCLUSIVE stopped because the time box was over" in text
    assert "since the run of 1970-01-02 00:00:00 UTC:" in text
    assert "NEW FAILURE: 1\n    a\n    - kafka-0 is not ready\n    - next: kubectl get pod kafka-0" in text
    assert "FIXED: 1\n    b (failed since 1970-01-02 00:00:00 UTC)" in text
    assert text.splitlines()[-1].startswith("FAILED: 1 passed, 1 failed; began 1970-01-03")


def test_the_screen_tells_a_shift_in_one_line() -> None:
    text = "\n".join(screen.changed(with_times([*STEADY, *SLOWER], [7.0]), {}))
    assert "s0 still slower: 14.1 s, was 7.1 s (medians of the last 5 and the 20 runs before, p 1.9e-05)" in text
    assert "recoveries: 1 of 2 compared, 1 with too few runs" in text


@pytest.mark.parametrize(
    ("earlier", "line"),
    [("..", "  nothing changed"), ("", "first run: nothing to compare with")],
    ids=["quiet", "first"],
)
def test_a_night_like_the_last_is_one_line(earlier: str, line: str) -> None:
    quiet = night(ran("daily", 0, a=PASSED))
    assert line in screen.lines(quiet, changes(past({"a": earlier}) if earlier else [], quiet))


def test_a_hundred_failures_fit_on_a_screen() -> None:
    many: Night = night(ran("daily", 1, **{f"c{number}": FAILED for number in range(100)}))
    lines = screen.lines(many, changes([], many))
    assert len(lines) < 40
    assert "    and 95 more" in lines
