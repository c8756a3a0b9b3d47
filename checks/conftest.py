"""What the checks share beside the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.dependencies import needed_by
from pipeline_services.metrics.key_metrics import KEY_METRICS
from pipeline_services.metrics.metric import KeyMetric, with_levels
from pipeline_services.model.settings import Settings


@pytest.fixture(scope="session")
def key_metrics(settings: Settings) -> Mapping[str, KeyMetric]:
    """The key metrics with the levels of this environment (``--settings``)."""
    return with_levels(KEY_METRICS, settings.thresholds)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the cases that ask a component which the settings declare absent."""
    given = config.getoption("settings")
    if not given:
        return
    absent = Settings.load(config.invocation_params.dir / Path(given).expanduser()).absent
    gone = [item for item in items if item.path.parent == Path(__file__).parent and _needs(item) & absent]
    if gone:
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=gone)


def _needs(item: pytest.Item) -> set[str]:
    function, call = getattr(item, "originalname", item.name), getattr(item, "callspec", None)
    return needed_by(function, call.params if call else {})
