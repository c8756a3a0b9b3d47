"""A case that was renamed keeps its history."""

from __future__ import annotations

import json

import pytest

from chaos.scenarios import RECOVERY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.allure import results
from pipeline_services.reporting.allure.renamed_tests import history_id, renamed
from pipeline_services.reporting.run.outcome import CaseResult

pytest_plugins = ("pytester",)
KAFKA = "chaos/test_kafka.py::test_kafka_recovers_and_nothing_is_lost[kafka-pod-deleted]"
CODE = """
import pytest

@pytest.mark.parametrize("case", ["kafka-pod-deleted"])
def test_kafka_recovers_and_nothing_is_lost(case): pass

def test_alone(): pass
"""


def test_the_history_knows_a_case_as_allure_pytest_names_it(pytester: pytest.Pytester) -> None:
    (pytester.mkdir("chaos") / "test_kafka.py").write_text(CODE)
    pytester.runpytest_subprocess("-p", "allure_pytest", "--alluredir", "made", "chaos")
    found = [json.loads(file.read_text()) for file in (pytester.path / "made").glob("*-result.json")]
    known = {document["name"]: document["historyId"] for document in found}
    assert known == {
        KAFKA.rpartition("::")[2]: history_id(KAFKA),
        "test_alone": history_id("chaos/test_kafka.py::test_alone"),
    }


def test_every_scenario_goes_on_where_its_own_test_was() -> None:
    path = "chaos/test_scenarios.py::test_recovers_and_nothing_is_lost"
    assert renamed()[f"{path}[kafka-pod-deleted]"] == KAFKA
    assert set(renamed()) <= {f"{path}[{name}]" for name in RECOVERY}
    assert all(old.endswith(new.partition("[")[2]) for new, old in renamed().items())


@pytest.mark.parametrize(("case", "known"), [("kafka-pod-deleted", history_id(KAFKA)), ("a-new-one", "its own")])
def test_the_page_gets_the_id_that_the_history_knows(case: str, known: str) -> None:
    node = f"chaos/test_scenarios.py::test_recovers_and_nothing_is_lost[{case}]"
    document = {"uuid": "x", "historyId": "its own", "labels": [{"name": results.CASE_LABEL, "value": node}]}
    found = {node: CaseResult(node, "kafka", "self-healing")}
    files = results.complete([document], found, {}, None, markers={}, pipeline=Pipeline.load())
    assert json.loads(files["x-result.json"])["historyId"] == known
