"""Every case passes on the healthy pipeline, fails on each known-bad one, and never passes without data."""

from __future__ import annotations

import ast
import functools
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

import pipeline_services.judgements
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError, ServiceUnreachable
from pipeline_services.snapshot.snapshot import Snapshot
from tests.each import each
from tests.judgements.daily_cases import Case, daily_cases, practice_cases, review_cases
from tests.judgements.known_bad.daily import KNOWN_BAD
from tests.judgements.known_bad.practice import KNOWN_BAD_PRACTICE
from tests.judgements.known_bad.reviews import KNOWN_BAD_REVIEWS
from tests.judgements.world import World, healthy, practised, reviewed

CASES = daily_cases()
REVIEWS = review_cases()
PRACTICE = practice_cases()
ALL = (*CASES, *REVIEWS, *PRACTICE)
WORLDS: dict[Case, Callable[[], World]] = {
    **dict.fromkeys(CASES, healthy),
    **dict.fromkeys(REVIEWS, reviewed),
    **dict.fromkeys(PRACTICE, practised),
}
FOLDER = Path(pipeline_services.judgements.__path__[0])
ONLY_ASKS = {"test_loki_answers_error_search"}
"""Cases that ask whether there is an answer: without one they are inconclusive, and they cannot fail."""


ANSWERED_BY = {
    "kafka_": roles.KAFKA,
    "influxdb_": roles.INFLUXDB,
    "loki/": roles.LOKI,
    "grafana": roles.GRAFANA,
    "prometheus": roles.PROMETHEUS,
}
"""How the sources begin that a component is asked for."""
OLD_IS_KNOWN = {
    "test_data_clock",
    *(f"test_key_metric[{name}]" for name in ("consumer-lag", "consumer-lag-growth", "stored-reading-age")),
}
"""Cases that judge when readings were stored, and how far the group is: answers that are there are true then, too."""


def world_of(case: Case) -> World:
    """A healthy pipeline as the collector sees it for this case."""
    return WORLDS[case]()


def known_bad(case: Case) -> tuple[Callable[..., None], ...]:
    return (KNOWN_BAD | KNOWN_BAD_REVIEWS | KNOWN_BAD_PRACTICE).get(case.name, ())


Broken = tuple[Case, int]
"""A case, and the number of one of its known-bad examples."""


def by_check(cases: Iterable[Case]) -> dict[str, dict[str, Case]]:
    """The cases by their ids, by the name of their check."""
    found: dict[str, dict[str, Case]] = {}
    for case in cases:
        found.setdefault(case.name, {})[case.id] = case
    return found


def broken(cases: Iterable[Case]) -> dict[str, dict[str, Broken]]:
    """What is known to be bad for the cases, by the name of their check."""
    found: dict[str, dict[str, Broken]] = {}
    for case in cases:
        for number in range(len(known_bad(case))):
            found.setdefault(case.name, {})[f"{case.id}-{number}"] = case, number
    return found


BY_CHECK, BROKEN = by_check(ALL), broken(ALL)


class Verdict(NamedTuple):
    """What a case says of a known-bad world, and the file and line that say it: no traceback, which holds the world."""

    text: str
    file: str
    line: int


@functools.cache
def verdict(case: Case, number: int) -> Verdict | None:
    """What the case says of its known-bad world of that number."""
    world = world_of(case)
    known_bad(case)[number](world, *case.arguments.values())
    try:
        case.judge(world.snapshot())
    except Deviation as deviation:
        raised = traceback.extract_tb(deviation.__traceback__, limit=-1)[0]
        return Verdict(str(deviation), Path(raised.filename).name, raised.lineno or 0)
    return None


def test_every_case_has_a_known_bad_example() -> None:
    assert {case.name for case in CASES} == set(KNOWN_BAD)
    assert {case.name for case in REVIEWS} == {name for name, examples in KNOWN_BAD_REVIEWS.items() if examples}
    assert {case.name for case in PRACTICE} == set(KNOWN_BAD_PRACTICE)
    assert {name for name, examples in KNOWN_BAD.items() if not examples} == ONLY_ASKS


def test_function_names_are_unique_and_ids_are_stable() -> None:
    ids = [case.id for case in ALL]
    assert len(set(ids)) == len(ids)
    assert not [case_id for case_id in ids if " " in case_id or "/" in case_id]


@pytest.mark.parametrize("made", [healthy, reviewed, practised])
def test_a_healthy_pipeline_passes(made: Callable[[], World]) -> None:
    snapshot = made().snapshot()
    each({case.id: case for case in ALL if WORLDS[case] is made}, lambda case: case.judge(snapshot))


@pytest.mark.parametrize("check", BROKEN)
def test_a_known_bad_pipeline_fails_with_the_five_lines(check: str) -> None:
    each(BROKEN[check], has_five_lines)


def has_five_lines(one: Broken) -> None:
    said = verdict(*one)
    assert said is not None, "it passed"
    first, *others = said.text.splitlines()
    assert "; expected " in first
    assert [line.partition(":")[0] for line in others] == ["impact", "next", "runbook", "escalate to"]
    assert "{" not in others[1].replace("{.data.tls\\.crt}", "").replace("{.data.token}", "")


@pytest.mark.parametrize("check", BY_CHECK)
def test_without_any_source_it_reads_a_case_is_inconclusive(check: str) -> None:
    each(BY_CHECK[check], is_inconclusive_without_a_source)


def is_inconclusive_without_a_source(case: Case) -> None:
    whole = world_of(case)
    for source in sources_of(case, whole):
        world = replace(whole, answers=dict(whole.answers), failures={})
        world.fail(source, ServiceUnreachable("nobody answers"))
        with pytest.raises(PipelineError):
            case.judge(world.snapshot())


def test_what_a_component_answers_while_no_pod_of_it_is_ready_is_not_judged() -> None:
    asked = {
        f"{case.id} asks {role}": (case, role)
        for case in CASES
        if str(case.id) not in OLD_IS_KNOWN
        for prefix, role in ANSWERED_BY.items()
        if any(source.startswith(prefix) for source in sources_of(case, world_of(case)))
    }
    assert {role for _, role in asked.values()} == {*ANSWERED_BY.values()}
    each(asked, is_inconclusive_while_it_is_not_ready)


def is_inconclusive_while_it_is_not_ready(asked: tuple[Case, str]) -> None:
    case, role = asked
    world = world_of(case)
    for part in world.pipeline.parts_of(role):
        for pod in world.pods(part.id):
            pod["status"]["conditions"][1] |= {"status": "False"}
    with pytest.raises(PipelineError):
        case.judge(world.snapshot())


def sources_of(case: Case, world: World) -> set[str]:
    """What the case reads of a healthy pipeline."""
    read: set[str] = set()

    class Watched(Snapshot):
        def data(self, source: str) -> object:
            read.add(source)
            return Snapshot.data(self, source)

    snapshot = world.snapshot()
    case.judge(Watched(snapshot.taken_at, snapshot.context, snapshot.namespace, snapshot.answers))
    return read


def test_every_way_to_fail_has_an_example() -> None:
    """Each ``raise Deviation`` of the judgements is reached by a known-bad example."""
    raises = {
        (path.name, node.lineno, node.end_lineno or node.lineno)
        for path in FOLDER.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Raise) and "Deviation" in ast.unparse(node)
    }
    said = [verdict(case, number) for case in ALL for number in range(len(known_bad(case)))]
    reached = {(one.file, one.line) for one in said if one}
    missed = [
        f"{name}:{first}"
        for name, first, last in sorted(raises)
        if not any(name == file and first <= line <= last for file, line in reached)
    ]
    assert not missed
