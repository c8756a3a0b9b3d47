"""Rates of readings, failed writes and unreadable messages."""

from __future__ import annotations

from typing import Final

from pipeline_services.model import roles
from pipeline_services.model.commands import LOGS_OF
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.metrics.metric import Absence, Comparison, KeyMetric

PRODUCER_RATE: Final = KeyMetric(
    id="producer-rate",
    row="Producer rate",
    shown_by="Grafana",
    query="sum(rate($produced{$selector}[1m]))",
    unit="readings/s",
    window=60,
    comparison=Comparison.ABOVE,
    fail=0.5,
    warn=1.0,
    reason="the level is section 8's; only readings that Kafka acknowledged count",
    advice=advice_about(roles.PRODUCER).but(next_command=LOGS_OF % roles.PRODUCER),
    component=roles.PRODUCER,
    absence=Absence.ZERO_WITHOUT_PODS,
)
PROCESSOR_MATCHES_PRODUCER: Final = KeyMetric(
    id="processor-matches-producer",
    row="Processor rate",
    shown_by="Grafana",
    query=("sum(rate($consumed{$selector}[2m])) / sum(rate($produced{$selector}[2m]))"),
    unit="of the producer's rate",
    window=120,
    comparison=Comparison.ABOVE,
    fail=0.7,
    warn=0.85,
    reason=(
        "what a pod counts before its first scrape is not in a rate, so a roll-out or a rebalance of 5-10 s costs "
        "up to a quarter of the window; more than 1 is catching up, which is right; the lag metrics find a "
        "shortfall that lasts"
    ),
    advice=advice_about(roles.PROCESSOR).but(next_command=LOGS_OF % roles.PROCESSOR),
    component=roles.PROCESSOR,
    needs=(roles.PRODUCER,),
    absence=Absence.ZERO_WITHOUT_PODS,
)
INFLUXDB_WRITES_MATCH_PROCESSOR: Final = KeyMetric(
    id="influxdb-writes-match-processor",
    row="InfluxDB writes",
    shown_by="Grafana",
    query=("sum(rate($written{$selector}[2m])) / sum(rate($consumed{$selector}[2m]))"),
    unit="of the processor's rate",
    window=120,
    comparison=Comparison.ABOVE,
    fail=0.8,
    warn=0.95,
    reason="both are counted by the same pod and scraped together; only readings in flight and poison lie between",
    advice=advice_about(roles.INFLUXDB).but(
        next_command=LOGS_OF % roles.PROCESSOR, runbook="influxdb-statefulset-failure"
    ),
    component=roles.INFLUXDB,
    needs=(roles.PRODUCER, roles.PROCESSOR),
    absence=Absence.ZERO_WITHOUT_PODS,
)
WRITE_FAILURES: Final = KeyMetric(
    id="write-failures",
    shown_by="Grafana",
    query="sum(rate($write_failures{$selector}[1m])) or 0 * sum(up{$selector, $of_processor})",
    unit="failed writes/s",
    window=60,
    comparison=Comparison.BELOW,
    fail=0.1,
    warn=0.02,
    reason="a single retried write is normal around a restart; six in a minute are not",
    advice=advice_about(roles.PROCESSOR).but(next_command=LOGS_OF % roles.PROCESSOR),
    component=roles.PROCESSOR,
)
DEAD_LETTERS: Final = KeyMetric(
    id="dead-letters",
    shown_by="`kafka-get-offsets.sh`",
    query=("sum(rate($dead_lettered{$selector}[1m])) or 0 * sum(up{$selector, $of_processor})"),
    unit="messages/s set aside",
    window=60,
    comparison=Comparison.AT_MOST,
    fail=0.1,
    warn=0,
    reason="a message that nobody can read is set aside and stays there; six in a minute are a producer at fault",
    advice=advice_about(roles.PROCESSOR).but(
        impact="messages that cannot be read are set aside: what they said is not in InfluxDB",
        next_command=LOGS_OF % roles.PROCESSOR,
    ),
    component=roles.PROCESSOR,
)
