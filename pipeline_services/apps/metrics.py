"""The processor's metrics."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
FAILURE_REASONS = (
    "unreachable", "tls", "unauthorized", "forbidden", "not-found", "busy", "server-error", "unexpected",
    "rejected", "dead-letter-topic",
)  # fmt: skip


class ProcessorMetrics:
    """Counters, lag and latency as the contract with the dashboards names them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.consumed = Counter("conveyor_readings_consumed", "Messages taken from Kafka", registry=registry)
        self.written = Counter("conveyor_readings_written", "Readings acknowledged by InfluxDB", registry=registry)
        self.write_failures = Counter(
            "conveyor_write_failures",
            "Failed writes to InfluxDB or the dead-letter topic",
            ["reason"],
            registry=registry,
        )
        for reason in FAILURE_REASONS:  # so that each series begins at 0 and its first failure shows in a rate
            self.write_failures.labels(reason)
        self.dead_lettered = Counter(
            "conveyor_readings_dead_lettered", "Messages moved to the dead-letter topic", registry=registry
        )
        self._lag = Gauge(
            "conveyor_consumer_lag", "End offset less committed offset of an assigned partition", ["partition"],
            registry=registry,
        )  # fmt: skip
        self._latency = Histogram(
            "conveyor_end_to_end_latency_seconds", "From a reading's event time until it is stored",
            buckets=LATENCY_BUCKETS, registry=registry,
        )  # fmt: skip

    def stored(self, event_times_ns: Iterable[int]) -> None:
        """Count readings that InfluxDB has just acknowledged."""
        now, count = time.time_ns(), 0
        observe = self._latency.observe
        for event_time_ns in event_times_ns:
            observe((now - event_time_ns) / 1e9)
            count += 1
        self.written.inc(count)

    def show_lag(self, lag: Mapping[int, int]) -> None:
        """Lag per assigned partition; partitions that went to another replica, or are unknown, are not shown."""
        self._lag.clear()
        for partition, messages in lag.items():
            self._lag.labels(str(partition)).set(messages)
