"""The scenarios cover the runbook and all components, expect only what there is, and can be told apart."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from chaos.fault_builders import network
from chaos.scenarios import MATRIX, RECOVERY, RESILIENCE
from pipeline_services.checklist.checks import cases
from pipeline_services.experiment.connectivity import Connectivity
from pipeline_services.experiment.scenario import Heals, Scenario, by_id, finding
from pipeline_services.faults.model import Fault, Proof
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.flows import Attempt, attempts
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage.subjects import CAUSES
from pipeline_services.triage.walk.escalations import CONDITIONS, Condition
from tests.each import each
from tests.runs import run

PIPELINE = Pipeline.load()
CASES = {str(case.id) for case in cases(PIPELINE, run="daily")}
COMPONENTS = set(PIPELINE.reported)
FAILURES = {
    "producer-pod-failure": "producer",
    "processor-pod-failure": "processor",
    "kafka-statefulset-failure": "kafka",
    "influxdb-statefulset-failure": "influxdb",
}


@pytest.mark.parametrize(("section", "component"), FAILURES.items())
def test_a_failure_scenario_measures_its_own_component(section: str, component: str) -> None:
    played = {one.id: one.plan for one in RECOVERY.values() if one.plan.section == section}
    assert {plan.component for plan in played.values()} == {component}
    assert {f"{component}-pod-deleted", f"{component}-process-killed"} <= set(played)


def test_faults_of_the_producer_are_judged_by_its_own_readings() -> None:
    assert not any(one.plan.audited for one in RECOVERY.values() if one.plan.section == "producer-pod-failure")


def test_every_scenario_has_a_check_that_should_detect_it() -> None:
    assert [one.id for one in RECOVERY.values() if not one.plan.symptoms] == ["producer-scaled-by-hand"]


def test_a_fault_that_only_an_undo_heals_has_a_check_that_fails() -> None:
    """Not knowing is what any restart looks like."""
    for one in RECOVERY.values():
        if one.plan.heals is Heals.BY_UNDO:
            assert all(
                symptom.must_fail or "test_network" in symptom.id or "lead_to" in symptom.id
                for symptom in one.plan.symptoms
            )


def test_what_restarts_a_container_in_its_pod_says_so() -> None:
    marked = {one.id for one in RECOVERY.values() if one.plan.restarts_in_place}
    signs = ("process-killed", "hung", "killed-before-commit", "out-of-memory")
    assert marked == {name for name in RECOVERY if name.endswith(signs)}


def test_a_crash_loop_is_detected_by_every_sign_that_the_runbook_names() -> None:
    symptoms = RECOVERY["producer-crash-loop"].plan.symptoms
    assert {symptom.id for symptom in symptoms} == {
        "test_pods_ready[producer]",
        "test_key_metric[producer-rate]",
        "test_key_metric[pod-restarts-producer]",
    }
    assert symptoms[-1].says == "escalate to: L2 - DevOps Engineer"


def test_only_what_stays_until_it_is_undone_has_a_diagnosis_and_one_at_most() -> None:
    """What heals by itself is left to recover: the snapshot for triage would hold it up."""
    assert all(len(one.findings) <= (one.plan.heals is Heals.BY_UNDO) for one in RECOVERY.values())


def test_what_is_played_in_full_keeps_to_the_runbooks_limits_and_is_seen_by_checks_that_there_are() -> None:
    each(RECOVERY, keeps_to_limits_and_is_seen)


def keeps_to_limits_and_is_seen(scenario: Scenario) -> None:
    assert scenario.plan.limit_s is None
    plan = scenario.filled(PIPELINE).plan
    assert plan.within_s == {"producer": 30, "processor": 30, "kafka": 60, "influxdb": 60}[plan.component]
    assert {symptom.id for symptom in plan.symptoms} <= CASES
    assert scenario.components <= COMPONENTS


def test_a_recovery_limit_is_known_on_a_pipeline_only() -> None:
    with pytest.raises(PreconditionNotMet, match="known on a pipeline only"):
        _ = RECOVERY["kafka-pod-deleted"].plan.within_s
    grafana = replace(RECOVERY["kafka-pod-deleted"].plan, component="grafana")
    with pytest.raises(PreconditionNotMet, match="gives grafana no recovery limit"):
        grafana.filled(PIPELINE)


def test_the_resilience_test_is_section_sevens() -> None:
    assert RESILIENCE == ("producer-pod-deleted", "processor-pod-deleted", "kafka-pod-deleted")
    assert set(RESILIENCE) <= set(RECOVERY)


def test_load_is_played_after_all_scenarios() -> None:
    """The pods that the autoscalers add stay for minutes."""
    lines = run("pytest", "-m", "chaos and not mitigation", "--collect-only", "-q").stdout.splitlines()
    files = [line.partition("::")[0] for line in lines if "::" in line]
    assert "chaos/test_scenarios.py" in files
    assert files.index("chaos/test_resources.py") == len(files) - files.count("chaos/test_resources.py")


def test_a_scenario_without_a_recovery_plan_is_not_played_in_full() -> None:
    with pytest.raises(PreconditionNotMet, match="node-cordoned has no recovery plan"):
        _ = MATRIX["node-cordoned"].plan


def test_there_are_enough_rows_over_all_components() -> None:
    assert len(MATRIX) >= 45
    assert {component for row in MATRIX.values() for component in row.components} == COMPONENTS


def test_some_rows_are_several_faults_at_once() -> None:
    pairs = [row for row in MATRIX.values() if len(row.findings) > 1]
    assert len(pairs) >= 4
    assert all(len(row.components) == len(row.findings) for row in pairs)


def test_the_sample_is_small_and_over_all_components() -> None:
    sample = [row for row in MATRIX.values() if row.sample]
    assert len(sample) <= 14
    assert {component for row in sample for component in row.components} == COMPONENTS


def test_a_row_expects_what_there_is() -> None:
    each(MATRIX, expects_what_there_is)


def expects_what_there_is(row: Scenario) -> None:
    assert set(map(str, row.filled(PIPELINE).must_fail)) <= CASES
    assert row.further_causes <= set(CAUSES)
    assert row.may_blame <= COMPONENTS - row.components
    assert any(map(row.must_not_blame, COMPONENTS)), "a row that lets everybody be blamed judges nothing"


def test_an_expected_finding_has_the_level_of_its_cause() -> None:
    assert finding("network", "policy-blocks").level == "L3"
    with pytest.raises(ValueError, match="no such causes: typo"):
        finding("network", "typo")
    with pytest.raises(ValueError, match="none is named"):
        finding("network")
    with pytest.raises(ValueError, match="have the levels L2, L3"):
        finding("network", "policy-blocks", "scaled-to-zero")


def test_two_scenarios_of_one_id_are_refused() -> None:
    row = next(iter(MATRIX.values()))
    with pytest.raises(ValueError, match="same id"):
        by_id(row, row)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: f"{one.scenario}: {one.when}")
def test_every_condition_of_escalation_is_met_by_a_fault(condition: Condition) -> None:
    named = [expected for one in (*RECOVERY.values(), *MATRIX.values()) for expected in one.findings]
    met = [one for one in named if one.causes & condition.causes]
    assert [one for one in met if not condition.components or one.component in condition.components]


def test_a_cut_lands_only_while_what_it_must_not_touch_connects() -> None:
    class Tried:
        open = frozenset({"processor-to-kafka"})
        attempts = attempts(PIPELINE)

        def attempt(self, flow_id: str) -> Attempt:
            return self.attempts[flow_id]

        def connects(self, flow: Attempt) -> bool:
            return flow.id in self.open

    tried = Tried()
    cut = Fault("a cut", [], landed=Proof("no connection", lambda: True, within=7.0))
    landed = network.while_connected(cut, cast("Connectivity", tried), "processor-to-kafka").landed
    assert landed is not None
    assert landed.holds()
    assert (landed.what, landed.within) == ("no connection, and processor-to-kafka still to connect", 7.0)
    tried.open = frozenset()
    assert not landed.holds()


def test_a_fault_without_a_proof_cannot_be_controlled() -> None:
    with pytest.raises(ValueError, match="cannot be controlled: a cut"):
        network.while_connected(Fault("a cut", []), cast("Connectivity", None), "processor-to-kafka")


def test_the_flows_that_readings_take_are_tried() -> None:
    for flow in PIPELINE.flows:
        if flow.carries_readings:
            tried = attempts(PIPELINE)[f"{flow.source}-to-{flow.destination}"]
            assert (tried.port, tried.allowed) == (flow.port, True)
