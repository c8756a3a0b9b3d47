"""The catalogue of scenarios is played on a pipeline in which everything has another name."""

from __future__ import annotations

from typing import Any

from chaos.scenarios import MATRIX, RECOVERY
from pipeline_services.checklist.checks import cases
from pipeline_services.clients.manifests import rendered
from pipeline_services.experiment.scenario import Scenario
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from tests.chaos.stand_in import StandIn
from tests.each import each
from tests.other_pipeline import other_pipeline
from tests.test_names import NAMED

OWN, OTHER = Pipeline.load(), other_pipeline()
CASES = {str(case.id) for case in cases(OTHER, run="daily")}
SCENARIOS = {**{f"recovery-{name}": one for name, one in RECOVERY.items()}, **MATRIX}
SERVICES = dict(zip(OWN.services, OTHER.services, strict=True))


def renamed(text: str) -> str:
    """A text of the suite's own manifests with the names of the other pipeline."""
    known = {**SERVICES, OWN.dashboard.uid: OTHER.dashboard.uid}
    return NAMED.sub(lambda name: known.get(name[0], "other"), text)


def files() -> dict[str, str]:
    """Every file of a ConfigMap in the manifests, as the other pipeline has it."""
    maps = [item["data"] for item in rendered(REPOSITORY / OWN.manifests) if item["kind"] == "ConfigMap"]
    return {renamed(file): renamed(text) for data in maps for file, text in data.items()}


FILES = files()


def test_a_fault_of_a_pipeline_with_other_names_names_nothing_of_the_suites_own() -> None:
    each(SCENARIOS, names_nothing_of_the_suites_own)


def names_nothing_of_the_suites_own(one: Scenario) -> None:
    scenario = one.filled(OTHER)
    pipeline: Any = StandIn(OTHER, FILES)
    fault = scenario.fault(pipeline)
    told = [fault.summary, *map(repr, (*fault.inject, *fault.follow_up, *fault.undo)), *fault.pods]
    told += [proof.what for proof in (fault.landed, fault.gone) if proof]
    assert NAMED.findall("\n".join(told)) == []
    assert {str(check) for check in scenario.must_fail} <= CASES
    if scenario.recovery:
        assert {symptom.id for symptom in scenario.recovery.symptoms} <= CASES


def test_the_other_pipeline_has_none_of_these_names() -> None:
    assert OTHER.services.keys().isdisjoint(OWN.services)
    assert NAMED.findall(" ".join((*OTHER.services, *OTHER.autoscalers, *OTHER.config.secrets, OTHER.namespace))) == []
