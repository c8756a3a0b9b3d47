"""Every scenario, by its id: those that are played in full, and those of the detection matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chaos.scenarios import (
    cluster,
    combined,
    configuration,
    declared,
    influxdb,
    kafka,
    network,
    observability,
    pod_fields,
    processor,
    producer,
    resources,
    undeclared,
)
from pipeline_services.experiment.scenario import Scenario, by_id

RECOVERY: Final[Mapping[str, Scenario]] = by_id(
    *influxdb.RECOVERY, *kafka.RECOVERY, *network.RECOVERY, *processor.RECOVERY, *producer.RECOVERY, *resources.RECOVERY
)
"""Those that are played in full, from steady state to steady state."""
RESILIENCE: Final = ("producer-pod-deleted", "processor-pod-deleted", "kafka-pod-deleted")
"""Section 7's test, in its order."""
MATRIX: Final[Mapping[str, Scenario]] = by_id(
    *configuration.NOT_LOADED,
    *resources.DIAGNOSIS,
    *network.DIAGNOSIS,
    *configuration.LOADED,
    *cluster.DIAGNOSIS,
    *observability.DIAGNOSIS,
    *declared.DIAGNOSIS,
    *undeclared.DIAGNOSIS,
    *pod_fields.DIAGNOSIS,
    *producer.DIAGNOSIS,
    *processor.DIAGNOSIS,
    *kafka.DIAGNOSIS,
    *influxdb.DIAGNOSIS,
    *combined.DIAGNOSIS,
    *influxdb.LASTING,
    *processor.LASTING,
    *producer.LASTING,
)
"""Those that are played until they are diagnosed, in their order: quickly over first, lasting traces last."""
