"""Fixtures for the checks. The options and the report are the plugin in pipeline_services/reporting/."""

from __future__ import annotations

import pytest

from checks import collection
from pipeline_services.checklist.checks import cases
from pipeline_services.checklist.run import unasked
from pipeline_services.judgements.readings import Metrics
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.model.metrics.metric import with_levels
from pipeline_services.model.settings import Settings
from pipeline_services.reporting.run.plugin import source_of
from pipeline_services.snapshot.snapshot import Snapshot


def pytest_configure(config: pytest.Config) -> None:
    """The checks, which know nothing of the plugin, have the cases of the run's pipeline."""
    source = source_of(config)
    config.stash[collection.PIPELINE], config.stash[collection.SETTINGS] = source.pipeline, source.settings
    if source.taken and source.options.snapshot:
        config.stash[collection.UNASKED] = unasked(source.taken, cases(source.pipeline))
        source.taken.take_reads()  # nobody has judged yet


@pytest.fixture(scope="session")
def snapshot(pytestconfig: pytest.Config) -> Snapshot:
    """The run's one snapshot: of --snapshot's file, of the cluster that was named, or of the suite's own."""
    return source_of(pytestconfig).snapshot()


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> Settings:
    """What this environment says about itself (--settings), else the defaults."""
    return source_of(pytestconfig).settings


@pytest.fixture(scope="session")
def key_metrics(pytestconfig: pytest.Config, settings: Settings) -> Metrics:
    """The pipeline's key metrics with the levels of this environment."""
    return with_levels(metrics_of(source_of(pytestconfig).pipeline), settings.thresholds)
