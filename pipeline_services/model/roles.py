"""The roles that the parts of a pipeline play. A pipeline's profile says by which workload each is played."""

from __future__ import annotations

from typing import Final

PRODUCER: Final = "producer"
PROCESSOR: Final = "processor"
KAFKA: Final = "kafka"
INFLUXDB: Final = "influxdb"
PROMETHEUS: Final = "prometheus"
GRAFANA: Final = "grafana"
LOKI: Final = "loki"
LOG_SHIPPER: Final = "log-shipper"
