"""RUNBOOK.md and the checks name each other, and what it tells the operator to type can work."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess

import pytest

from pipeline_services.advice import COMPONENT_ADVICE
from pipeline_services.key_metrics import KEY_METRICS
from pipeline_services.reporting import metrics_table, runbook
from tests.reporting.commands import commands
from tests.reporting.samples import ROOT

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
PARTS = ("Meaning", "Impact", "Symptoms", "Diagnosis", "Mitigation", "Recovered when", "Escalate")
CHECKS = "\n".join(file.read_text() for file in sorted((ROOT / "checks").glob("*.py")))
NOT_BY_DAILY_CHECKS = {
    "failure-detection": "a heading over its parts",
    "failure-scenarios": "a heading over its parts",
    "troubleshooting-workflow": "the triage of section 4 follows",
    "escalation": "every finding names its level",
    "self-healing": "the scenarios in chaos/ follow",
    "known-issues": "the log and event checks read known_issues.py",
    "cheat-sheet": "commands only",
}


def body(anchor: str) -> str:
    lines = TEXT.splitlines()
    start = SECTIONS[anchor].line
    ends = [section.line for section in SECTIONS.values() if section.line > start]
    return "\n".join(lines[start : min(ends, default=len(lines))])


def function_names() -> set[str]:
    tree = ast.parse(CHECKS.replace("from __future__ import annotations", ""))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_ten_chapters_stand_in_the_order_of_the_spec() -> None:
    chapters = list(dict.fromkeys(section.chapter for section in SECTIONS.values()))
    assert [chapter.partition(". ")[0] for chapter in chapters] == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize("anchor", ANCHORS)
def test_the_agreed_anchors_are_there(anchor: str) -> None:
    assert anchor in SECTIONS


def test_every_anchor_a_check_names_is_there() -> None:
    named = set(re.findall(r'mark\.runbook\("([^"]+)"\)', CHECKS))
    assert named
    assert named <= set(SECTIONS)


def test_every_section_has_a_check_or_says_why_not() -> None:
    named = set(re.findall(r'mark\.runbook\("([^"]+)"\)', CHECKS))
    assert set(SECTIONS) - named == set(NOT_BY_DAILY_CHECKS)


@pytest.mark.parametrize("component", COMPONENT_ADVICE)
def test_findings_lead_to_a_section(component: str) -> None:
    assert COMPONENT_ADVICE[component].runbook in SECTIONS


def test_every_check_it_names_is_one() -> None:
    named = set(re.findall(r"`(test_\w+)(?:\[[^\]]*\])?`", TEXT))
    assert named
    assert named <= function_names()


def test_every_case_it_names_is_collected() -> None:
    command = [ROOT / ".venv/bin/python", "-m", "pytest", "-m", "daily", "--collect-only", "-q"]
    if not command[0].exists():
        command[0] = "python3"
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=True)
    collected = {line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line}
    assert set(re.findall(r"`(test_\w+\[[^\]]+\])`", TEXT)) - {"test_key_metric[...]"} <= collected


@pytest.mark.parametrize("anchor", SCENARIOS)
def test_a_scenario_has_all_its_parts(anchor: str) -> None:
    missing = [part for part in PARTS if f"**{part}" not in body(anchor)]
    assert not missing


def test_every_link_leads_somewhere() -> None:
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= set(SECTIONS)


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_a_command_can_be_pasted(command: str) -> None:
    words = shlex.split(command.replace("<", "").replace(">", ""))
    assert words[0] in {"kubectl", "export", "make"}
    if words[0] == "kubectl":
        before = words[: words.index("--")] if "--" in words else words
        assert not ("exec" in before and "-l" in before), "exec takes no selector"
        assert any(
            word in command
            for word in ("-n conveyor-pipeline", "-n kube-system", "conveyor-pipeline/", "nodes", "storageclass")
        )


def test_what_changes_the_cluster_is_marked_as_such() -> None:
    verbs = {"delete", "scale", "rollout restart", "apply", "patch", "edit", "set"}
    unmarked = [command for command in commands(changing=False) if any(f"kubectl {verb} " in command for verb in verbs)]
    assert unmarked == []


def test_its_table_is_the_one_of_the_code() -> None:
    assert metrics_table.with_table(TEXT, KEY_METRICS.values()) == TEXT, (
        "run: python -m pipeline_services.reporting.metrics_table"
    )


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
