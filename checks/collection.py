"""From the table of checks to pytest's cases: the parameters of each, its component and its run."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Final

import pytest

from pipeline_services.checklist.checks import CHECKS, cases
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings

PIPELINE: Final = pytest.StashKey[Pipeline]()
SETTINGS: Final = pytest.StashKey[Settings]()
UNASKED: Final = pytest.StashKey[frozenset[str]]()
"""The ids of the cases that rest on what the older suite, which took the snapshot, did not know yet."""


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Give a test the parameters of its check's cases, which are the last arguments of the test.

    A test whose check has no case on this pipeline stays as it is, and is left out by ``select``.

    Raises:
        pytest.UsageError: the table has no check of the test's name.
    """
    name = metafunc.function.__name__
    if name not in CHECKS:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: the table of checks has no such check")
    ids = [case.id for case in CHECKS[name].cases(metafunc.config.stash[PIPELINE], Settings())]
    count = len(ids[0].parameters) if ids else 0
    if count:
        arguments = list(inspect.signature(metafunc.function).parameters)[-count:]
        metafunc.parametrize(arguments, [one.parameters for one in ids], ids=[one.label for one in ids])


def select(config: pytest.Config, items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Mark the items with their component and their run, as the table has them; returns those that are to be left out.

    Those need a component that this pipeline does not have, or that the settings declare absent, or rest on what
    nobody asked for when the snapshot was taken.
    """
    unasked = config.stash.get(UNASKED, frozenset())
    known = {str(case.id): case for case in cases(config.stash[PIPELINE])}
    gone = []
    for item in items:
        case = known.get(item.name)
        if case is None or case.needs & config.stash[SETTINGS].absent or item.name in unasked:
            gone.append(item)
            continue
        item.add_marker(case.check.run)
        item.add_marker(pytest.mark.component(case.component))
    return gone
