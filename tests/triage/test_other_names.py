"""A pipeline in which everything has another name is judged by the description that says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from pipeline_services.checklist.checks import CHECKS, cases
from pipeline_services.checklist.model import Case
from pipeline_services.checklist.run import run_checks
from pipeline_services.model import roles
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.model import Diagnosis
from tests.each import each
from tests.judgements.faults import FAULTS, scale_to_0
from tests.judgements.known_bad.daily import KNOWN_BAD
from tests.judgements.world import World, healthy
from tests.other_pipeline import other_pipeline

Breakage = Callable[[World], object]
OWN, OTHER = Pipeline.load(), other_pipeline()


def chosen(pipeline: Pipeline) -> Iterator[str]:
    """Every name in a description that a person may choose."""
    parts = pipeline.workloads.values()
    yield from (pipeline.name, pipeline.namespace)
    for part in parts:
        yield from (part.workload, part.container, part.first_pod, part.label_selector, *part.selector, part.volume)
        yield from (part.headless, part.service.name if part.service else "")
        yield part.autoscaler.name if part.autoscaler else ""
    yield from (pipeline.topics.readings, pipeline.topics.dead_letters, pipeline.topics.group)
    yield from (pipeline.store.org, pipeline.store.bucket, pipeline.store.measurement)
    yield from (pipeline.config.config_map, *pipeline.config.secrets, *pipeline.metrics.values())
    yield from (pipeline.dashboard.title, pipeline.dashboard.uid, pipeline.dashboard.admin)


NAMES = {name for name in chosen(OWN) if name}
"""None of them may be told of the other pipeline."""


def own_names(text: str, *but: str) -> set[str]:
    """The names of the suite's own pipeline in a text, each as a whole word; programs and paths are no names."""
    plain = re.sub(r"/(var|etc)/\S+|kafka-[a-z-]+\.sh|app\.kubernetes\.io", "", text)
    there = {name for name in NAMES - {*but} if name in plain}
    return {name for name in there if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", plain)}


def broken(breakage: Breakage, pipeline: Pipeline) -> World:
    world = healthy(pipeline=pipeline)
    breakage(world)
    return world


def said(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    return [(one.component, one.cause.id) for one in diagnosis.findings]


Known = tuple[Case, int]


def known(pipeline: Pipeline) -> dict[str, dict[str, Known]]:
    """Each case with the numbers of its known-bad examples, by its check."""
    found: dict[str, dict[str, Known]] = {}
    for case in cases(pipeline, run="daily"):
        for number in range(len(KNOWN_BAD[case.check.id])):
            found.setdefault(case.check.id, {})[f"{case.id}-{number}"] = case, number
    return found


KNOWN = known(OTHER)
STOPPED = (*OWN.data_path, roles.PROMETHEUS, roles.GRAFANA, roles.LOKI)


def faults(pipeline: Pipeline) -> dict[str, Breakage]:
    """Faults by name: those of the acceptance, each workload at 0, and for each check what it finds first."""
    found: dict[str, Breakage] = {**FAULTS, **{f"{app}-at-0": partial(at_0, app) for app in STOPPED}}
    for check in CHECKS.values():
        case = next(check.cases(pipeline, Settings()))
        for breakage in KNOWN_BAD.get(check.id, ())[:1]:
            found[check.id] = partial(with_parameters, breakage, case)
    return found


def at_0(app: str, world: World) -> None:
    scale_to_0(world, app)


def with_parameters(breakage: Callable[..., None], case: Case, world: World) -> None:
    breakage(world, *case.id.parameters)


def test_everything_is_called_differently() -> None:
    assert not {name for name in chosen(OTHER) if name} & NAMES


def test_nothing_is_wrong_with_it() -> None:
    snapshot = healthy(pipeline=OTHER).snapshot()
    assert run_checks(snapshot, cases(OTHER, run="daily")) == {}
    assert diagnose(snapshot).healthy


def test_kafka_at_0_is_named_with_the_commands_of_this_pipeline() -> None:
    (found,) = diagnose(broken(partial(at_0, roles.KAFKA), OTHER).snapshot()).findings
    assert (found.component, found.cause.id, found.subject) == ("kafka", "scaled-to-zero", "statefulset/bus")
    assert found.next == ("kubectl --context kind-conveyor scale statefulset/bus -n works-7 --replicas=1",)
    assert found.undo == "kubectl --context kind-conveyor scale statefulset/bus -n works-7 --replicas=0"
    assert "no pod with app.kubernetes.io/name=bus,app.kubernetes.io/part-of=works" in found.evidence


@pytest.mark.parametrize("check", KNOWN)
def test_a_check_fails_in_this_pipelines_own_words(check: str) -> None:
    each(KNOWN[check], fails_in_its_own_words)


def fails_in_its_own_words(one: Known) -> None:
    case, number = one
    world = broken(partial(with_parameters, KNOWN_BAD[case.check.id][number], case), OTHER)
    with pytest.raises(AssertionError) as caught:
        case.judge(world.snapshot())
    told = str(caught.value)
    command = next(line for line in told.splitlines() if line.startswith("next: "))
    assert own_names(told, *OWN.components) == own_names(command) == set()


@pytest.mark.parametrize("fault", faults(OWN))
def test_a_fault_is_named_as_in_the_suites_own_pipeline(fault: str) -> None:
    own = diagnose(broken(faults(OWN)[fault], OWN).snapshot())
    other = diagnose(broken(faults(OTHER)[fault], OTHER).snapshot())
    assert said(other) == said(own)
    for found in other.findings:
        told = " ".join((found.summary, found.subject, *found.evidence, *found.against))
        commands = " ".join((*found.next, found.undo))
        assert own_names(told, *OWN.components) == own_names(commands) == set()
