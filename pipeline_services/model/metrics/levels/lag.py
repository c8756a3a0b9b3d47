"""How far the consumer group is behind the topic."""

from __future__ import annotations

from typing import Final

from pipeline_services.model import roles
from pipeline_services.model.commands import DESCRIBE_GROUP
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.metrics.metric import Comparison, KeyMetric

LAG_IN_PROMETHEUS: Final = "sum(max by (partition) ($consumer_lag{$selector}))"
"""How the lag went, as the processor says it of itself; what is judged is what Kafka says now."""
CONSUMER_LAG: Final = KeyMetric(
    id="consumer-lag",
    shown_by="`kafka-consumer-groups.sh --describe`",
    tool="kafka",
    query="end offset - committed offset, summed over the partitions",
    unit="readings",
    comparison=Comparison.BELOW,
    fail=5_000,
    warn=1_000,
    reason="50 s of the largest production (5 producers at 20 readings/s): more than any restart leaves behind",
    advice=advice_about(roles.PROCESSOR).but(next_command=DESCRIBE_GROUP),
    component=roles.PROCESSOR,
)
CONSUMER_LAG_GROWTH: Final = KeyMetric(
    id="consumer-lag-growth",
    shown_by="`kafka-consumer-groups.sh --describe`, twice",
    tool="kafka",
    query="growth of the lag / growth of the end offsets between two samples; 0 while the lag is under 15 s",
    unit="of the new readings not consumed",
    window=2,
    comparison=Comparison.BELOW,
    fail=0.9,
    warn=0.5,
    reason="a rebalance holds consumption up for 5-10 s (section 9), so a lag under 15 s of production is none",
    advice=advice_about(roles.PROCESSOR).but(next_command=DESCRIBE_GROUP),
    component=roles.PROCESSOR,
)
