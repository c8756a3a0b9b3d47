"""The cases that the checks have on the run's pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks import collection


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of this folder has the cases that the table of checks gives it."""
    collection.parametrize(metafunc)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the cases before ``-m`` selects; leave out those of what is not here."""
    gone = collection.select(config, (item for item in items if item.path.parent == Path(__file__).parent))
    if gone:
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=gone)
