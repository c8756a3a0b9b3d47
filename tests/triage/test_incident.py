"""The incident document: whole, true to what is known, and readable by somebody who was not there."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.text import rfc3339
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.incident.impact import impact
from pipeline_services.triage.incident.incident import Incident, markdown
from pipeline_services.triage.model import Finding
from pipeline_services.triage.walk import workflow
from pipeline_services.triage.walk.workflow import Course
from tests.triage.made import AT, AWAY, FULL, REPLACED, SCALED, UNKNOWN, diagnosis, lag, snapshot

SECTIONS = ["Summary", "Time line", "Impact", "Evidence", "Actions", "Outcome", "Escalation"]


def document(*courses: Course, seen: Snapshot | None = None, bundle: str = "", **more: object) -> str:
    return markdown(Incident(seen or snapshot(), courses, diagnosis(SCALED).red, bundle=bundle, **more))  # type: ignore[arg-type]


def begun(*findings: Finding) -> list[Course]:
    return [workflow.begin(finding, AT) for finding in findings]


def section(text: str, title: str) -> str:
    return text.partition(f"## {title}")[2].partition("\n## ")[0]


def healed() -> Course:
    courses = workflow.follow(begun(REPLACED), diagnosis(), AT + 34)
    return workflow.follow(courses, diagnosis(), AT + 38)[0]


def test_it_has_its_sections_in_order() -> None:
    text = document(*begun(SCALED))
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    assert text.startswith("# Incident of 2026-11-23 07:41:40 UTC: producer: producer is scaled to 0\n")


def test_a_self_healed_one_says_when_it_was_over_and_calls_nobody() -> None:
    text = document(healed())
    assert "| Over | 2026-11-23 07:42:14 UTC |" in text
    assert "resolved: healed by itself, gone 34 s after it was seen" in section(text, "Outcome")
    assert "None: it is over." in section(text, "Escalation")
    assert "while it lasted; nothing is open |" in text
    assert "1. kafka: nothing, it healed by itself." in section(text, "Actions")
    assert "kafka: resolved: healed by itself" in section(text, "Time line")


def test_how_it_came_back_is_told_from_the_last_look() -> None:
    back = {"metadata": {"name": "kafka-0", "labels": {"app": "kafka"}, "creationTimestamp": rfc3339(AT + 4)}}
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": rfc3339(AT + 30)}
    changed = snapshot({"pods": [back | {"status": {"conditions": [ready]}}], "influxdb_newest": {"time": AT + 36}})
    text = document(healed(), last=replace(changed, taken_at=AT + 38))
    assert "| pod | pod/kafka-0 was created |" in section(text, "Time line")
    assert "| 2026-11-23 07:42:10 | pod | pod/kafka-0 became ready |" in section(text, "Time line")
    assert "- Newest stored reading, when it was noticed: measured 4 min before" in section(text, "Impact")
    assert "- Newest stored reading at the end: measured 2 s before the snapshot." in section(text, "Impact")


def test_an_escalated_one_says_that_the_commands_did_not_help() -> None:
    text = document(*(workflow.escalated(course, AT + 1) for course in begun(SCALED)))
    assert "1. producer: done, but did not help:" in section(text, "Actions")
    assert "now: the actions above did not help:" in section(text, "Escalation")


def test_a_manual_one_has_its_commands_their_undo_and_what_it_looks_like_then() -> None:
    actions = section(document(*begun(SCALED)), "Actions")
    assert "   kubectl --context kind-conveyor scale deployment/producer -n conveyor-pipeline --replicas=1\n" in actions
    assert "   kubectl --context kind-conveyor scale deployment/producer -n conveyor-pipeline --replicas=0\n" in actions
    assert "Resolved when: every pod of producer is Running and READY 1/1." in actions
    assert 'eval "$(make -s env)"' in actions


def test_one_that_is_mended_asks_for_nothing_any_more() -> None:
    courses = workflow.follow(begun(SCALED), diagnosis(), AT + 20)
    text = document(*workflow.follow(courses, diagnosis(), AT + 25))
    actions = section(text, "Actions")
    assert "1. producer: nothing any more. What the runbook has for it:" in actions
    assert "--replicas=1" in actions
    assert "--replicas=0" not in actions


def test_what_is_open_comes_first_and_gives_the_incident_its_name_and_its_beginning() -> None:
    text = document(healed(), *begun(replace(SCALED, since=AT - 7)))
    assert text.startswith("# Incident of 2026-11-23 07:41:40 UTC: producer: producer is scaled to 0\n")
    named = re.findall(r"^\d\. \*\*(\w+)\*\*", section(text, "Summary"), re.MULTILINE)
    assert named == ["producer", "kafka"]
    assert "| Noticed | 2026-11-23 07:41:40 UTC, 7 s later |" in text


def test_an_escalated_one_names_the_level_the_condition_and_the_bundle() -> None:
    text = document(workflow.escalated(begun(FULL)[0], AT + 60), bundle="evidence-x.tar.gz")
    escalation = section(text, "Escalation")
    assert "To **L3 - Platform Team** (the cluster, storage, network policies, performance)" in escalation
    assert "a volume has no space left: look at what fills it, the retention, the node's disk" in escalation
    assert "`evidence-x.tar.gz`" in escalation
    assert "escalated to L3 - Platform Team" in section(text, "Outcome")
    assert "| Over | not as far as is known |" in text


def test_the_highest_level_of_several_is_the_incidents() -> None:
    text = document(*begun(SCALED, FULL, REPLACED))
    assert "| Level | L3 - Platform Team |" in text
    assert "To **L3 - Platform Team**" in text
    assert len(re.findall(r"^\d\. ", section(text, "Outcome"), re.MULTILINE)) == 3


def test_one_that_did_not_heal_says_so() -> None:
    late = workflow.follow(begun(REPLACED), diagnosis(REPLACED), AT + 130)
    text = document(*late)
    assert "not healed: it should have been gone within 2 min; watched for 2 min; act now" in section(text, "Outcome")
    assert "To **L2 - DevOps Engineer**" in section(text, "Escalation")


def test_an_unwatched_one_does_not_claim_to_have_healed() -> None:
    text = document(*begun(REPLACED))
    assert "not yet seen to have healed" in section(text, "Outcome")
    assert "What has not healed within its limit goes to L2 - DevOps Engineer." in section(text, "Escalation")


def test_a_guess_is_named_one() -> None:
    assert "Confidence: low." in section(document(*begun(UNKNOWN)), "Summary")


def test_what_is_not_known_is_listed() -> None:
    seen = snapshot({"influxdb_health": ServiceUnreachable("InfluxDB does not answer")})
    text = document(*begun(SCALED), seen=seen, unanswered=(AWAY,))
    assert "- source influxdb_health: InfluxDB does not answer" in section(text, "Not known (2 answers missing)")
    assert "test_key_metric[consumer-lag] (processor): Prometheus does not answer" in text


def test_a_shallow_snapshot_says_what_its_time_line_lacks() -> None:
    full = snapshot()
    answers = {name: value for name, value in full.answers.items() if name not in ("changes", "onset")}
    text = document(*begun(SCALED), seen=replace(full, answers=answers))
    assert "Not in this snapshot, and so not in the time line: changes, onset." in text


def test_somebody_elses_text_is_no_markup() -> None:
    wild = replace(SCALED, evidence=("a | b <script>alert(1)</script> `x` [l](http://h) *y*",))
    evidence = section(document(*begun(wild)), "Evidence")
    assert r"a \| b \<script>alert(1)\</script> \`x\` [l]\(http://h) \*y\*" in evidence


def test_known_issues_in_the_logs_are_named_as_none() -> None:
    line = "2026-11-23T07:41:00Z (Re-)joining group"
    seen = snapshot({"logs/processor": [{"pod": "p", "container": "c", "lines": [line]}]})
    assert "- kafka-rebalance: impact: consumption pauses for 5-10 s" in section(
        document(*begun(SCALED), seen=seen), "Evidence"
    )
    assert "kafka-rebalance" not in document(*begun(SCALED))


def rows(changes: dict[str, object], *findings: Finding) -> dict[str, str]:
    return dict(impact(snapshot(changes), findings or (SCALED,)))


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ([lag(AT, (0, 100)), lag(AT + 2, (0, 140))], "140, 20.0 more each second"),
        (
            [lag(AT, (0, 1200)), lag(AT + 2, (100, 1200))],
            "1100, 50.0 fewer each second, so the backlog is gone in about 22 s",
        ),
        ([lag(AT, (5, 5)), lag(AT + 2, (5, 5))], "0, neither more nor less"),
        ([lag(AT, (None, 7))], "7; whether it grows is not known, it was sampled once"),
        ([], "not known: the lag was not sampled"),
        (ServiceUnreachable("Kafka does not answer"), "not known: Kafka does not answer"),
    ],
    ids=["grows", "falls", "stands", "once", "never", "unreachable"],
)
def test_the_backlog_and_where_it_goes(samples: object, words: str) -> None:
    assert rows({"kafka_lag": samples})["Readings that wait in Kafka"] == words


def test_the_age_of_the_newest_stored_reading() -> None:
    assert rows({})["Newest stored reading"] == "measured 4 min before the snapshot: what came since is delayed"
    fresh = {"influxdb_newest": {"time": AT - 2}}
    assert rows(fresh)["Newest stored reading"] == "measured 2 s before the snapshot"
    assert rows({"influxdb_newest": {"time": None}})["Newest stored reading"].startswith("not known: ")


def test_loss_is_never_claimed_and_never_ruled_out_without_a_ledger() -> None:
    assert rows({}, REPLACED)["Readings lost"].startswith("not known: no ledger was kept")
    assert "that no producer took" in rows({})["Readings lost"]
    assert "A volume is concerned" in rows({}, FULL)["Readings lost"]
