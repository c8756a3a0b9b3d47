"""The cases as pytest would collect them, callable on any snapshot without pytest."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import checks
from pipeline_services.metrics.key_metrics import KEY_METRICS
from pipeline_services.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Case:
    """One case. ``id`` is what follows the file in pytest's node id: ``test_pods_ready[kafka]``."""

    id: str
    function: Callable[..., None]
    arguments: dict[str, Any]
    component: str
    runbook: str

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def name(self) -> str:
        return self.function.__name__

    def judge(self, snapshot: Snapshot) -> None:
        """Run the case; raises what it raises."""
        extra: dict[str, Any] = {}
        if self.name == "test_key_metric":
            extra = {"key_metrics": KEY_METRICS, "record_property": lambda _name, _value: None}
        self.function(snapshot=snapshot, **extra, **self.arguments)


def daily_cases() -> tuple[Case, ...]:
    """Every case of checks/ that is marked daily."""
    return _cases("daily")


def review_cases() -> tuple[Case, ...]:
    """Every case of checks/ that is marked weekly or monthly."""
    return _cases("weekly", "monthly")


def _cases(*markers: str) -> tuple[Case, ...]:
    modules = sorted(path.stem for path in Path(checks.__path__[0]).glob("test_*.py"))
    found = (importlib.import_module(f"checks.{module}") for module in modules)
    return tuple(case for module in found for case in _cases_of(module, markers))


def _cases_of(module: Any, markers: tuple[str, ...]) -> Iterator[Case]:
    shared = list(getattr(module, "pytestmark", []))
    for name, function in vars(module).items():
        if name.startswith("test_") and function.__module__ == module.__name__:
            marks = [*shared, *getattr(function, "pytestmark", [])]
            if any(mark.name in markers for mark in marks):
                yield from _expand(function, marks)


def _expand(function: Callable[..., None], marks: list[Any]) -> Iterator[Case]:
    parametrize = next((mark for mark in marks if mark.name == "parametrize"), None)
    own = [mark for mark in marks if mark.name != "parametrize"]
    if parametrize is None:
        yield _case(function, function.__name__, {}, own)
        return
    argnames, values = parametrize.args
    argnames = [argnames] if isinstance(argnames, str) else list(argnames)
    for value in values:
        given = value.values if hasattr(value, "values") and hasattr(value, "marks") else (value,)
        label = getattr(value, "id", None) or str(given[0])
        more = list(getattr(value, "marks", ()))
        yield _case(function, f"{function.__name__}[{label}]", dict(zip(argnames, given, strict=True)), [*own, *more])


def _case(function: Callable[..., None], case_id: str, arguments: dict[str, Any], marks: list[Any]) -> Case:
    labels = {mark.name: mark.args[0] for mark in marks if mark.args}
    return Case(case_id, function, arguments, labels.get("component", ""), labels.get("runbook", ""))
