"""Negative controls of the audit: losses made on purpose, which it has to find exactly."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipeline_services.audit.audit import MIN_ACKNOWLEDGED, Audit, AuditReport
from pipeline_services.audit.producer import FIRST_DEVICE, AuditProducer
from pipeline_services.measure.probes import Probes
from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s import secret_text
from pipeline_services.model.waiting import wait_until

Lost = tuple[str, int]
"""The device and the sequence of a reading of the audit."""
DROPPED: Final = 7


def audited_with_a_drop(probes: Probes) -> tuple[Lost, AuditReport]:
    """An audit one of whose readings was never sent and yet counts as acknowledged."""
    producer = AuditProducer(probes.kafka_forward.port, probes.pipeline.topics.readings, dropped=[DROPPED])
    with Audit.running(probes, producer) as audit:
        producer.await_acknowledged(2 * MIN_ACKNOWLEDGED)
        return (FIRST_DEVICE, DROPPED), audit.reconcile()


def audited_with_a_deletion(probes: Probes) -> tuple[Lost, AuditReport]:
    """An audit one of whose points is deleted from the store once it is there."""
    with Audit.running(probes) as audit:
        audit.producer.await_acknowledged(2 * MIN_ACKNOWLEDGED)
        audit.producer.finish(10.0)
        lost = wait_until(
            lambda: _delete_newest(probes, audit.producer.producer_id),
            within=20.0,
            what="one of the audit's points to delete",
            retry_on=(NoData,),
        )
        return lost, audit.reconcile()


def _delete_newest(probes: Probes, producer_id: str) -> Lost:
    """Delete the first device's newest stored point, with the token of the processor, which may do that too."""
    when = f"time > now() - 5m AND producer_id = '{producer_id}' AND device_id = '{FIRST_DEVICE}'"
    series = probes.bucket.select("LAST(sequence)", when)
    if not series:
        raise NoData("no point of the audit is stored yet")
    at, sequence = series[0].rows[0][:2]
    key, measurement = probes.pipeline.config.write_token, probes.pipeline.store.measurement
    token = secret_text(probes.cluster.list("secrets"), key)
    predicate = f'_measurement="{measurement}" AND producer_id="{producer_id}" AND device_id="{FIRST_DEVICE}"'
    replace(probes.bucket, token=token).delete(int(at), int(at) + 1, predicate)
    return FIRST_DEVICE, int(sequence)
