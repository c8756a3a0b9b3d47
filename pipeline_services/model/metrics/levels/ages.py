"""How old readings are: not acknowledged, stored, on their way."""

from __future__ import annotations

from typing import Final

from pipeline_services.model import roles
from pipeline_services.model.commands import DESCRIBE_GROUP, LOGS_OF
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.metrics.metric import Comparison, KeyMetric

STORED_READING_AGE: Final = KeyMetric(
    id="stored-reading-age",
    shown_by="Grafana",
    tool="influxdb",
    query="now - event time of the newest reading in the bucket",
    unit="s",
    comparison=Comparison.BELOW,
    fail=60,
    warn=30,
    reason="a restart or rebalance takes up to 30 s; where nothing is produced, nothing can be judged",
    advice=advice_about(roles.PROCESSOR).but(next_command=LOGS_OF % roles.PROCESSOR),
    component=roles.PROCESSOR,
    needs=(roles.PRODUCER,),
)
END_TO_END_LATENCY: Final = KeyMetric(
    id="end-to-end-latency",
    shown_by="Grafana",
    query=("histogram_quantile(0.95, sum by (le) (rate($latency_bucket{$selector}[1m])))"),
    unit="s at the 95th percentile",
    window=60,
    comparison=Comparison.BELOW,
    fail=30,
    warn=5,
    reason="from event to stored takes under a second; a rebalance adds 5-10 s",
    advice=advice_about(roles.PROCESSOR).but(next_command=DESCRIBE_GROUP),
    component=roles.PROCESSOR,
    needs=(roles.PRODUCER, roles.PROCESSOR),
)
UNACKNOWLEDGED_AGE: Final = KeyMetric(
    id="unacknowledged-age",
    shown_by="Prometheus",
    query="max(min_over_time($oldest_unacknowledged{$selector}[1m]))",
    unit="s",
    window=60,
    comparison=Comparison.BELOW,
    fail=20,
    warn=5,
    reason="the lowest age in a minute: a broker restart passes, a wedged producer does not",
    advice=advice_about(roles.PRODUCER).but(next_command=LOGS_OF % roles.PRODUCER),
    component=roles.PRODUCER,
    needs=(roles.PRODUCER,),
)
