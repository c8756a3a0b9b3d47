"""An AssertionError is the pipeline's fault, a PipelineError is not knowing, and the rest is the suite's own fault."""

from __future__ import annotations

import json

import pytest
import yaml

from pipeline_services.model.errors import AccessDenied, NoData, ServiceUnreachable
from pipeline_services.reporting.run.outcome import Category, Outcome, finding_of, verdict_of
from tests.reporting.samples import deviation, result


@pytest.mark.parametrize(
    ("error", "outcome", "category"),
    [
        (deviation(threshold="< 5 (now)"), Outcome.FAILED, Category.THRESHOLD),
        (deviation(threshold=">= 1 and <= 5 replicas (now)"), Outcome.FAILED, Category.THRESHOLD),
        (deviation(threshold="at least one, Running and ready"), Outcome.FAILED, Category.FAULT),
        (AssertionError("1 == 2"), Outcome.FAILED, Category.FAULT),
        (pytest.fail.Exception("said by a test"), Outcome.FAILED, Category.FAULT),
        (NoData("nothing"), Outcome.INCONCLUSIVE, Category.INCONCLUSIVE),
        (ServiceUnreachable("away"), Outcome.INCONCLUSIVE, Category.INCONCLUSIVE),
        (AccessDenied("list", "pods"), Outcome.INCONCLUSIVE, Category.INCONCLUSIVE),
        (KeyError("x"), Outcome.INCONCLUSIVE, Category.SUITE_ERROR),
        (TimeoutError(), Outcome.INCONCLUSIVE, Category.SUITE_ERROR),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_each_kind_of_error_has_its_outcome(error: Exception, outcome: Outcome, category: Category) -> None:
    finding = finding_of(error)
    assert (finding.outcome, finding.category) == (outcome, category)


@pytest.mark.parametrize(
    ("error", "said", "level"),
    [
        (AssertionError("1 == 2"), "1 == 2", "L2"),
        (AssertionError(), "an assertion without a message", "L2"),
        (NoData("nothing"), "nothing", "L1"),
        (KeyError("x"), "KeyError: 'x'", "L2"),
    ],
)
def test_what_is_no_deviation_says_who_acts_as_well(error: Exception, said: str, level: str) -> None:
    assert (finding_of(error).message, finding_of(error).escalation) == (said, level)


def test_a_deviation_says_who_acts_and_where_to_read() -> None:
    finding = finding_of(deviation(component="kafka"))
    assert (finding.escalation, finding.runbook) == ("L3", "kafka-statefulset-failure")
    assert len(finding.message.splitlines()) == 5


def test_a_missing_right_names_verb_and_resource() -> None:
    finding = finding_of(AccessDenied("list", "nodes"))
    assert "list nodes" in finding.message
    assert "grant list on nodes" in finding.next_step


def test_a_suite_error_says_where_it_was_raised() -> None:
    with pytest.raises(KeyError) as caught:
        raise KeyError("x")
    assert finding_of(caught.value).where.startswith("test_outcome.py:")
    with pytest.raises(json.JSONDecodeError) as caught_deeper:
        json.loads("{")
    assert finding_of(caught_deeper.value).where.startswith("decoder.py:")
    with pytest.raises(yaml.YAMLError) as caught_in_a_library:
        yaml.safe_load("a: [")
    assert finding_of(caught_in_a_library.value).where.startswith("test_outcome.py:")


def test_the_worst_phase_of_a_case_counts() -> None:
    case = result("a", "kafka", NoData("nothing"))
    case.add(finding_of(deviation()))
    case.add(finding_of(NoData("again")))
    case.add(finding_of(AssertionError("at the end")))
    assert case.outcome is Outcome.FAILED
    assert case.finding.message != "at the end"


@pytest.mark.parametrize(
    ("errors", "verdict", "code"),
    [
        ([None, None], Outcome.PASSED, 0),
        ([None, NoData("x")], Outcome.INCONCLUSIVE, 2),
        ([NoData("x"), deviation(), None], Outcome.FAILED, 1),
        ([], Outcome.INCONCLUSIVE, 2),
    ],
    ids=["all passed", "one not known", "one failed", "no case"],
)
def test_the_verdict_is_the_worst_outcome(errors: list[Exception | None], verdict: Outcome, code: int) -> None:
    worst = verdict_of([result("a", "kafka", error) for error in errors])
    assert (worst, worst.exit_code) == (verdict, code)
