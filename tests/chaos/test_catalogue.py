"""The catalogue covers the runbook's scenarios, and its cases can be told apart."""

from __future__ import annotations

from typing import cast

import pytest

from chaos import catalogue
from chaos.faults import network
from pipeline_services.experiment.scenario import Heals
from pipeline_services.faults.model import Fault, Proof
from pipeline_services.judgements import networks
from pipeline_services.measure.connectivity import FLOWS, Connectivity, Flow
from pipeline_services.triage.causes import CAUSES

SCENARIOS = {
    "producer": catalogue.PRODUCER,
    "processor": catalogue.PROCESSOR,
    "kafka": catalogue.KAFKA,
    "influxdb": catalogue.INFLUXDB,
}


def test_each_case_is_known_by_its_id() -> None:
    assert all(case_id == case.id for case_id, case in catalogue.EVERY.items())
    assert len(catalogue.EVERY) == sum(map(len, (*SCENARIOS.values(), catalogue.NETWORK, catalogue.RESOURCES)))


def test_each_scenario_measures_its_own_component() -> None:
    for component, cases in SCENARIOS.items():
        assert {case.component for case in cases.values()} == {component}
        assert f"{component}-pod-deleted" in cases
        assert f"{component}-process-killed" in cases


def test_faults_of_the_producer_are_judged_by_its_own_readings() -> None:
    assert not any(case.audit for case in catalogue.PRODUCER.values())


def test_every_case_has_a_check_that_should_see_it() -> None:
    assert [case_id for case_id, case in catalogue.ALL.items() if not case.symptoms] == ["producer-scaled-by-hand"]


def test_a_fault_that_only_an_undo_heals_has_a_check_that_fails() -> None:
    """Not knowing is what any restart looks like."""
    for case in catalogue.ALL.values():
        if case.heals is Heals.BY_UNDO:
            assert all(
                symptom.red or "test_network" in symptom.id or "lead_to" in symptom.id for symptom in case.symptoms
            )


def test_what_restarts_a_container_in_its_pod_says_so() -> None:
    marked = {case_id for case_id, case in catalogue.ALL.items() if case.in_place}
    signs = ("process-killed", "hung", "killed-before-commit", "out-of-memory")
    assert marked == {case_id for case_id in catalogue.ALL if case_id.endswith(signs)}


def test_a_crash_loop_is_seen_by_every_sign_that_the_runbook_names() -> None:
    (case,) = catalogue.CRASH_LOOP.values()
    assert {symptom.id for symptom in case.symptoms} == {
        "test_pods_ready[producer]",
        "test_key_metric[producer-rate]",
        "test_key_metric[pod-restarts-producer]",
    }
    assert case.symptoms[-1].says == "escalate to: L2 - DevOps Engineer"


def test_what_an_expected_diagnosis_names_exists() -> None:
    for case in catalogue.ALL.values():
        if case.diagnosis is not None:
            assert case.diagnosis.causes <= CAUSES.keys()
            assert case.diagnosis.level in {cause.escalation.name for cause in CAUSES.values()}


def test_a_cut_lands_only_while_what_it_must_not_touch_connects() -> None:
    class Tried:
        open = frozenset({"processor-to-kafka"})

        def connects(self, flow: Flow) -> bool:
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


def test_what_heals_by_itself_keeps_to_the_runbooks_limits() -> None:
    for case in catalogue.EVERY.values():
        if case.heals is Heals.BY_ITSELF:
            assert case.limit is None


def test_the_flows_that_are_tried_are_those_that_the_checks_want() -> None:
    wanted = {(flow.source, flow.target) for flow in networks.FLOWS.values()}
    allowed = {(flow.source, flow.destination) for flow in FLOWS.values() if flow.allowed}
    assert wanted <= allowed
    assert all(FLOWS[f"{source}-to-{target}"].port for source, target in wanted)


def test_the_resilience_test_is_section_sevens() -> None:
    assert catalogue.RESILIENCE == ("producer-pod-deleted", "processor-pod-deleted", "kafka-pod-deleted")
