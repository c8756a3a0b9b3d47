"""Negative controls of the audit: losses made on purpose, which it has to find exactly."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

from pipeline_services.audit.audit import MIN_ACKNOWLEDGED, Audit, AuditReport
from pipeline_services.audit.producer import FIRST_DEVICE, AuditProducer
from pipeline_services.measure.probes import Probes
from pipeline_services.model.errors import NoData, UnexpectedAnswer
from pipeline_services.model.k8s import secret_value
from pipeline_services.model.waiting import wait_until

Lost = tuple[str, int]
"""The device and the sequence of a reading of the audit."""
DROPPED: Final = 7


def audited_with_a_drop(probes: Probes) -> tuple[Lost, AuditReport]:
    """An audit one of whose readings was never sent and yet counts as acknowledged."""
    producer = AuditProducer(probes.kafka_forward.port, probes.pipeline.topics.readings, dropped=[DROPPED])
    with Audit.running(probes, producer) as audit:
        _await_enough(producer)
        return (FIRST_DEVICE, DROPPED), audit.reconcile()


def audited_with_a_deletion(probes: Probes) -> tuple[Lost, AuditReport]:
    """An audit one of whose points is deleted from the store once it is there."""
    with Audit.running(probes) as audit:
        _await_enough(audit.producer)
        audit.producer.finish(10.0)
        lost = wait_until(
            lambda: _delete_newest(probes, audit.producer.producer_id),
            within=20.0,
            what="one of the audit's points to delete",
            retry_on=(NoData,),
        )
        return lost, audit.reconcile()


def _await_enough(producer: AuditProducer) -> None:
    def enough() -> bool:
        return sum(map(len, producer.acknowledged.values())) >= 2 * MIN_ACKNOWLEDGED

    wait_until(enough, within=60.0, what="acknowledgements enough for an audit")


def _delete_newest(probes: Probes, producer_id: str) -> Lost:
    """Delete the first device's newest stored point, with the token of the processor, which may do that too."""
    store = probes.pipeline.store
    statement = (
        f"SELECT LAST(sequence) FROM {store.measurement} WHERE time > now() - 5m "
        f"AND producer_id = '{producer_id}' AND device_id = '{FIRST_DEVICE}'"
    )
    query = {"db": store.bucket, "epoch": "ns", "q": statement}
    answer = probes.influx.ask_json("/query", query, headers=probes.authorization)
    try:
        at, sequence = answer["results"][0]["series"][0]["values"][0][:2]
    except (KeyError, IndexError) as error:
        raise NoData("no point of the audit is stored yet") from error
    _delete(probes, producer_id, int(at))
    return FIRST_DEVICE, int(sequence)


def _delete(probes: Probes, producer_id: str, at: int) -> None:
    store, key = probes.pipeline.store, probes.pipeline.config.write_token
    token = secret_value(probes.cluster.list("secrets"), key.secret, key.key).decode().strip()
    predicate = f'_measurement="{store.measurement}" AND producer_id="{producer_id}" AND device_id="{FIRST_DEVICE}"'
    body = {"start": _nanoseconds(at), "stop": _nanoseconds(at + 1), "predicate": predicate}
    query = {"org": store.org, "bucket": store.bucket}
    headers = {"Authorization": f"Token {token}"}
    answer = probes.influx.ask("/api/v2/delete", query, body=body, headers=headers, timeout=20.0)
    if answer.status != 204:
        raise UnexpectedAnswer(f"InfluxDB answers {answer.status} to a deletion at {time.time():.0f}: {answer.text}")


def _nanoseconds(at: int) -> str:
    return f"{datetime.fromtimestamp(at // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{at % 10**9:09d}Z"
