"""The verdict on a release as the page and the terminal show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline_services.release.decision import judge
from pipeline_services.release.facts import NOT_MEASURED, STATEMENTS, Fact
from pipeline_services.release.gates import METRICS
from pipeline_services.release.verdict import Conclusion, conclude
from pipeline_services.reporting.allure import results
from pipeline_services.reporting.allure.released import COSTS, FACTS, FAILURES, LAST, ROLL_OUT, VERDICT, shown
from pipeline_services.reporting.run.outcome import CaseResult, Outcome, finding_of
from pipeline_services.reporting.run.shown import Noted, Place, Shown
from tests.release.made import evidence, pairs
from tests.reporting.samples import result, snapshot

SUBJECTS = {name: name for name in (*STATEMENTS, *(metric.id for metric in METRICS))} | {"verdict": ""}
ALL = [Fact(name, True, "so it was") for name in STATEMENTS]
NOT_READY = Fact("ready", False, "phase Running, its readiness probe has not passed")


def concluded(**changes: Any) -> Conclusion:
    return conclude(evidence(**{"facts": ALL, **changes}), tuple(STATEMENTS), [metric.id for metric in METRICS])


def seen(conclusion: Conclusion) -> Shown:
    return shown(conclusion, SUBJECTS, {"<CPU>": b"<svg/>"})


def groups(found: Shown) -> dict[str, str]:
    return {case: place.group for case, place in found.places.items()}


NEVER_READY = seen(concluded(facts=[NOT_READY, Fact.not_measured("lost")], metrics=[]))


def test_a_go_says_what_it_stands_on() -> None:
    found = seen(concluded())
    assert (found.outcome, found.heading) == (Outcome.PASSED, "GO: good")
    assert found.places["verdict"].title == "GO: 26 facts hold, 3 metrics are not worse"
    where = groups(found)
    assert [where[one] for one in ("verdict", "ready", "restored")] == [VERDICT, FACTS, FACTS]
    assert [where[one] for one in ("cpu-per-reading", "rollback", "scenarios")] == [COSTS, ROLL_OUT, FAILURES]
    assert "so it was" in found.places["ready"].told
    assert "margin 5 %: " in found.places["cpu-per-reading"].told


def test_what_decided_stands_beside_the_verdict_and_what_was_not_reached_comes_last() -> None:
    where = groups(NEVER_READY)
    assert {case for case, group in where.items() if group == VERDICT} == {"verdict", "ready"}
    assert {group for case, group in where.items() if case not in ("verdict", "ready")} == {LAST}
    assert NEVER_READY.places["verdict"].title == "NO-GO: the pod is not ready within 60 s"
    assert NEVER_READY.places["lost"] == Place(
        LAST, "No reading lost", f"{NOT_MEASURED}; first reason: the pod is not ready within 60 s"
    )
    assert NEVER_READY.lines == [
        "NO-GO: the pod is not ready within 60 s: phase Running, its readiness probe has not passed",
        f"  {NOT_MEASURED}: 25 facts, 3 metrics",
    ]


@pytest.mark.parametrize(
    ("changes", "case"),
    [
        ({"metrics": judge(METRICS, pairs(1.4))}, "cpu-per-reading"),
        ({"facts": [*ALL[:-1], Fact("restored", None, "a Deployment is other")]}, "restored"),
        ({"metrics": judge(METRICS, {**pairs(), "peak-memory": [(1.0, 1.0), (1.0, 1.3)] * 4})}, "peak-memory"),
    ],
    ids=["a regression", "a fact that is not known", "a metric that is open"],
)
def test_whatever_decided_stands_beside_the_verdict(changes: dict[str, Any], case: str) -> None:
    assert groups(seen(concluded(**changes)))[case] == VERDICT


def test_titles_are_short_enough_for_a_phone() -> None:
    open_yet = judge(METRICS, {metric.id: [(1.0, 1.0), (1.0, 1.3)] * 4 for metric in METRICS})
    for found in (NEVER_READY, seen(concluded()), seen(concluded(metrics=open_yet))):
        titles = {case: len(place.title) for case, place in found.places.items()}
        assert titles.pop("verdict") <= 80
        assert max(titles.values()) <= 65


def test_the_banner_has_the_verdict_the_costs_and_the_pictures() -> None:
    banner = seen(concluded(metrics=judge(METRICS, pairs(1.4)))).banner
    assert banner.startswith('<section id="diagnosis" class="no-go"><h1>NO-GO: good: CPU time per stored reading')
    assert "<td>+40.0 %</td><td>+40.0 to +40.0 %</td><td>8</td><td>5 %</td><td>regression</td>" in banner
    assert '<img alt="&lt;CPU&gt;" src="data:image/svg+xml;base64,PHN2Zy8+">' in banner
    assert "<table>" not in NEVER_READY.banner


def test_the_banner_says_what_is_open_and_what_happened_besides() -> None:
    found = concluded(facts=ALL[:-2], ended="Kafka does not answer", notes=["pair 3 is played again"])
    banner = seen(found).banner
    open_yet = f"{NOT_MEASURED}: scenarios, restored"
    assert f"<dt>why</dt><dd>Kafka does not answer</dd><dt>open</dt><dd>{open_yet}</dd></dl>" in banner
    assert "<dt>notes</dt><dd>pair 3 is played again</dd>" in banner
    assert found.lines() == ["NOT ENOUGH DATA: Kafka does not answer", f"  {open_yet}"]


def test_what_a_candidate_says_of_itself_is_no_html() -> None:
    bad = Fact("log-errors", False, "1 new: <script>")
    assert "<script>" not in seen(concluded(facts=[bad])).banner


def test_many_reasons_are_counted() -> None:
    facts = [replace(one, holds=False) for one in ALL]
    assert "21 reasons more, below" in seen(concluded(facts=facts)).banner


def test_a_verdict_that_the_cases_do_not_add_up_to_is_not_told() -> None:
    noted = Noted(shown=NEVER_READY)
    noted.keep_to(Outcome.FAILED)
    assert noted.verdict("here") == "NO-GO: never-ready: the pod is not ready within 60 s; here".replace(
        "never-ready", "good"
    )
    noted.keep_to(Outcome.PASSED)
    assert noted.verdict("here") == ""


def completed(case: CaseResult) -> str:
    document = {
        "uuid": "0",
        "labels": [{"name": results.CASE_LABEL, "value": case.id}],
        "statusDetails": {"trace": "T"},
    }
    places = {case.id: Place(FACTS, "Ready in time", "ready after 3 s")}
    pipeline = snapshot().pipeline
    return results.complete([document], {case.id: case}, {}, None, markers={}, pipeline=pipeline, places=places)[
        "0-result.json"
    ]


def test_a_case_has_its_place_its_title_and_what_was_found() -> None:
    text = completed(result("ready", "processor"))
    assert '"value": "2. Facts"' in text
    assert '"name": "Ready in time"' in text
    assert "ready after 3 s" in text


def raised(error: Exception) -> CaseResult:
    """A case that ended with the error, which has its traceback."""
    with pytest.raises(type(error)) as caught:
        raise error
    return result("ready", "processor", caught.value)


def test_a_case_that_fails_has_no_traceback_and_an_error_of_the_suite_is_told_as_such() -> None:
    failed = completed(raised(AssertionError("not ready")))
    assert "Ready in time" in failed
    assert '"trace"' not in failed
    wrong = completed(raised(KeyError("x")))
    assert "Ready in time" not in wrong
    assert '"trace"' in wrong
    assert finding_of(KeyError("x")).category.value in wrong
