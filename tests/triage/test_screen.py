"""The operator's screen: one line when all is well, at most 40 lines of 120 columns when not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_services.triage.incident import terminal
from pipeline_services.triage.model import Diagnosis, Finding, Unanswered
from pipeline_services.triage.walk import workflow
from tests.triage.made import AT, AWAY, FULL, REPLACED, SCALED, UNKNOWN, diagnosis, elsewhere


def shown(found: Diagnosis, below: int = 0, watch: str = terminal.WATCH) -> list[str]:
    courses = [workflow.begin(finding, AT) for finding in found.findings]
    return terminal.screen(terminal.View(found, courses, AT + 5, watch, below))


def text(found: Diagnosis) -> str:
    return "\n".join(shown(found))


def many(count: int) -> tuple[Finding, ...]:
    return tuple(
        replace(SCALED, subject=f"deployment/producer-{number}", evidence=("x" * 230,) * 6) for number in range(count)
    )


def test_a_healthy_pipeline_is_one_line() -> None:
    assert shown(diagnosis()) == [
        "HEALTHY: nothing is wrong; conveyor-pipeline on kind-conveyor, 2026-11-23 07:41:40 UTC"
    ]


def test_a_finding_says_all_that_is_asked_at_3_in_the_morning() -> None:
    assert shown(diagnosis(SCALED)) == [
        "1 FINDING: producer; conveyor-pipeline on kind-conveyor, 2026-11-23 07:41:40 UTC",
        "",
        "1. producer (deployment/producer): producer is scaled to 0",
        "   since  4 min ago (07:37:40 UTC); affects influxdb, processor",
        "   why    - deployment/producer has spec.replicas 0",
        "          - no pod with app=producer",
        "          - rate is 0",
        "   but    - nothing was deployed since",
        "   heals  no: it needs action",
        "   next   (paste it)",
        "          kubectl --context kind-conveyor scale deployment/producer -n conveyor-pipeline --replicas=1",
        "   undo   kubectl --context kind-conveyor scale deployment/producer -n conveyor-pipeline --replicas=0",
        "   then   every pod of producer is Running and READY 1/1",
        "   call   L2 - DevOps Engineer if red 3 min later; RUNBOOK.md#pod-status",
        "",
        'For kubectl, once: eval "$(make -s env)"',
    ]


def test_what_heals_says_how_long_and_how_to_follow_it() -> None:
    said = text(diagnosis(REPLACED))
    assert "1 FINDING: kafka (heals by itself, watching); " in said
    assert "heals  yes, by itself within 2 min; follow it: make triage ARGS=--watch" in said
    assert "call   nobody; L2 - DevOps Engineer if it is not over at 07:43:20 UTC" in said


def test_what_would_disturb_what_heals_is_typed_only_where_it_does_not() -> None:
    deletes = replace(REPLACED, next=("kubectl delete pod -n conveyor-pipeline kafka-0",))
    looks = replace(REPLACED, next=("kubectl get pods",))
    for found, label, helps in ((deletes, "else", True), (looks, "look", False)):
        said = shown(diagnosis(found))
        assert f"   {label}   (paste it)" in said
        assert (
            any("if it is not over at 07:43:20 UTC 'else', and L2 - DevOps Engineer 3 min" in row for row in said)
            == helps
        )


def test_a_command_that_only_shows_cannot_fail_to_mend() -> None:
    looks = replace(SCALED, next=("kubectl exec -n conveyor-pipeline influxdb-0 -- df -h /var/lib/influxdb",))
    assert "   call   L2 - DevOps Engineer now, with what it prints; RUNBOOK.md#pod-status" in shown(diagnosis(looks))


def test_without_a_command_to_follow_none_is_named() -> None:
    assert not [line for line in shown(diagnosis(REPLACED), watch="") if "follow it" in line]


def test_what_did_not_heal_is_to_be_acted_on() -> None:
    course = workflow.follow([workflow.begin(REPLACED, AT)], diagnosis(REPLACED), AT + 200)[0]
    course = replace(course, finding=workflow.after_watch(course))
    late = diagnosis(course.finding)
    said = "\n".join(terminal.screen(terminal.View(late, [course], AT)))
    assert "did not heal in 2 min: act now" in said
    assert "heals  NO: it should have healed within 2 min. Act now" in said
    assert "call   L2 - DevOps Engineer if that does not help at once" in said


def test_a_step_that_did_not_help_is_a_call_now() -> None:
    course = workflow.escalated(workflow.begin(FULL, AT), AT)
    said = "\n".join(terminal.screen(terminal.View(diagnosis(FULL), [course], AT)))
    assert "call   L3 - Platform Team, now: the step did not help" in said


def test_whom_to_call_comes_with_what_they_look_at() -> None:
    said = " ".join(text(diagnosis(replace(FULL, evidence=("a", "b")))).split())
    assert "they check what fills it, the retention, the node's disk; RUNBOOK.md#storage" in said


def test_several_findings_keep_their_order() -> None:
    titles = [line for line in shown(diagnosis(FULL, SCALED)) if line[:3] in ("1. ", "2. ")]
    assert [title.split()[1] for title in titles] == ["storage", "producer"]


def test_a_guess_is_called_one() -> None:
    assert "sure   no: nothing else was left" in text(diagnosis(UNKNOWN))
    assert "sure " not in text(diagnosis(SCALED))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 30])
@pytest.mark.parametrize("below", [0, 4])
def test_it_is_never_more_than_a_screenful(count: int, below: int) -> None:
    unanswered = tuple(Unanswered(f"test_{n}", "kafka", f"reason {n} " + "y" * 150) for n in range(12))
    lines = shown(diagnosis(*many(count), unanswered=unanswered), below)
    assert len(lines) + below <= 40
    assert max(map(len, lines)) <= 120
    assert lines[2].startswith("1. producer (deployment/producer-0)")


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_a_narrow_terminal_is_kept_to(count: int) -> None:
    found = diagnosis(*many(count), unanswered=(AWAY,))
    courses = [workflow.begin(finding, found.taken_at) for finding in found.findings]
    lines = terminal.screen(terminal.View(found, courses, AT, width=80))
    assert len(lines) <= 40
    assert max(map(len, lines[1:])) <= 80


def test_what_does_not_fit_is_counted() -> None:
    assert [line for line in shown(diagnosis(*many(60))) if line.endswith("more, in triage.json")]


def test_not_knowing_names_what_and_why_once() -> None:
    two = (AWAY, replace(AWAY, check="test_key_metric[latency]"), Unanswered("test_loki_ready", "loki", "no answer"))
    assert shown(diagnosis(unanswered=two)) == [
        "INCONCLUSIVE: too little is known; conveyor-pipeline on kind-conveyor, 2026-11-23 07:41:40 UTC",
        "INCONCLUSIVE  2 checks of processor: Prometheus does not answer",
        "INCONCLUSIVE  1 check of loki: no answer",
    ]


def test_findings_do_not_hide_what_is_not_known() -> None:
    assert "INCONCLUSIVE  1 check of processor: Prometheus does not answer" in text(
        diagnosis(SCALED, unanswered=(AWAY,))
    )


def test_another_cluster_is_not_told_to_make_up() -> None:
    wrong = replace(SCALED, cause=replace(SCALED.cause, steps=("make up",), undo=""))
    said = text(elsewhere(diagnosis(wrong)))
    assert "make up" not in said
    assert "use-context" not in said, "the current context of whoever pastes stays as it is"
