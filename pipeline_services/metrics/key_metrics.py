"""Section 8 of the runbook as one typed table, with what the suite adds to it.

Every Prometheus query is limited to the pipeline's series (``$selector``) and looks at a window of its own, so that a
series that has stopped has no value instead of its last one. Windows are one to two minutes: they are full two minutes
after the pipeline has started. "Sustained" usage is the lowest one-minute average of five minutes: one calm minute
clears it, so a start-up does not look like a leak. The series' names come from the description (``$produced``).

What a metric reads and its levels stand in ``levels/``, by subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pipeline_services.metrics.levels import ages, dns, lag, pods, rates, usage
from pipeline_services.metrics.metric import KeyMetric

KEY_METRICS: Final[Mapping[str, KeyMetric]] = MappingProxyType(
    {
        metric.id: metric
        for metric in (
            rates.PRODUCER_RATE,
            rates.PROCESSOR_MATCHES_PRODUCER,
            rates.INFLUXDB_WRITES_MATCH_PROCESSOR,
            pods.POD_RESTARTS,
            usage.CPU_USAGE,
            usage.MEMORY_USAGE,
            pods.HPA_REPLICAS,
            lag.CONSUMER_LAG,
            lag.CONSUMER_LAG_GROWTH,
            ages.STORED_READING_AGE,
            ages.END_TO_END_LATENCY,
            rates.WRITE_FAILURES,
            rates.DEAD_LETTERS,
            usage.CPU_THROTTLING,
            ages.UNACKNOWLEDGED_AGE,
            dns.NAME_RESOLVES,
            usage.VOLUME_USAGE,
        )
    }
)
"""Every metric by its id, the spec's seven rows first."""
