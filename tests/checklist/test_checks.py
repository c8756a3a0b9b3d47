"""The table of checks, its tests in checks/, and all who take checks from it, say the same."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar, cast, get_args

import pytest

from checks import collection
from pipeline_services.checklist import checks
from pipeline_services.checklist.checks import CHECKS, case_of, cases, named
from pipeline_services.checklist.model import Check, Run
from pipeline_services.checklist.run import run_checks
from pipeline_services.model.pipeline import OWN, Pipeline
from pipeline_services.model.settings import Settings
from tests.each import each
from tests.judgements import daily_cases
from tests.judgements.test_faults_of_acceptance import outcomes_of
from tests.judgements.test_replay import RECORDED, recorded
from tests.judgements.world import healthy
from tests.other_pipeline import other_pipeline, without
from tests.runs import run

HERE = Pipeline.load()
TESTS = daily_cases.functions()
CASES = cases(HERE)


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    assert set(CHECKS) == set(TESTS)


def test_a_test_asks_the_judgement_of_its_row() -> None:
    each(CHECKS, is_asked_by_its_test)


def is_asked_by_its_test(check: Check) -> None:
    test = TESTS[check.id]
    called = [node.func for node in ast.walk(ast.parse(inspect.getsource(test))) if isinstance(node, ast.Call)]
    scope = test.__globals__
    found = [ast.unparse(one) for one in called if ast.unparse(one).partition(".")[0] in scope]
    assert check.judge in [eval(one, scope) for one in found]


def test_pytest_collects_the_cases_of_the_table() -> None:
    for of in get_args(Run):
        done = run("pytest", "-m", of, "--collect-only", "-q")
        collected = [line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line]
        assert sorted(collected) == sorted(str(case.id) for case in cases(HERE, run=of))


def test_pytest_judges_a_file_in_the_cases_of_its_own_pipeline(tmp_path: Path) -> None:
    file, other = tmp_path / "seen.json", other_pipeline()
    healthy(pipeline=other).snapshot().save(file)
    done = run("pytest", "-p", "tests.no_page", "-m", "daily", f"--snapshot={file}", f"--reports={tmp_path}")
    assert done.returncode == 0, done.stdout
    judged = [one["id"].rpartition("::")[2] for one in json.loads((tmp_path / "daily.json").read_text())["checks"]]
    assert sorted(judged) == sorted(str(case.id) for case in cases(other, run="daily"))


def test_pytest_collects_the_cases_of_the_pipeline_that_is_named(tmp_path: Path) -> None:
    file = tmp_path / "plant.toml"
    file.write_text(OWN.read_text().replace("kafka-service", "bus-service"))
    done = run("pytest", "-m", "daily", "--pipeline", file, "--collect-only", "-q")
    assert "test_service_has_endpoint[bus-service]" in done.stdout
    assert "kafka-service" not in done.stdout


def test_a_case_is_marked_with_its_run_and_its_component() -> None:
    class Item:
        name = "test_pods_scraped[kafka]"
        marks: ClassVar[list[object]] = []

        def add_marker(self, mark: object) -> None:
            self.marks.append(mark)

    assert collection.select(judging(HERE), [cast("pytest.Item", Item())]) == []
    assert Item.marks == ["daily", pytest.mark.component("prometheus")]


def test_what_asks_a_component_that_is_not_here_is_left_out() -> None:
    class Item:
        name = "test_pods_scraped[kafka]"

    item = cast("pytest.Item", Item())
    assert collection.select(judging(without("kafka")), [item]) == [item]
    assert collection.select(judging(HERE, Settings(absent=frozenset({"kafka"}))), [item]) == [item]


def judging(pipeline: Pipeline, settings: Settings | None = None) -> pytest.Config:
    """The configuration of a run that judges this pipeline."""
    stash = {collection.PIPELINE: pipeline, collection.SETTINGS: settings or Settings()}
    return cast("pytest.Config", SimpleNamespace(stash=stash))


def test_a_test_without_a_row_is_refused() -> None:
    def test_nothing() -> None: ...

    metafunc = SimpleNamespace(function=test_nothing, definition=SimpleNamespace(nodeid="checks/x.py::test_nothing"))
    with pytest.raises(pytest.UsageError, match=r"x\.py::test_nothing: the table of checks has no such check"):
        collection.parametrize(cast("pytest.Metafunc", metafunc))


def test_a_case_names_and_needs_components_that_there_are() -> None:
    assert {case.component for case in CASES} | set().union(*(case.needs for case in CASES)) <= set(HERE.reported)


def test_what_an_absent_component_is_needed_for_is_left_out() -> None:
    left = cases(HERE, Settings(absent=frozenset({"loki"})))
    gone = {str(case.id) for case in CASES} - {str(case.id) for case in left}
    assert {"test_loki_ready", "test_grafana_datasource_answers[loki]", "test_grafana_panel_fresh[log-errors]"} <= gone
    of_logs = ("loki", "log-", "test_no_new_error_recurs")
    assert not [case_id for case_id in gone if not any(words in case_id for words in of_logs)]


def test_a_case_is_found_by_its_check_and_parameters() -> None:
    assert case_of(checks.NODES_READY, HERE).component == "node"
    assert case_of(checks.KEY_METRIC.of("consumer-lag"), HERE).id.parameters == ("consumer-lag", "")
    assert str(case_of(checks.TOKEN_ACCEPTED.of("influxdb_token"), HERE).id) == "test_token_accepted[influxdb-token]"
    for which in (checks.PODS_READY, checks.PODS_READY.of("nobody")):
        with pytest.raises(LookupError, match="there is no case test_pods_ready"):
            case_of(which, HERE)


def test_cases_are_named_by_themselves_or_by_their_check() -> None:
    found = named(["test_pods_ready[kafka]", "test_nodes_have_room", "test_pods"], CASES)
    assert [str(case.id) for case in found] == [
        "test_pods_ready[kafka]",
        "test_nodes_have_room[cpu]",
        "test_nodes_have_room[memory]",
    ]


def test_the_levels_of_the_environment_are_judged_by() -> None:
    strict = Settings.from_document({"thresholds": {"consumer-lag": {"warn": 1, "fail": 1}}})
    assert not run_checks(healthy().snapshot(), cases(HERE, run="daily"))
    assert list(run_checks(healthy().snapshot(), cases(HERE, strict, "daily"))) == ["test_key_metric[consumer-lag]"]


@pytest.mark.parametrize("name", RECORDED)
def test_a_recording_is_judged_as_the_daily_run_judges_it(name: str) -> None:
    snapshot = recorded(name)
    results = run_checks(snapshot, cases(snapshot.pipeline, run="daily")).values()
    red, inconclusive = outcomes_of(snapshot)
    assert sorted(one.id for one in results if one.failed) == sorted(red)
    assert sorted(one.id for one in results if not one.failed) == sorted(inconclusive)


def test_the_id_of_a_case_may_hold_a_place_for_a_name_of_the_pipeline() -> None:
    written = checks.SERVICE_HAS_ENDPOINT.of("{service:kafka}")
    assert str(written.filled(HERE)) == "test_service_has_endpoint[kafka-service]"
    assert case_of(written.filled(HERE), HERE).component == "kafka"
    assert checks.KAFKA_TOPIC.of("{dead_letter_topic}").filled(HERE).parameters == (HERE.topics.dead_letters,)
    assert checks.NODES_READY.filled(HERE) is checks.NODES_READY
