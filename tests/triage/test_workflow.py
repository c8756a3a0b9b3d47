"""Section 4's flowchart: every arrow there is, and none that is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.triage.model import Unanswered
from pipeline_services.triage.walk import workflow
from pipeline_services.triage.walk.workflow import ARROWS, Stage
from tests.triage.made import AT, FULL, REBALANCE, REPLACED, SCALED, diagnosis


def test_a_finding_is_identified_and_examined_before_it_is_decided_on() -> None:
    stages = [step.stage for step in workflow.begin(SCALED, AT).steps]
    assert stages == [Stage.DETECTED, Stage.IDENTIFIED, Stage.EXAMINED, Stage.ACTING]


def test_what_heals_is_watched_until_its_limit_which_counts_from_its_onset() -> None:
    course = workflow.begin(REPLACED, AT)
    assert course.stage is Stage.WATCHING
    assert course.deadline == AT - 20 + 120


@pytest.mark.parametrize("stage", Stage, ids=str)
def test_only_the_arrows_of_the_chart_can_be_gone(stage: Stage) -> None:
    course = replace(workflow.begin(SCALED, AT), steps=(workflow.Step(stage, AT),))
    for other in Stage:
        if other in ARROWS[stage]:
            assert workflow.moved(course, other, AT).stage is other
        else:
            with pytest.raises(ValueError, match="no way leads"):
                workflow.moved(course, other, AT)


def test_every_way_ends_documented() -> None:
    ends = {stage for stage in Stage if not ARROWS[stage]}
    assert ends == {Stage.DOCUMENTED}


def test_it_is_healed_only_when_two_looks_do_not_see_it() -> None:
    once = workflow.follow([workflow.begin(REPLACED, AT)], diagnosis(), AT + 10)
    assert once[0].stage is Stage.WATCHING
    twice = workflow.follow(once, diagnosis(), AT + 14)
    assert twice[0].stage is Stage.RESOLVED
    assert twice[0].gone_at == AT + 10
    assert workflow.outcome(twice[0]) == "resolved: healed by itself, gone 10 s after it was seen"


def test_what_comes_back_between_two_looks_is_not_healed() -> None:
    courses = workflow.follow([workflow.begin(REPLACED, AT)], diagnosis(), AT + 10)
    courses = workflow.follow(courses, diagnosis(REPLACED), AT + 14)
    courses = workflow.follow(courses, diagnosis(), AT + 18)
    assert courses[0].stage is Stage.WATCHING


def test_a_component_that_cannot_be_seen_is_not_taken_for_healed() -> None:
    blind = diagnosis(unanswered=(Unanswered("test_kafka_topic", "kafka", "no answer"),))
    courses = workflow.follow(workflow.follow([workflow.begin(REPLACED, AT)], blind, AT + 10), blind, AT + 14)
    assert courses[0].open


def test_past_its_limit_it_needs_somebody_one_level_up() -> None:
    courses = workflow.follow([workflow.begin(REPLACED, AT)], diagnosis(REPLACED), AT + 101)
    assert courses[0].stage is Stage.ACTING
    assert courses[0].overdue
    assert courses[0].level is Escalation.L2
    assert courses[0].hands_over
    told = workflow.after_watch(courses[0])
    assert told.summary == "kafka-0 is being replaced; did not heal in 2 min: act now"
    assert not told.self_healing
    assert told.to_dict()["escalation"] == "L2"


def test_within_its_limit_it_is_left_alone() -> None:
    courses = workflow.follow([workflow.begin(REPLACED, AT)], diagnosis(REPLACED), AT + 99)
    assert courses[0].stage is Stage.WATCHING
    assert not courses[0].hands_over


def test_what_no_longer_heals_is_handed_on_before_its_limit() -> None:
    worse = replace(REPLACED, self_healing=False)
    courses = workflow.follow([workflow.begin(REPLACED, AT)], diagnosis(worse), AT + 5)
    assert courses[0].stage is Stage.ACTING
    assert not courses[0].overdue


def test_a_new_finding_gets_a_course_of_its_own() -> None:
    courses = workflow.follow([workflow.begin(REPLACED, AT)], diagnosis(REPLACED, REBALANCE), AT + 30)
    assert [course.finding.component for course in courses] == ["kafka", "processor"]
    assert courses[1].deadline == AT + 30 + 60


def test_a_replaced_pod_with_another_name_is_the_same_finding() -> None:
    renamed = replace(REPLACED, subject="pod/kafka-1")
    assert len(workflow.follow([workflow.begin(REPLACED, AT)], diagnosis(renamed), AT + 30)) == 1


def test_a_step_that_did_not_help_is_escalated() -> None:
    course = workflow.escalated(workflow.begin(FULL, AT), AT + 60)
    assert course.stage is Stage.ESCALATED
    assert course.level is Escalation.L3
    assert workflow.outcome(course) == "escalated to L3 - Platform Team"
    own = replace(FULL, cause=replace(FULL.cause, escalation=Escalation.L1))
    assert workflow.escalated(workflow.begin(own, AT), AT).level is Escalation.L2


def test_what_is_watched_is_not_escalated_by_a_step() -> None:
    assert workflow.escalated(workflow.begin(REPLACED, AT), AT).stage is Stage.WATCHING


def test_what_has_ended_is_documented_and_nothing_else() -> None:
    open_course = workflow.begin(SCALED, AT)
    assert workflow.documented(open_course, AT, "x.md").stage is Stage.ACTING
    assert workflow.documented(workflow.escalated(open_course, AT), AT, "x.md").stage is Stage.DOCUMENTED


def test_nobody_is_above_the_platform_team() -> None:
    assert [workflow.one_up(level).name for level in Escalation] == ["L2", "L3", "L3"]
