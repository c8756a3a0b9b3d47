"""What the operator reads."""

from __future__ import annotations

from collections import Counter

from pipeline_services.judgements.known_issues import KNOWN_ISSUES
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.run import summary
from pipeline_services.reporting.run.table import table
from tests.reporting.samples import deviation, result, texts

PIPELINE = Pipeline.load()
AWAY = ServiceUnreachable("Prometheus does not answer", next_step="kubectl get pods -l app=prometheus")


def test_a_green_run_is_a_line_or_two() -> None:
    results = [result(f"c{number}", component) for number in range(9) for component in ("kafka", "producer", "hpa")]
    assert summary.summary(results, PIPELINE) == ["ok: kafka 9, producer 9, hpa 9"]
    assert summary.verdict(results, "here") == "PASSED: all 27 checks; here"


def test_a_failure_is_its_component_its_id_and_five_lines() -> None:
    lines = summary.failure(result("lag", "kafka", deviation()))
    assert lines[0] == "FAILED  kafka  checks/test_made.py::test_lag"
    assert len(lines) == 6
    assert lines[1] == "  lag is 7; expected < 5 (now)"


def test_the_table_has_a_row_for_each_component_in_trouble_only() -> None:
    results = [
        *[result("a", "kafka", deviation()), result("b", "kafka", AWAY), result("c", "kafka")],
        *[result("a", "loki"), result("a", "hpa", AWAY)],
    ]
    lines = table(results, summary.WIDTH)
    assert lines[1].split() == ["kafka", "1", "1", "1", "FAILED"]
    assert lines[2].split() == ["hpa", "-", "-", "1", "INCONCLUSIVE"]
    assert lines[3] == "ok: loki 1"


def test_what_others_rest_on_is_listed_first() -> None:
    results = [
        result("a", "grafana", deviation()),
        result("a", "producer", deviation()),
        result("a", "kafka", deviation()),
    ]
    failed = [line.split()[1] for line in summary.summary(results, PIPELINE) if line.startswith("FAILED")]
    assert failed == ["kafka", "producer", "grafana"]


def test_the_order_is_the_one_in_which_triage_names_causes() -> None:
    results = [result("a", component, deviation()) for component in ("dns", "network", "config", "storage")]
    failed = [line.split()[1] for line in summary.summary(results, PIPELINE) if line.startswith("FAILED")]
    assert failed == sorted(failed, key=PIPELINE.rank) == ["storage", "config", "network", "dns"]


def test_twenty_cases_with_one_cause_are_one_paragraph() -> None:
    results = [result(f"metric[{number}]", "kafka", AWAY) for number in range(20)]
    lines = summary.summary([result("ok", "loki"), *results], PIPELINE)
    paragraphs = [line for line in lines if line.startswith("INCONCLUSIVE")]
    assert paragraphs == ["INCONCLUSIVE  20 checks of kafka: Prometheus does not answer"]
    assert "  next: kubectl get pods -l app=prometheus" in lines
    assert texts(lines).split()[-3:] == ["and", "17", "more"]


def test_where_nothing_is_known_there_is_no_table() -> None:
    results = [result("a", component, AWAY) for component in ("kafka", "loki")]
    assert summary.summary(results, PIPELINE) == [
        "NOTHING CHECKED: Prometheus does not answer",
        "  next: kubectl get pods -l app=prometheus",
    ]
    assert "none of the 2 checks" in summary.verdict(results, "here")


def test_a_suite_error_is_named_as_one() -> None:
    lines = summary.summary([result("ok", "loki"), result("a", "kafka", KeyError("x"))], PIPELINE)
    assert any(line.startswith("SUITE ERROR  1 check of kafka: KeyError: 'x'") for line in lines)


def test_warnings_known_issues_and_absent_parts_are_said() -> None:
    near = result("lag", "kafka")
    near.warning = "lag is 900, warn level < 800"
    near.known_issues = Counter({KNOWN_ISSUES[0]: 3})
    text = texts(summary.summary([near, result("b", "hpa")], PIPELINE, absent=["loki"]))
    assert "warning: lag is 900" in text
    assert f"{KNOWN_ISSUES[0].id} 3" in text
    assert "not here, by the settings: loki" in text


def test_the_verdict_blames_components() -> None:
    results = [
        result("a", "kafka", deviation()),
        result("b", "kafka", deviation()),
        result("c", "hpa", AWAY),
        result("d", "loki"),
    ]
    assert summary.verdict(results, "here") == "FAILED: 2 failed (kafka 2), 1 inconclusive (hpa 1), 1 passed; here"
