"""Fifty looks of triage while nothing is wrong, more than half of them in the middle of a legitimate change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Final

import pytest

from chaos.scaling import SCALE_UP_TIMEOUT_S, wanted_pods
from pipeline_services import faults
from pipeline_services.audit.producer import AuditProducer
from pipeline_services.clients.kubernetes import Cluster, WritableCluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.faults.journal import Journal
from pipeline_services.faults.model import Fault
from pipeline_services.model import roles
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until
from tests.acceptance.bench import Judge, Namespace, becomes_green, triage

pytestmark = [pytest.mark.live, pytest.mark.slow]

Change = Callable[[WritableCluster, Journal, Cluster], AbstractContextManager[object]]
PIPELINE: Final = Pipeline.load()
KAFKA: Final = Endpoint(
    PIPELINE.service(roles.KAFKA).name, PIPELINE[roles.KAFKA].first_pod, PIPELINE.service(roles.KAFKA).port
)
RATE: Final = 4500.0
"""Readings per second: once and a half the autoscaler's target for one processor, by what 1500 of them cost it."""


def rollout(app: str) -> Change:
    """A rolling restart, and another one back. The processor's members leave and join their group meanwhile."""

    @contextmanager
    def going_on(admin: WritableCluster, journal: Journal, _cluster: Cluster) -> Iterator[None]:
        change = faults.with_restart(Fault(f"{app} restarted pod by pod", []), "deployments", app, PIPELINE.namespace)
        with faults.injected(admin, journal, change):
            yield

    return going_on


@contextmanager
def scaling(_admin: WritableCluster, _journal: Journal, cluster: Cluster) -> Iterator[None]:
    """Readings from outside that make the processor's autoscaler ask for another pod, and not for all it may have."""
    with PortForward(cluster, KAFKA) as forward, AuditProducer(forward.port, PIPELINE.topics.readings, RATE):
        wait_until(
            lambda: wanted_pods(cluster, PIPELINE)[roles.PROCESSOR] > 1,
            within=SCALE_UP_TIMEOUT_S,
            what="another processor to be wanted",
            every=1.0,
        )
        yield


CHANGES: dict[str, tuple[Change, int]] = {
    "at-rest": (lambda *_: nullcontext(), 20),
    "producer-rollout": (rollout(roles.PRODUCER), 8),
    "processor-rollout-and-rebalance": (rollout(roles.PROCESSOR), 8),
    "autoscaling": (scaling, 14),
}
"""What goes on, and how many looks are taken meanwhile, one right after the other."""


@pytest.fixture(params=CHANGES)
def change(
    request: pytest.FixtureRequest, admin: WritableCluster, journal: Journal, namespace: Namespace
) -> tuple[AbstractContextManager[object], int]:
    going_on, looks = CHANGES[request.param]
    return going_on(admin, journal, namespace.cluster), looks


def test_nothing_is_said_that_does_not_heal_itself(
    change: tuple[AbstractContextManager[object], int], judge: Judge, tmp_path: Path
) -> None:
    becomes_green(judge, "a green start")
    going_on, looks = change
    with going_on:
        answers = [_look(tmp_path / str(number)) for number in range(looks)]
    said = [[f"{one['component']}: {one['cause']}: {one['summary']}" for one in answer] for answer in answers]
    print(f"{looks} looks, {sum(map(bool, said))} with something to watch: {said}")
    wrong = [one for answer in answers for one in answer if not one["self_healing"]]
    assert wrong == []
    becomes_green(judge, "green again afterwards")


def _look(reports: Path) -> list[dict[str, object]]:
    run = triage(reports=reports)
    assert run.exit_code in (0, 1), run.output
    answer: dict[str, list[dict[str, object]]] = json.loads((reports / "triage.json").read_text())
    assert answer["unanswered"] == [], run.output
    return answer["findings"]
