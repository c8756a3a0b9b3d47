"""Fifty looks of triage while nothing is wrong, more than half of them in the middle of a legitimate change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest

from chaos.scaling import LOAD
from pipeline_services import faults, names
from pipeline_services.faults.model import Fault, with_pods_replaced
from pipeline_services.journal import Journal
from pipeline_services.platform.deploy_api import Api
from tests.acceptance.bench import Judge, becomes_green, triage

pytestmark = [pytest.mark.live, pytest.mark.slow]

Change = Callable[[Api, Journal], AbstractContextManager[object]]


def rollout(app: str) -> Change:
    """A rolling restart, and another one back. The processor's members leave and join their group meanwhile."""

    @contextmanager
    def going_on(admin: Api, journal: Journal) -> Iterator[None]:
        change = faults.with_restart(Fault(f"{app} restarted pod by pod", []), "deployments", app, names.NAMESPACE)
        with faults.injected(admin, journal, change):
            yield

    return going_on


@contextmanager
def scaling(admin: Api, journal: Journal) -> Iterator[None]:
    """Load that both autoscalers answer with more pods."""
    load = faults.config_value(admin, names.CONFIG_MAP, names.NAMESPACE, LOAD)
    with faults.injected(admin, journal, with_pods_replaced(load, names.PRODUCER, names.NAMESPACE)):
        yield


CHANGES: dict[str, tuple[Change, int]] = {
    "at-rest": (lambda _admin, _journal: nullcontext(), 20),
    "producer-rollout": (rollout(names.PRODUCER), 8),
    "processor-rollout-and-rebalance": (rollout(names.PROCESSOR), 8),
    "autoscaling": (scaling, 14),
}
"""What goes on, and how many looks are taken meanwhile, one right after the other."""


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_said_that_does_not_heal_itself(
    change: str, admin: Api, journal: Journal, judge: Judge, tmp_path: Path
) -> None:
    becomes_green(judge, "a green start")
    going_on, looks = CHANGES[change]
    with going_on(admin, journal):
        answers = [_look(tmp_path / str(number)) for number in range(looks)]
    said = [[f"{one['component']}: {one['cause']}: {one['summary']}" for one in answer] for answer in answers]
    print(f"{change}: {looks} looks, {sum(map(bool, said))} with something to watch: {said}")
    wrong = [one for answer in answers for one in answer if not one["self_healing"]]
    assert wrong == []
    becomes_green(judge, "green again afterwards")


def _look(reports: Path) -> list[dict[str, object]]:
    run = triage(reports=reports)
    assert run.exit_code in (0, 1), run.output
    answer: dict[str, list[dict[str, object]]] = json.loads((reports / "triage.json").read_text())
    assert answer["unanswered"] == [], run.output
    return answer["findings"]
