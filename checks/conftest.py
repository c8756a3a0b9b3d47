"""What the checks share beside the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline_services.key_metrics import KEY_METRICS
from pipeline_services.metric import KeyMetric, with_levels
from pipeline_services.settings import Settings


@pytest.fixture(scope="session")
def key_metrics(pytestconfig: pytest.Config) -> Mapping[str, KeyMetric]:
    """The key metrics with the levels of this environment (``--settings``)."""
    given = pytestconfig.getoption("settings")
    path = pytestconfig.invocation_params.dir / Path(given).expanduser() if given else None
    return with_levels(KEY_METRICS, Settings.load(path, KEY_METRICS).thresholds)
