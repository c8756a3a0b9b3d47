"""The cases as pytest would collect them, callable on any snapshot without pytest."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import checks
from pipeline_services.checklist.checks import cases
from pipeline_services.model.metrics.key_metrics import KEY_METRICS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Case:
    """One case. ``id`` is what follows the file in pytest's node id: ``test_pods_ready[kafka]``."""

    id: str
    function: Callable[..., None]
    arguments: dict[str, Any]
    component: str

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def name(self) -> str:
        return self.function.__name__

    def judge(self, snapshot: Snapshot) -> None:
        """Run the case; raises what it raises."""
        fixtures: dict[str, Any] = {"key_metrics": KEY_METRICS, "record_property": lambda _name, _value: None}
        extra = {name: value for name, value in fixtures.items() if name in _parameters(self.function)}
        self.function(snapshot=snapshot, **extra, **self.arguments)


def daily_cases(pipeline: Pipeline | None = None) -> tuple[Case, ...]:
    """Every case of the daily run; by default of the suite's own pipeline."""
    return tuple(_cases(pipeline, "daily"))


def review_cases() -> tuple[Case, ...]:
    """Every case of the weekly and of the monthly run."""
    return tuple(_cases(None, "weekly", "monthly"))


def practice_cases() -> tuple[Case, ...]:
    """Every case of the practice run."""
    return tuple(_cases(None, "practice"))


@cache
def _parameters(function: Callable[..., None]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


@lru_cache(maxsize=1)
def functions() -> dict[str, Callable[..., None]]:
    """The tests of checks/ by their names."""
    stems = sorted(path.stem for path in Path(checks.__path__[0]).glob("test_*.py"))
    modules = [importlib.import_module(f"checks.{stem}") for stem in stems]
    return {name: one for module in modules for name, one in vars(module).items() if name.startswith("test_")}


def _cases(pipeline: Pipeline | None, *runs: str) -> Iterator[Case]:
    tests = functions()
    for case in cases(pipeline or Pipeline.load()):
        if case.check.run in runs:
            test, parameters = tests[case.check.id], case.id.parameters
            names = _parameters(test)[-len(parameters) :] if parameters else ()
            yield Case(str(case.id), test, dict(zip(names, parameters, strict=True)), case.component)
