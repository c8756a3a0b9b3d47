"""What a validation meets, in memory: how the candidate behaves, and how noisy the machine is."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from pipeline_services.apps.load import Load
from pipeline_services.faults.injection import IDENTITY
from pipeline_services.faults.journal import Journal
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.release import engine
from pipeline_services.release.engine import Site, validation
from pipeline_services.release.facts import ROLLED_OUT
from pipeline_services.release.rollout import Rolled
from pipeline_services.release.rounds import Round
from pipeline_services.release.solo import READINGS
from pipeline_services.release.trial import Trial
from pipeline_services.release.verdict import Conclusion
from tests.release.test_ground import PROCESSOR
from tests.release.test_trial import good

OLD, NEW = "localhost/conveyor/apps", "localhost/conveyor/apps:candidate-1"
PIPELINE = Pipeline.load()
SERIES = {PIPELINE.metrics["write_failures"]: 0.0, PIPELINE.metrics["dead_lettered"]: 0.0}


class Api:
    """Takes every change and remembers it; ``away`` from the change with that number on."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str]] = []
        self.commands: list[str] = []

    def call(self, method: str, path: str, _body: Any = None, _content_type: str = "") -> Any:
        if path == IDENTITY:
            return {"metadata": {"uid": "here"}}
        self.changes.append((method, path.partition("?")[0].rpartition("/")[2]))
        return {}

    def on_node(self, words: list[str]) -> str:
        self.commands.append(" ".join(words[7:9]))
        return ""

    def get(self, _kind: str, _name: str) -> Any:
        return PROCESSOR

    def delete(self, _kind: str, _name: str) -> None: ...

    def list(self, _kind: str) -> list[Any]:
        token = base64.b64encode(b"secret").decode()
        return [{"metadata": {"name": PIPELINE.config.admin}, "data": {"token": token}}]


class World:
    """What a validation meets: how the candidate behaves, and how noisy the machine is."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.api, self.journal, self.lines = Api(), Journal(folder / "journal"), []  # type: ignore[var-annotated]
        self.trial = replace(good("new"), series=SERIES)
        self.producer = good("new")
        self.cost = {OLD: 1.0, NEW: 1.0}
        self.noise = 0.001
        self.memory_noise = 0.0
        self.measure_only = False
        self.fails = {OLD: "", NEW: ""}
        self.rolled: dict[str, bool | None] = dict.fromkeys((one.id for one in ROLLED_OUT), True)
        self.left: list[str] = []
        self.wrong: list[str] = []
        self.journaled: list[int] = []
        self.raises: Exception | None = None
        self._turn = itertools.count()
        world = self

        class Solo:
            load = Load("bench-1790000000", 1, 1)

            def __init__(self, *_arguments: Any) -> None: ...

            def fill(self) -> None:
                world.journaled.append(len(world.journal.entries()))
                if world.raises:
                    raise world.raises

            def try_out(self, image: str, _watched_s: float, meanwhile: Callable[[], None] = lambda: None) -> Trial:
                meanwhile()
                return world.trial if image == NEW else replace(good(), series=SERIES)

            def play(self, versions: Sequence[tuple[str, str]]) -> list[Round]:
                return [world.round_of(version, image) for version, image in versions]

        class RollOut:
            def __init__(self, *_arguments: Any) -> None: ...

            def play(self, rolled: Rolled) -> None:
                rolled.mark("the candidate is rolled out")
                for name, holds in world.rolled.items():
                    rolled.add(name, holds, "seen")

            def with_candidate(self, rolled: Rolled, scenarios: Any) -> None:
                wrong = scenarios()
                rolled.add("scenarios", not wrong, "; ".join(wrong))

        monkeypatch.setattr(engine, "Solo", Solo)
        monkeypatch.setattr(engine, "Producing", lambda *_: self)
        monkeypatch.setattr(engine, "RollOut", RollOut)

    def round_of(self, version: str, image: str) -> Round:
        swing = next(self._turn) * 7 % 5 - 2
        cost = self.cost[image] * (1 + self.noise * swing)
        costs = dict.fromkeys(("cpu-per-reading", "peak-memory", "drain-time"), cost)
        if self.memory_noise:
            costs["peak-memory"] = 1 + self.memory_noise * swing
        return Round(version, costs, 1.0, READINGS, self.fails[image])

    def try_out(self, image: str, _number: int) -> Trial:
        """As the producers of both versions."""
        return self.producer if image == NEW else good()

    def concluded(self) -> Conclusion:
        class Probes:
            pipeline = PIPELINE
            influx = None

        site = Site(
            cast(Any, self.api),
            self.journal,
            cast(Any, Probes()),
            self.lines.append,
            lambda: None,
            lambda: self.left,
            lambda: self.wrong,
            measure_only=self.measure_only,
        )
        return validation(site, "tests/candidates/x", lambda _baseline: NEW).conclude()
