"""The roll-out: what is found of a good and of a bad one, and that the baseline is put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from pipeline_services.audit.audit import AuditReport
from pipeline_services.audit.ledger import Discrepancy, LedgerVerdict
from pipeline_services.faults.injection import IDENTITY
from pipeline_services.faults.journal import Journal
from pipeline_services.measure.samples import Samples, StoredSample
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import WaitExpired
from pipeline_services.release import rollout
from pipeline_services.release.rollout import Rolled, RollOut, judged_gap
from tests.faults.test_library import Server

PIPELINE = Pipeline.load()
OLD, NEW = "localhost/conveyor/apps:1", "localhost/conveyor/apps:candidate-1"
LOST = LedgerVerdict(acknowledged=500, stored=499, lost=[Discrepancy("p", "d", 3)])
WHOLE = LedgerVerdict(acknowledged=500, stored=500)


def deployment(app: str) -> dict[str, Any]:
    pod = {"spec": {"containers": [{"name": app, "image": OLD}]}}
    status = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    return {
        "kind": "Deployment",
        "metadata": {"generation": 1, "annotations": {}},
        "spec": {"replicas": 1, "template": pod},
        "status": status,
    }


class Cluster(Server):
    """Deployments whose pods follow their template at once, unless the candidate is never ready or is restarted."""

    def __init__(self) -> None:
        paths = {app: KINDS["Deployment"].path(PIPELINE.namespace, app) for app in rollout.APPS}
        super().__init__(objects={IDENTITY: {"metadata": {"uid": "u"}}, **{p: deployment(a) for a, p in paths.items()}})
        self.paths = paths
        self.restarts = 0
        self.ready = True

    def image(self, app: str) -> str:
        return str(self.objects[self.paths[app]]["spec"]["template"]["spec"]["containers"][0]["image"])

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        answer = super().call(method, path, body, content_type)
        for app, place in self.paths.items():
            count = int(self.ready or self.image(app) != NEW)
            self.objects[place]["status"].update(readyReplicas=count, availableReplicas=count)
        return answer

    def list(self, _kind: str) -> list[Any]:
        return [self._pod(app) for app in self.paths]

    def _pod(self, app: str) -> dict[str, Any]:
        image = self.image(app)
        status = {"name": app, "restartCount": self.restarts if image == NEW else 0}
        return {
            "metadata": {"name": f"{app}-0"},
            "spec": {"containers": [{"name": app, "image": image}]},
            "status": {"containerStatuses": [status]},
        }


class World:
    """The cluster, the audit's report and the samples of the store."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cluster, self.journal = Cluster(), Journal(folder / "journal")
        self.report: AuditReport | None = AuditReport(WHOLE, WHOLE)
        world = self

        class Audit:
            @classmethod
            @contextmanager
            def running(cls, _probes: Any) -> Iterator[Audit]:
                yield cls()

            def reconcile(self) -> AuditReport:
                if world.report is None:
                    raise WaitExpired("waited 60 s for the group to consume all that was sent in vain", None)
                return world.report

        class Sampler:
            samples = Samples()

            def __init__(self, _probes: Any) -> None: ...

            def __enter__(self) -> Sampler:
                return self

            def __exit__(self, *_error: object) -> None: ...

        class Probes:
            pipeline = PIPELINE

        monkeypatch.setattr(rollout, "Audit", Audit)
        monkeypatch.setattr(rollout, "PipelineSampler", Sampler)
        monkeypatch.setattr(rollout, "ROLLED_OUT_WITHIN_S", 0.3)
        monkeypatch.setattr(rollout, "WATCHED_S", 0.01)
        monkeypatch.setattr(rollout, "SETTLED_S", 0.01)
        self.roll_out = RollOut(cast(Any, self.cluster), self.journal, cast(Any, Probes()), NEW)

    def played(self) -> dict[str, tuple[bool | None, str]]:
        rolled = Rolled()
        self.roll_out.play(rolled)
        assert {self.cluster.image(app) for app in rollout.APPS} == {OLD}
        assert self.journal.entries() == []
        return {one.id: (one.holds, one.seen) for one in rolled.facts}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_a_good_candidate_is_rolled_out_and_back(world: World) -> None:
    found = world.played()
    gap = found.pop("rollout-gap")
    assert gap == (None, "no new reading was seen in the store")
    assert {name: holds for name, (holds, _) in found.items()} == dict.fromkeys(
        ("rollout-ready", "rollout-restarts", "rollout-ledger", "rollback"), True
    )


def test_a_candidate_that_is_never_ready_is_told_and_rolled_back(world: World) -> None:
    world.cluster.ready = False
    found = world.played()
    assert found["rollout-ready"][0] is False
    assert "rollout-restarts" not in found
    assert found["rollback"][0] is True


def test_a_restart_under_load_is_told(world: World) -> None:
    world.cluster.restarts = 2
    assert world.played()["rollout-restarts"] == (False, "processor-0 2 times; producer-0 2 times")


def test_a_loss_is_told(world: World) -> None:
    world.report = AuditReport(LOST, WHOLE)
    found = world.played()
    assert found["rollout-ledger"][0] is False
    assert found["rollback"] == (False, "999 readings read back, 1 lost")


def test_readings_that_the_baseline_does_not_get_through_are_told(world: World) -> None:
    world.report = None
    assert world.played()["rollout-ledger"][0] is False


@pytest.mark.parametrize(("wrong", "holds"), [([], True), (["kafka-process-killed: lost"], False)])
def test_failures_are_played_on_the_candidate(world: World, wrong: list[str], holds: bool) -> None:
    seen: list[str] = []

    def scenarios() -> list[str]:
        seen.extend(world.cluster.image(app) for app in rollout.APPS)
        return wrong

    rolled = Rolled()
    world.roll_out.with_candidate(rolled, scenarios)
    assert seen == [NEW, NEW]
    assert {world.cluster.image(app) for app in rollout.APPS} == {OLD}
    assert [one.holds for one in rolled.facts] == [holds]


def samples(*times: float) -> Samples:
    return Samples(stored=[StoredSample(at, at, newest={"audit-1": at}) for at in times])


@pytest.mark.parametrize(
    ("times", "holds", "seen"),
    [
        ((1.0, 2.0, 9.0), True, "the longest gap was 7.0 s, 2 s after load began; the limit is 8 s"),
        ((1.0, 9.5), False, "the longest gap was 8.5 s"),
        ((9.5,), False, "the longest gap was 9.5 s, 0 s after"),
        ((0.5,), False, "the longest gap was 9.5 s, 0 s after"),
        ((), None, "no new reading"),
        ((11.0,), None, "no new reading"),
    ],
)
def test_the_longest_gap_counts_from_end_to_end(times: tuple[float, ...], holds: bool | None, seen: str) -> None:
    found = judged_gap(samples(*times), 0.0, 10.0, 8.0)
    assert found[0] is holds
    assert found[1].startswith(seen)
