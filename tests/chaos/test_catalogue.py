"""The catalogue covers the runbook's scenarios, and its cases can be told apart."""

from __future__ import annotations

from chaos import catalogue
from pipeline_services.connectivity import FLOWS
from pipeline_services.judgements import networks
from pipeline_services.scenario import Heals

SCENARIOS = {
    "producer": catalogue.PRODUCER,
    "processor": catalogue.PROCESSOR,
    "kafka": catalogue.KAFKA,
    "influxdb": catalogue.INFLUXDB,
}


def test_each_case_is_known_by_its_id() -> None:
    assert all(case_id == case.id for case_id, case in catalogue.EVERY.items())
    assert len(catalogue.EVERY) == sum(map(len, SCENARIOS.values())) + len(catalogue.NETWORK)


def test_each_scenario_measures_its_own_component() -> None:
    for component, cases in SCENARIOS.items():
        assert {case.component for case in cases.values()} == {component}
        assert f"{component}-pod-deleted" in cases
        assert f"{component}-process-killed" in cases


def test_faults_of_the_producer_are_judged_by_its_own_readings() -> None:
    assert not any(case.audit for case in catalogue.PRODUCER.values())


def test_every_case_has_a_check_that_should_see_it() -> None:
    everything = {**catalogue.EVERY, **catalogue.RESOURCES, **catalogue.STORAGE}
    assert [case_id for case_id, case in everything.items() if not case.symptoms] == ["producer-scaled-by-hand"]


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
