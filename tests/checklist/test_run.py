"""What becomes of each case: green, red, not known, or not among those that an older snapshot can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pipeline_services.checklist.model import Case, Check
from pipeline_services.checklist.run import FAILED, INCONCLUSIVE, run_checks, unasked
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model.errors import NoData, NotAsked
from pipeline_services.model.metrics.advice import Escalation, advice_about
from pipeline_services.snapshot.snapshot import ASKED_SINCE, FORMAT, Snapshot

NEW = Snapshot(0, "c", "n", {})
OLD = Snapshot(0, "c", "n", {}, format=min(ASKED_SINCE.values()) - 1)


def refusing(error: Exception) -> Callable[[Snapshot], None]:
    def judge(_: Snapshot) -> None:
        raise error

    return judge


def deviating(snapshot: Snapshot) -> None:
    raise Deviation(snapshot, "two", "one", advice_about("kafka").but(level="L3"))


def made(judges: Mapping[str, Callable[[Snapshot], None]]) -> list[Case]:
    checks = [Check(name, judge, lambda _: {}) for name, judge in judges.items()]
    return [Case(check.of(), "kafka", frozenset(), ()) for check in checks]


CASES = made(
    {
        "newer": refusing(NotAsked("it was taken by an older suite")),
        "deviates": deviating,
        "asserts": refusing(AssertionError("no\nmore of it")),
        "fine": lambda _: None,
        "unknown": refusing(NoData("nobody answers")),
        "newer still": refusing(NotAsked("it was taken by an older suite")),
    }
)


def test_all_that_is_not_green_is_told_whatever_was_not_asked_before() -> None:
    found = run_checks(NEW, CASES)
    assert [(name, one.outcome, one.why) for name, one in found.items()] == [
        ("deviates", FAILED, "two; expected one"),
        ("asserts", FAILED, "no"),
        ("unknown", INCONCLUSIVE, "nobody answers"),
    ]
    assert [one.level for one in found.values()] == [Escalation.L3, Escalation.L2, Escalation.L2]


def test_what_an_older_suite_did_not_ask_is_left_out_of_its_snapshot_alone() -> None:
    assert unasked(OLD, CASES) == {"newer", "newer still"}
    assert unasked(Snapshot(0, "c", "n", {}, format=FORMAT), CASES) == frozenset()


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("x"), ValueError("x"), AttributeError("x")], ids=repr)
def test_what_a_case_cannot_read_is_said_when_the_case_is_run(error: Exception) -> None:
    assert unasked(OLD, [*made({"broken": refusing(error)}), *CASES]) == {"newer", "newer still"}
