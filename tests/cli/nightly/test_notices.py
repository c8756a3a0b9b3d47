"""Who is told what, over nights made by hand."""

from __future__ import annotations

import pytest

from pipeline_services.cli.nightly.changes import changes
from pipeline_services.cli.nightly.notices import Mailbox, problems, well, with_news
from pipeline_services.cli.nightly.results import FAILED, INCONCLUSIVE, PASSED, State, StepResult
from tests.cli.nightly.made import CUT_OFF, LEFT_OUT, WORDS, night, ran


def told(rows: str, *, delivered: bool = True) -> list[list[str]]:
    """The titles that a receiver is sent after each night of one check."""
    box, past, sent = Mailbox(), [], []
    for number, letter in enumerate(rows):
        checks = {"a": WORDS[letter]} if letter != " " else {}
        whole = night(ran("daily", 1 if letter == "F" else 0, b=PASSED, **checks), at=float(number))
        found = changes(past, whole)
        box = with_news(box, problems(whole, found), well(whole, found), "/r/index.html")
        sent.append([message.title.partition(":")[0] for message in box.queue])
        while delivered and box.queue:
            box = box.delivered()
        past.append(whole.kept())
    return sent


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("..", [[], []]),
        (".F", [[], ["FAILED"]]),
        (".FFF", [[], ["FAILED"], [], []]),
        (".FF.", [[], ["FAILED"], [], ["RESOLVED"]]),
        (".F..", [[], ["FAILED"], ["RESOLVED"], []]),
        (".F?F", [[], ["FAILED"], [], []]),
        (".F .", [[], ["FAILED"], ["RESOLVED"], []]),
        (".F?.", [[], ["FAILED"], [], ["RESOLVED"]]),
    ],
)
def test_only_transitions_are_told(rows: str, expected: list[list[str]]) -> None:
    assert told(rows) == expected


def test_what_was_not_delivered_stays_in_its_order() -> None:
    assert told(".F..F", delivered=False)[-1] == ["FAILED", "RESOLVED", "FAILED"]


def test_resolved_is_told_only_to_whom_failed_was_told() -> None:
    whole = night(ran("daily", 0, a=PASSED))
    found = changes([night(ran("daily", 1, a=FAILED)).kept()], whole)
    assert [one.check for one in found.fixed] == ["a"]
    assert not with_news(Mailbox(), problems(whole, found), well(whole, found), "").queue


def test_a_message_says_what_since_when_what_next_and_where() -> None:
    whole = night(ran("daily", 1, a=FAILED), at=86_400.0)
    found = changes([night(ran("daily", 1, a=FAILED)).kept()], whole)
    [message] = with_news(Mailbox(), problems(whole, found), well(whole, found), "https://r/index.html").queue
    assert message.title == "FAILED: 1 new problem in the nightly run"
    assert message.body.splitlines() == [
        "a",
        "  kafka-0 is not ready",
        "  since: 1970-01-01 00:00:00 UTC",
        "  next: kubectl get pod kafka-0",
        "",
        "report: https://r/index.html",
    ]


def test_many_problems_are_one_message_that_can_be_read() -> None:
    whole = night(ran("daily", 1, **{f"c{number}": FAILED for number in range(200)}))
    found = changes([], whole)
    [message] = with_news(Mailbox(), problems(whole, found), well(whole, found), "x").queue
    assert "and 190 more" in message.body
    assert len(message.body) < 2000
    assert len(message.began) == 200


@pytest.mark.parametrize(
    "step",
    [CUT_OFF, LEFT_OUT, ran("chaos", 2), ran("chaos", 3), ran("chaos", 4), ran("chaos", -9), ran("chaos", 1)],
    ids=lambda step: f"{step.state.value}-{step.code}",
)
def test_a_step_that_cannot_tell_is_a_problem_until_it_can(step: StepResult) -> None:
    whole = night(step)
    wrong = problems(whole, changes([], whole))
    assert list(wrong) == [f"step {step.name}"]
    box = with_news(Mailbox(), wrong, well(whole, changes([], whole)), "").delivered()
    for again in (ran(step.name, 0, a=PASSED), ran(step.name, 1, a=FAILED)):
        later = night(again)
        titles = [one.title for one in with_news(box, {}, well(later, changes([], later)), "").queue]
        assert titles == ["RESOLVED: 1 problem of the nightly run"]


@pytest.mark.parametrize(
    ("steps", "title"),
    [
        ([LEFT_OUT], "INCONCLUSIVE: 1 new problem in the nightly run"),
        ([LEFT_OUT, ran("daily", 1, a=FAILED)], "FAILED: 2 new problems in the nightly run"),
    ],
    ids=["only-not-run", "a-failure-too"],
)
def test_failed_is_said_only_where_something_failed(steps: list[StepResult], title: str) -> None:
    whole = night(*steps)
    found = changes([], whole)
    assert [one.title for one in with_news(Mailbox(), problems(whole, found), set(), "").queue] == [title]


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (LEFT_OUT, "not run: takes about 20 min, 12 min are left of the time box"),
        (CUT_OFF, "stopped: because the time box was over"),
        (ran("chaos", 2, a=PASSED, b=INCONCLUSIVE), "exit code 2: kafka-0 is not ready"),
        (StepResult("chaos", State.RAN, 4, why="the cluster is in use"), "exit code 4: the cluster is in use"),
        (ran("chaos", -9), "exit code -9"),
    ],
)
def test_why_a_step_cannot_tell_is_said(step: StepResult, what: str) -> None:
    whole = night(step)
    assert problems(whole, changes([], whole))[f"step {step.name}"].what == what


def test_a_check_that_was_taken_away_is_over() -> None:
    first = night(ran("daily", 1, a=FAILED, b=PASSED))
    box = with_news(Mailbox(), problems(first, changes([], first)), set(), "").delivered()
    second = night(ran("daily", 0, b=PASSED))
    found = changes([first.kept()], second)
    assert [one.over for one in with_news(box, {}, well(second, found), "").queue] == [("a",)]


def test_a_step_that_was_not_run_keeps_its_failures() -> None:
    box = Mailbox({"a": 0.0})
    whole = night(StepResult("daily", State.NOT_RUN, why="no time"))
    found = changes([night(ran("daily", 1, a=FAILED)).kept()], whole)
    assert "a" in with_news(box, problems(whole, found), well(whole, found), "").will_know
