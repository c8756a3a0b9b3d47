"""What the checks share beside the snapshot: their cases, and the levels of this environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from checks import collection
from pipeline_services.metrics.key_metrics import metrics_of
from pipeline_services.metrics.metric import KeyMetric, with_levels
from pipeline_services.model.settings import Settings


@pytest.fixture(scope="session")
def key_metrics(pytestconfig: pytest.Config, settings: Settings) -> Mapping[str, KeyMetric]:
    """The pipeline's key metrics with the levels of this environment (``--settings``)."""
    return with_levels(metrics_of(pytestconfig.stash[collection.PIPELINE]), settings.thresholds)


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
