"""The time line: what belongs to the story, in order, bounded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_services.model.text import rfc3339
from pipeline_services.triage.incident.timeline import incident_events, level_change
from pipeline_services.triage.model import Finding
from pipeline_services.triage.walk import workflow
from tests.triage.made import AT, SCALED, event, pod, snapshot


def lines(changes: dict[str, object] | None = None, finding: Finding = SCALED, most: int = 50) -> list[str]:
    return [one.what for one in incident_events(snapshot(changes), [workflow.begin(finding, AT)], most)]


def said(word: str, changes: dict[str, object]) -> list[str]:
    return [line for line in lines(changes) if word in line]


def test_who_changed_what_stands_before_what_came_of_it() -> None:
    told = lines()
    assert "deployment/producer: kubectl-scale wrote spec.replicas" in told
    assert told.index("deployment/producer: kubectl-scale wrote spec.replicas") < told.index(
        "ScalingReplicaSet deployment/producer: Scaled down from 1 to 0"
    )
    assert told[-1] == "producer: needs a manual step: does not heal by itself; L2 - DevOps Engineer"


def test_a_change_of_many_fields_still_says_who_made_it() -> None:
    change = {"kind": "Service", "name": "kafka-service", "manager": "kubectl", "time": rfc3339(AT - 200)}
    change["fields"] = [f"spec.field{number}" for number in range(40)]
    assert said("kafka-service", {"changes": [change]}) == [
        "service/kafka-service: kubectl wrote spec.field0, spec.field1, spec.field2, spec.field3 and 36 more"
    ]


def test_no_field_is_cut_short_where_many_are_long() -> None:
    change = {"kind": "Deployment", "name": "producer", "manager": "kubectl", "time": rfc3339(AT - 200)}
    change["fields"] = [f"spec.template.spec.containers[producer].{'x' * 60}{number}" for number in range(4)]
    (line,) = said("kubectl wrote", {"changes": [change]})
    assert line.endswith("xxx0 and 3 more") or line.endswith("xxx1 and 2 more")


def test_within_a_second_the_change_stands_before_what_came_of_it() -> None:
    change = {
        "kind": "Deployment",
        "name": "producer",
        "manager": "kubectl",
        "time": rfc3339(AT - 200),
        "fields": ["f"],
    }
    told = lines({"changes": [change], "events": [event("Pod/producer-x", "Late", "x", first=AT - 200)]})
    assert told.index("deployment/producer: kubectl wrote f") < told.index("Late pod/producer-x: x")


def test_what_is_older_than_the_story_is_left_out() -> None:
    assert said("Old", {"events": [event("Pod/producer-abc", "Old", "x", first=AT - 5000)]}) == []
    assert said("Lead", {"events": [event("Pod/producer-abc", "Lead", "x", first=AT - 1000)]})


def test_other_components_are_not_told() -> None:
    assert said("Away", {"events": [event("Pod/grafana-x", "Away", "x", first=AT - 100)]}) == []


def test_those_that_suffer_are_told_from_the_onset_on() -> None:
    late = event("Pod/processor-x", "Late", "x", first=AT - 100)
    early = event("Pod/processor-x", "Early", "x", first=AT - 600)
    assert said("Late", {"events": [early, late]})
    assert said("Early", {"events": [early, late]}) == []


def test_the_routine_of_a_rollout_before_it_is_left_out() -> None:
    assert said("Killing", {"events": [event("Pod/producer-x", "Killing", "x", first=AT - 800)]}) == []
    assert said("Killing", {"events": [event("Pod/producer-x", "Killing", "x", first=AT - 200)]})


def test_an_event_that_began_before_is_told_at_its_last_time() -> None:
    often = event("Deployment/producer", "ScalingReplicaSet", "to 0", first=AT - 3000, last=AT - 238, count=9)
    assert said("ScalingReplicaSet", {"events": [often]}) == [
        "ScalingReplicaSet deployment/producer: to 0 (the last of 9)"
    ]


def test_an_event_that_began_with_it_is_told_at_its_first() -> None:
    often = event("Pod/producer-x", "BackOff", "again", first=AT - 230, last=AT - 10, count=9)
    assert said("BackOff", {"events": [often]}) == ["BackOff pod/producer-x: again (9 times in 4 min)"]


def test_down_and_up_again_are_two_events() -> None:
    down = event("Deployment/producer", "ScalingReplicaSet", "from 3 to 0", first=AT - 238)
    up = event("Deployment/producer", "ScalingReplicaSet", "from 0 to 1", first=AT - 100)
    assert len(said("ScalingReplicaSet", {"events": [down, up]})) == 2


def test_a_pod_tells_its_life() -> None:
    ended = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": rfc3339(AT - 60)}
    status = {
        "name": "producer",
        "restartCount": 2,
        "state": {"running": {"startedAt": rfc3339(AT - 50)}},
        "lastState": {"terminated": ended},
    }
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": rfc3339(AT - 60)}
    living = pod("producer-x", "producer", conditions=[ready], containerStatuses=[status])
    living["metadata"] |= {"deletionTimestamp": rfc3339(AT - 10), "deletionGracePeriodSeconds": 30}
    told = said("producer-x", {"pods": [living]})
    assert told == [
        "pod/producer-x was created",
        "pod/producer-x stopped being ready",
        "container producer of pod/producer-x ended: OOMKilled, exit code 137",
        "container producer of pod/producer-x started again, restart 2",
        "deletion of pod/producer-x was requested",
    ]


def test_the_figures_turn_is_told() -> None:
    assert "producer rate goes from 20 to 0" in lines()


@pytest.mark.parametrize(
    ("values", "turn"),
    [
        ([20, 20, 20, 20, 20, 0, 0, 0], (5.0, 20, 0)),
        ([3, 3, 3, 3, 50, 300, 500, 900], (6.0, 3, 900)),
        ([20, 21, 19, 20, 22, 18, 20, 21], None),
        ([20, 20, 20, 20, 0, 0, 20, 20], None),
        ([0, 0, 0, 0, 0, 0, 1, 1], None),
        ([20, 0], None),
    ],
    ids=["falls", "rises", "steady", "was short", "too little", "too short"],
)
def test_a_series_turns_where_it_leaves_its_level_for_good(values: list[float], turn: object) -> None:
    assert level_change([(float(at), float(value)) for at, value in enumerate(values)]) == turn


def test_it_is_bounded_and_keeps_the_newest_and_what_triage_saw() -> None:
    flood = [event(f"Pod/producer-{n}", "Flood", f"no {n}", first=AT - 200 + n) for n in range(150)]
    told = lines({"events": flood}, most=20)
    assert len(told) == 20
    assert "Flood pod/producer-149: no 149" in told
    assert any(line.startswith("began: producer") for line in told)


def test_without_an_onset_the_last_half_hour_is_told() -> None:
    finding = replace(SCALED, since=None)
    assert [
        line
        for line in lines({"events": [event("Pod/producer-x", "Old", "x", first=AT - 1700)]}, finding)
        if "Old" in line
    ]
    assert not [
        line
        for line in lines({"events": [event("Pod/producer-x", "Old", "x", first=AT - 1900)]}, finding)
        if "Old" in line
    ]
