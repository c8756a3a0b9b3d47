"""Section 8: every key metric keeps to its level."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checks import pictures
from pipeline_services.judgements import readings
from pipeline_services.judgements.readings import Metrics
from pipeline_services.snapshot.snapshot import Snapshot


@pytest.mark.runbook("key-metrics")
def test_key_metric(
    snapshot: Snapshot,
    key_metrics: Metrics,
    record_property: Callable[[str, object], None],
    metric_id: str,
    subject: str,
) -> None:
    """The metric keeps to its fail level; past its warn level the case passes and says so in its properties."""
    metric = key_metrics[metric_id]
    pictures.attach_history(snapshot, key_metrics, metric_id, subject)
    reading = readings.is_within(snapshot, metric, subject)
    record_property("reading", metric.observed(reading))
    if metric.warns(reading):
        record_property("warning", f"{metric.observed(reading)}, warn level {metric.comparison.value} {metric.warn:g}")
