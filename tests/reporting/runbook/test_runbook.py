"""RUNBOOK.md, the checks, the scenarios and triage name each other, and what it tells the operator to type can work."""

from __future__ import annotations

import re

import pytest

from chaos.scenarios import MATRIX, RECOVERY
from pipeline_services.checklist.checks import CHECKS, cases
from pipeline_services.judgements.known_issues import KNOWN_ISSUES
from pipeline_services.model.exit_codes import REFUSED
from pipeline_services.model.metrics.advice import Escalation
from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.signals import POLITE
from pipeline_services.platform.build import versions
from pipeline_services.reporting.run.outcome import Outcome
from pipeline_services.reporting.runbook import commands, generated, proved, runbook
from pipeline_services.triage.subjects import CAUSES
from pipeline_services.triage.walk.escalations import CONDITIONS
from tests.judgements import daily_cases
from tests.reporting.runbook import advised, rules
from tests.reporting.samples import ROOT

PIPELINE = Pipeline.load()
TEXT = runbook.RUNBOOK.read_text()
SECTIONS = runbook.sections(TEXT)
ANCHORS = (
    *("health-checks", "pod-status", "application-logs", "grafana-dashboards", "loki-log-search", "observability"),
    *("producer-pod-failure", "processor-pod-failure", "kafka-statefulset-failure", "influxdb-statefulset-failure"),
    *("high-resource-usage", "network-policy-issues", "configuration", "tls-certificate", "storage"),
    *("troubleshooting-workflow", "preventive-maintenance", "escalation", "self-healing", "key-metrics"),
    *("known-issues", "cheat-sheet"),
)
SCENARIOS = [section.anchor for section in SECTIONS.values() if section.chapter == "3. Failure scenarios"][1:]
FAILURES = [*SCENARIOS, "observability"]
PLAYED = {
    section: {one.id for one in RECOVERY.values() if one.plan.section == section}
    for section in dict.fromkeys(one.plan.section for one in RECOVERY.values())
}
CASES = {file: file.read_text() for top in ("checks", "chaos") for file in sorted((ROOT / top).rglob("*.py"))}
UNNAMED = {
    "failure-detection": "a heading over its parts",
    "failure-scenarios": "a heading over its parts",
    "escalation": "every finding names its level",
    "cheat-sheet": "commands only",
    "instead-of-the-source": "commands only, and why",
}
TOLD_IN_PROSE = {
    "kubectl get events -n conveyor-pipeline --sort-by=.lastTimestamp": "there may be no event for hours",
    "kubectl get events -n conveyor-pipeline --field-selector involvedObject.kind=HorizontalPodAutoscaler": "likewise",
    "kubectl logs -n conveyor-pipeline <pod> --tail=100": "each pod writes in its own way",
    "kubectl exec -it -n conveyor-pipeline deploy/producer -- /bin/sh": "a prompt",
    "kubectl cp -n conveyor-pipeline kafka-0:/etc/hosts ./hosts-of-kafka": "the file is what it shows",
}
OF_PYTEST = (int(pytest.ExitCode.INTERNAL_ERROR),)
NOT_IN_THE_RUNBOOK = {
    "kubectl --kubeconfig {}": "about the way to the API server, and what the account that looks may do there",
    "kubectl get secret -n {namespace} {secret:admin} -o jsonpath='{.data.token}' | base64 -d | "
    "kubectl exec -i -n {namespace} {pod:influxdb} -- sh -c 'INFLUX_TOKEN=$(cat) influx {}'": "what every command of "
    "InfluxDB's administrator starts with",
    "kubectl --context {} ": "what every command starts with, so that it means the cluster that was looked at",
}


def named_anchors() -> dict[str, str]:
    """Every anchor that somebody names, and one who does."""
    found: dict[str, str] = {}
    for file, text in CASES.items():
        found |= dict.fromkeys(re.findall(r'mark\.runbook\("([^"]+)"\)', text), file.name)
    for file in (ROOT / "pipeline_services").rglob("*.py"):
        found |= dict.fromkeys(re.findall(r'runbook="([^"]+)"', file.read_text()), file.name)
    found |= {part.runbook: f"the profile of {part.id}" for part in PIPELINE.components.values()}
    found |= {metric.advice.resolved(PIPELINE).runbook: f"the metric {metric.id}" for metric in KEY_METRICS.values()}
    found |= {cause.runbook: f"the cause {cause.id}" for cause in CAUSES.values()}
    found |= {one.scenario: f"the condition {one.when!r}" for one in CONDITIONS}
    found |= {one.plan.section: f"the scenario {one.id}" for one in RECOVERY.values()}
    for one in MATRIX.values():
        causes = set().union(*(expected.causes for expected in one.findings))
        found |= {CAUSES[cause].runbook: f"the row {one.id}" for cause in causes}
    return found


def section_of(check: str) -> str:
    """The section of RUNBOOK.md that the test of a check is marked with."""
    test = daily_cases.functions()[check]
    marks = [*getattr(test, "pytestmark", ()), test.__globals__.get("pytestmark")]
    return next(str(mark.args[0]) for mark in marks if mark and mark.name == "runbook")


def test_the_ten_chapters_stand_in_the_order_of_the_spec() -> None:
    chapters = list(dict.fromkeys(section.chapter for section in SECTIONS.values()))
    assert [chapter.partition(". ")[0] for chapter in chapters] == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize("anchor", ANCHORS)
def test_the_agreed_anchors_are_there(anchor: str) -> None:
    assert anchor in SECTIONS


def test_every_anchor_that_somebody_names_is_there() -> None:
    assert rules.missing_sections(TEXT, named_anchors()) == []


def test_every_section_has_somebody_who_names_it_or_says_why_not() -> None:
    assert set(SECTIONS) - set(named_anchors()) == set(UNNAMED)


def test_every_check_and_case_it_names_is_in_the_table_of_checks() -> None:
    known = {*CHECKS, *(str(case.id) for case in cases(Pipeline.load())), "test_key_metric[...]"}
    assert set(re.findall(r"`(test_[^`]+)`", TEXT)) <= known


def test_a_check_stands_in_the_section_that_its_test_names() -> None:
    bodies = {section: "\n".join(body) for section, body in commands.bodies(TEXT)}
    assert not [one for one in CHECKS if not re.search(rf"`{one}(\[[^`]*\])?`", bodies[section_of(one)])]


def test_a_failure_has_all_its_parts() -> None:
    assert rules.missing_parts(TEXT, FAILURES) == []


def test_a_failure_has_its_measured_times() -> None:
    assert rules.unproved(TEXT, FAILURES) == []


def test_the_scenarios_it_rests_on_are_there() -> None:
    parts = {name: body for name, body in generated.parts(TEXT).items() if name.startswith(proved.PREFIX)}
    named = {scenario for body in parts.values() for scenario in proved.rows(body)}
    assert named <= {*RECOVERY, *MATRIX}


@pytest.mark.parametrize("anchor", PLAYED)
def test_every_scenario_is_in_the_section_that_it_plays(anchor: str) -> None:
    assert PLAYED[anchor] <= set(proved.rows(generated.parts(TEXT)[f"{proved.PREFIX}{anchor}"]))


def test_every_link_leads_somewhere() -> None:
    assert rules.broken_links(TEXT) == []


def test_every_command_can_be_pasted() -> None:
    assert rules.broken_commands(TEXT) == []


def test_what_kubectl_understands_is_that_of_the_pinned_one() -> None:
    assert versions.load().of("kubernetes") == rules.WORDS.version


def test_what_changes_the_cluster_is_marked_as_such() -> None:
    assert rules.unmarked_changes(TEXT) == []


def test_every_change_says_how_it_is_taken_back() -> None:
    assert rules.without_undo(TEXT) == []


def test_what_a_command_shows_is_told_in_words_that_can_be_held_to_it() -> None:
    assert rules.untold(TEXT, TOLD_IN_PROSE) == []


def test_the_parts_written_from_code_are_those_of_the_code() -> None:
    assert generated.up_to_date(TEXT) == TEXT, "run: python -m pipeline_services.reporting.runbook.generated"


def test_what_the_program_tells_to_type_is_in_the_runbook() -> None:
    written = [line for one in commands.commands(TEXT) for line in (one.text, one.undo) if line]
    missing = advised.unwritten(advised.templates(), written)
    assert set(missing) == set(NOT_IN_THE_RUNBOOK), [f"{one} ({advised.templates()[one]})" for one in missing]


def test_the_group_and_the_topic_are_those_of_the_pipeline() -> None:
    assert f"--group {PIPELINE.topics.group}" in TEXT
    assert f"--topic {PIPELINE.topics.readings}" in TEXT


def test_the_contents_list_every_section_in_order() -> None:
    listed = TEXT.partition("**Contents**")[2].partition("**Symptom")[0]
    assert re.findall(r"\[([^]]+)\]\(#([^)]+)\)", listed) == [(one.title, one.anchor) for one in SECTIONS.values()]


def test_the_index_leads_from_a_check_to_its_section() -> None:
    index = TEXT.partition("**Symptom")[2].partition("\n## ")[0]
    rows = {one: [line for line in index.splitlines() if f"`{one}`" in line] for one in CHECKS}
    assert not [one for one, found in rows.items() if len(found) != 1 or f"](#{section_of(one)})" not in found[0]]


def test_it_has_the_known_issues_that_runs_print() -> None:
    body = "\n".join(dict(commands.bodies(TEXT))["known-issues"])
    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", body, re.MULTILINE)) == sorted(one.id for one in KNOWN_ISSUES)


def test_the_known_issues_have_their_last_day() -> None:
    for issue in KNOWN_ISSUES:
        (row,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{issue.id}` |")]
        assert (f"Expires {issue.expires}" in row) == (issue.expires is not None)


def test_every_level_has_a_place_for_its_contact() -> None:
    contacts = TEXT.partition("| Level | Name | Phone | Hours |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| (L\d) \|", contacts, re.MULTILINE) == [level.name for level in Escalation]


def test_the_exit_codes_are_those_of_the_readme() -> None:
    table = re.compile(r"^\| Exit code .*?\n\n", re.MULTILINE | re.DOTALL)
    (here,), (there,) = (table.findall(text) for text in (TEXT, (ROOT / "README.md").read_text()))
    assert here == there
    codes = [int(code) for code in re.findall(r"\d+", " ".join(re.findall(r"^\| ([\d, ]+) \|", here, re.MULTILINE)))]
    assert codes == sorted({*(one.exit_code for one in Outcome), *OF_PYTEST, REFUSED, *(128 + one for one in POLITE)})


def test_a_secret_is_saved_before_it_is_deleted() -> None:
    assert rules.unsaved(TEXT) == []


def test_the_limits_that_it_quotes_are_those_of_the_manifests() -> None:
    kafka = (ROOT / "manifests/base/kafka/statefulset.yaml").read_text()
    server = (ROOT / "manifests/base/kafka/files/server.properties").read_text()
    assert "requests: {cpu: 100m, memory: 512Mi}" in kafka
    assert "100m CPU and 512Mi of memory" in TEXT
    assert "log.retention.hours=48" in server
    assert f"log.retention.bytes={256 << 20}" in server
    assert TEXT.count("256 MiB per partition") == 3
    assert f"retention {Pipeline.load().store.retention_s // 3600}h" in TEXT


def test_headings_inside_code_are_no_sections() -> None:
    found = runbook.sections("# T\n## One two\n```\n## no\n```\n### Three!\n")
    assert {anchor: section.chapter for anchor, section in found.items()} == {
        "one-two": "1. One two",
        "three": "1. One two",
    }


def test_the_page_has_every_anchor_and_no_script() -> None:
    page = runbook.page(TEXT)
    assert all(f'id="{anchor}"' in page for anchor in SECTIONS)
    assert "<script" not in page
    assert "https://influxdb-service:8086" in page
