"""A rotation under load: begun only where readings flow, judged at the end, and noted for the monthly review."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.faults.journal import Journal
from pipeline_services.maintenance.archive import Archives
from pipeline_services.maintenance.influxdb.server import InfluxServer
from pipeline_services.maintenance.rotation import run
from pipeline_services.maintenance.rotation.load import Carried, Gap
from pipeline_services.maintenance.rotation.run import RotationFailed, foresee
from pipeline_services.maintenance.rotation.tokens import rotation as tokens
from pipeline_services.maintenance.site import Site
from pipeline_services.model import roles
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.own_cluster import ROTATED
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import WaitExpired
from tests.maintenance.rotation.test_parts import carried
from tests.maintenance.rotation.world import OPERATOR, World

said: list[str] = []


class Claim:
    """The cluster, as far as a note is written to it."""

    context = "kind-test"

    def __init__(self) -> None:
        self.notes: dict[str, Any] = {}

    def merge(self, kind: str, name: str, patch: Any) -> None:
        assert (kind, name) == ("PersistentVolumeClaim", "data-influxdb-0")
        self.notes |= {key: json.loads(note) for key, note in patch["metadata"]["annotations"].items()}


@dataclass
class TwoSteps:
    """A rotation of which some steps are done."""

    done: int = 0
    wrong: list[str] = field(default_factory=list)
    what: str = "tokens"
    steps: Sequence[str] = ("make", "delete")

    def next_step(self) -> str | None:
        return self.steps[self.done] if 0 < self.done < len(self.steps) else None

    def explain(self, step: str) -> str:
        return f"to {step} it"

    def do(self, step: str) -> None:
        self.done += 1

    def foreseen(self) -> list[str]:
        return ["would restart one"]

    def findings(self) -> list[str]:
        return self.wrong


@dataclass
class FakeWriter:
    """What was carried, and whether anything flows at all."""

    what: Carried
    flows: bool = True
    marked: list[str] = field(default_factory=list)

    def mark(self, step: str) -> None:
        self.marked.append(step)

    def await_flow(self) -> None:
        if not self.flows:
            raise WaitExpired("waited 60 s for readings to be stored in vain", None)

    def carried(self) -> Carried:
        return self.what


@pytest.fixture
def site(tmp_path: Path) -> Site:
    said.clear()
    cluster: Any = Claim()
    nothing: Any = None
    folders = Journal(tmp_path / "j"), Archives(tmp_path / "a")
    return Site(cluster, Pipeline.load(), nothing, "", {}, *folders, said.append)


def play(site: Site, rotation: TwoSteps, writer: FakeWriter) -> dict[str, Any]:
    played: Any = writer
    run._play(site, rotation, played, roles.PROCESSOR)
    return notes(site)


def notes(site: Site) -> dict[str, Any]:
    cluster: Any = site.cluster
    return dict(cluster.notes)


def test_a_clean_one_is_told_and_noted(site: Site) -> None:
    writer = FakeWriter(carried())
    [(key, note)] = play(site, TwoSteps(), writer).items()
    assert key == f"{ROTATED}tokens"
    assert (note["gap_s"], note["lost"], note["findings"]) == (1.0, 0, [])
    assert writer.marked == ["make", "delete"]
    assert "proved: the tokens are rotated; 0 of 290 readings lost, longest gap 1.0 s (take up); took " in said[-1]


@pytest.mark.parametrize(
    ("what", "wrong", "told"),
    [
        (carried(lost=1), [], "lost 1"),
        (replace(carried(), gap=Gap(31.0, "take up")), [], "for 31.0 s nothing was stored"),
        (carried(), ["a pod has a token from before"], "a pod has a token from before"),
    ],
)
def test_what_is_not_right_fails_and_is_noted(site: Site, what: Carried, wrong: list[str], told: str) -> None:
    with pytest.raises(RotationFailed, match=told):
        play(site, TwoSteps(wrong=wrong), FakeWriter(what))
    assert told in notes(site)[f"{ROTATED}tokens"]["findings"][0]


def test_nothing_is_begun_where_nothing_is_stored(site: Site) -> None:
    rotation = TwoSteps()
    with pytest.raises(PreconditionNotMet, match="nothing was changed: waited 60 s") as caught:
        play(site, rotation, FakeWriter(carried(), flows=False))
    assert caught.value.next_step == "make daily"
    assert rotation.done == 0
    assert notes(site) == {}


def test_what_was_broken_off_goes_on_even_where_nothing_is_stored(site: Site) -> None:
    writer = FakeWriter(carried(), flows=False)
    play(site, TwoSteps(done=1), writer)
    assert writer.marked == ["delete"]


def test_a_dry_run_of_the_tokens_writes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    world: Any = World.made()
    monkeypatch.setattr(tokens, "output_of", world.environment_of)
    run.rotate_tokens(
        replace(site, cluster=world, live=InfluxServer(world, OPERATOR, "o"), operator=OPERATOR), dry_run=True
    )
    assert said[-2:] == ["begins with: make, hand out, take up, deactivate, delete", "nothing was changed"]
    assert world.changes == []


@pytest.mark.parametrize(("done", "told"), [(0, "begins with: make, delete"), (1, "goes on with: delete")])
def test_a_dry_run_says_what_is_ahead(site: Site, done: int, told: str) -> None:
    rotation = TwoSteps(done=done)
    foresee(site, rotation)
    assert said == ["would restart one", told, "nothing was changed"]
    assert rotation.done == done
