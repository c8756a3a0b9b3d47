"""From the table of checks to pytest's cases: the parameters of each, its component and its run."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping

import pytest

from pipeline_services.checklist.checks import CHECKS, cases
from pipeline_services.checklist.model import Case
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Give a test the parameters of its check's cases, which are the last arguments of the test.

    Raises:
        pytest.UsageError: the table has no check of the test's name.
    """
    name = metafunc.function.__name__
    if name not in CHECKS:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: the table of checks has no such check")
    ids = [case.id for case in CHECKS[name].cases(Pipeline.load(), Settings())]
    count = len(ids[0].parameters)
    if count:
        arguments = list(inspect.signature(metafunc.function).parameters)[-count:]
        metafunc.parametrize(arguments, [one.parameters for one in ids], ids=[one.label for one in ids])


def cases_of(items: Iterable[pytest.Item]) -> Mapping[pytest.Item, Case]:
    """The case of each item, as the table has it."""
    known = {str(case.id): case for case in cases(Pipeline.load())}
    return {item: known[item.name] for item in items}


def mark(cases: Mapping[pytest.Item, Case]) -> None:
    """Mark the items with their component and their run."""
    for item, case in cases.items():
        item.add_marker(case.check.run)
        item.add_marker(pytest.mark.component(case.component))
