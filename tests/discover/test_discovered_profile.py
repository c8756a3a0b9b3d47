"""What a discovered profile is worth: a healthy pipeline is green by it, and what breaks later is a finding."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from pipeline_services.checklist.checks import cases
from pipeline_services.checklist.run import run_checks
from pipeline_services.discover.facts import How
from pipeline_services.discover.profile import discovered
from pipeline_services.model.paths import PIPELINES
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot
from tests.discover.namespaces import foreign, recording
from tests.discover.test_profile import PLAIN, remark
from tests.judgements.world import healthy
from tests.other_pipeline import other_pipeline

PIPELINES_OF_ALL_SHAPES = (*map(Pipeline.load, sorted(PIPELINES.glob("*.toml"))), other_pipeline())
HEALTHY = {
    "the recording": recording("healthy"),
    **{one.name: healthy(pipeline=one).snapshot() for one in PIPELINES_OF_ALL_SHAPES},
}


@pytest.mark.parametrize("name", HEALTHY)
def test_by_its_discovered_profile_a_healthy_pipeline_is_green(name: str) -> None:
    found = Pipeline.from_document(discovered(HEALTHY[name]).facts.document())
    assert run_checks(replace(HEALTHY[name], pipeline=found), cases(found, run="daily")) == {}


@pytest.mark.parametrize("component", ["kafka", "processor", "producer"])
def test_by_its_discovered_profile_what_breaks_later_is_a_finding(component: str) -> None:
    plain = Pipeline.load(PLAIN)
    found = Pipeline.from_document(discovered(healthy(pipeline=plain).snapshot()).facts.document())
    world = healthy(pipeline=plain)
    world.drop(plain[component].list_name, lambda item: item["metadata"]["name"] == plain[component].workload)
    world.drop_pods(component)
    wrong = run_checks(replace(world.snapshot(), pipeline=found), cases(found, run="daily"))
    assert f"test_pods_ready[{component}]" in wrong


def test_a_second_workload_of_a_role_is_a_component_of_its_own_and_a_part_of_the_first() -> None:
    seen = foreign()
    again = copy.deepcopy(next(one for one in seen.answers["deployments"] if one["metadata"]["name"] == "keeper"))
    again["metadata"]["name"] = "keeper-two"
    again["spec"]["selector"]["matchLabels"] = again["spec"]["template"]["metadata"]["labels"] = {"app": "keeper-two"}
    both = replace(seen, answers={**seen.answers, "deployments": [*seen.answers["deployments"], again]})
    found = discovered(both)
    pipeline = Pipeline.from_document(found.facts.document())
    assert [part.workload for part in pipeline.parts_of("processor")] == ["keeper", "keeper-two"]
    assert "keeper-two" in pipeline.data_path
    assert [one.name for one in found.unclaimed] == ["billing"]
    assert remark(found, "components.keeper-two.part_of").startswith("guessed: it plays that role, too")


def flows_of(snapshot: Snapshot) -> dict[str, str]:
    """The flows that are guessed, each with why."""
    facts = [one for one in discovered(snapshot).facts if one.table[:1] == ("flows",)]
    found: dict[str, str] = {}
    for table in dict.fromkeys(one.table for one in facts):
        said = {one.key: one for one in facts if one.table == table}
        if said["source"].how is How.GUESSED:
            found["{source} {destination} {port}".format(**{key: one.value for key, one in said.items()})] = said[
                "port"
            ].by
    return found


def test_a_connection_that_only_policies_know_of_is_guessed() -> None:
    seen = healthy(pipeline=Pipeline.load(PLAIN)).snapshot()
    why = "NetworkPolicy prometheus and processor allows it; no client is known to use it"
    assert flows_of(seen)["prometheus processor 8000"] == why
    unread = {source: answer for source, answer in seen.answers.items() if source != "networkpolicies"}
    for answers in ({**seen.answers, "networkpolicies": []}, unread):
        assert "prometheus processor 8000" not in flows_of(replace(seen, answers=answers))
