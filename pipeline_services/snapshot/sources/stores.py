"""What Kafka and InfluxDB say, each through a port-forward of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from pipeline_services.clients.certificates import Certificate, key_fits, shown_by
from pipeline_services.clients.http import Answer, HttpApi, Tls
from pipeline_services.clients.influxdb import NOT_FOUND, InfluxStore
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.clients.port_forward import LOCALHOST, PortForward
from pipeline_services.model import roles
from pipeline_services.model.configuration import SecretKey
from pipeline_services.model.errors import NoData, PipelineError
from pipeline_services.model.k8s import secret_text, secret_value
from pipeline_services.model.offsets import Offsets
from pipeline_services.model.waiting import wait_until
from pipeline_services.snapshot.record import Record
from pipeline_services.snapshot.sources.reach import Moment, Reach, take_all

BETWEEN_SAMPLES: Final = 2.05
"""Seconds for records to come in and to be consumed; less where they are, of which a later look says nothing new."""
SOONEST: Final = 1.0
LOOK_EVERY: Final = 0.1
_WORDS: Final = 200
"""Characters of an answer that are kept."""
_Sample = dict[str, Any]
_Enough = Callable[[_Sample, _Sample], bool]


def kafka_sources(_moment: Moment) -> list[str]:
    return [
        "kafka_topics",
        "kafka_group",
        "kafka_lag",
        "kafka_settings",
        "kafka_quotas",
        "kafka_brokers",
        "kafka_at_start",
        "kafka_sizes",
    ]


def read_kafka(reach: Reach, record: Record, moment: Moment) -> None:
    """Topics with their settings, limits on clients, the consumer group; its offsets and the topics' sizes twice, so
    that growth can be told from level.
    """
    wanted = reach.pipeline.topics
    with KafkaBroker(reach.kafka()) as broker:
        topics = broker.topics()
        record.take("kafka_topics", lambda: topics)
        partitions = [known["partition"] for known in topics.get(wanted.readings, [])]
        asked: dict[str, Callable[[], _Sample]] = {
            "kafka_lag": lambda: broker.offsets(wanted.group, wanted.readings, partitions).to_dict(),
            "kafka_sizes": lambda: {"at": time.time(), "bytes": broker.sizes()},
        }
        first = {source: _sampled(record, source, ask) for source, ask in asked.items()}
        moment.sampled.set()
        record.take("kafka_group", lambda: broker.group(wanted.group))
        ours = [topic for topic in wanted.least_partitions if topic in topics]
        is_own = roles.KAFKA in reach.pipeline.workloads
        record.take("kafka_settings", lambda: broker.settings([*ours, *(broker.internal_topics() if is_own else ())]))
        record.take("kafka_quotas", broker.quotas)
        record.take("kafka_brokers", broker.set_at_run_time)
        record.take("kafka_at_start", broker.read_at_start)
        enough: Mapping[str, _Enough] = {"kafka_lag": _goes_on, "kafka_sizes": lambda *_: True}
        for source, ask in asked.items():
            for before in first[source]:
                record.take(source, partial(_twice, before, ask, enough[source]))


def _twice(before: _Sample, ask: Callable[[], _Sample], enough: _Enough) -> list[_Sample]:
    """Two samples: the second one as soon as it is enough, at the latest after ``BETWEEN_SAMPLES``."""

    def later() -> _Sample | None:
        if time.time() - before["at"] < SOONEST:
            return None
        sample = ask()
        is_last = time.time() - before["at"] >= BETWEEN_SAMPLES
        return sample if is_last or enough(before, sample) else None

    sample = wait_until(later, within=2 * BETWEEN_SAMPLES, what="the second sample", every=LOOK_EVERY)
    return [before] if sample is None else [before, sample]


def _goes_on(before: _Sample, later: _Sample) -> bool:
    return Offsets.of(later).past(Offsets.of(before))


def _sampled(record: Record, source: str, ask: Callable[[], _Sample]) -> list[_Sample]:
    """The first of two samples; none where the broker does not say, which is noted."""
    try:
        return [ask()]
    except PipelineError as error:
        record.fail((source,), error)
        return []


def influxdb_sources(moment: Moment) -> list[str]:
    asked = ["influxdb_health", "influxdb_newest", "influxdb_token", "influxdb_read_token", "influxdb_write"]
    asked += ["influxdb_bucket"] if moment.pipeline.store.retention_s else []
    asked += ["influxdb_at_work"] if moment.pipeline.config.admin else []
    return [*asked, *(["tls"] if moment.pipeline.config.tls else [])]


def read_influxdb(reach: Reach, record: Record, moment: Moment) -> None:
    """Health, the newest reading, whether both tokens are accepted, how the bucket is set and what works on it, and the
    certificate where it has one."""
    config = reach.pipeline.config
    try:
        forward = reach.forward(roles.INFLUXDB)
    except PipelineError as error:
        reason = error.message
        if config.tls:
            record.take("tls", lambda: {**_expected_certificate(reach), "verified": False, "error": reason})
        raise
    if config.tls:
        record.take("tls", lambda: _certificates(reach, forward))
    host = reach.pipeline.service(roles.INFLUXDB).name
    unchecked = reach.http(forward, tls=Tls(host) if config.tls else None)
    record.take("influxdb_health", lambda: _health(InfluxStore(None, unchecked, reach.pipeline.store).health()))

    def with_token(held: SecretKey, read: Callable[[InfluxStore, str], Any]) -> Any:
        return read(store, secret_text(reach.secrets(), held))

    store = InfluxStore(_checked(reach, forward) if config.tls else unchecked, unchecked, reach.pipeline.store)
    reads = [
        ("influxdb_newest", partial(with_token, config.read_token, partial(_newest, moment.ahead_s))),
        ("influxdb_token", partial(with_token, config.write_token, _status)),
        ("influxdb_write", partial(with_token, config.write_token, _write_answer)),
        ("influxdb_read_token", partial(with_token, config.read_token, _status)),
    ]
    if reach.pipeline.store.retention_s:
        reads.append(("influxdb_bucket", partial(with_token, config.read_token, InfluxStore.bucket)))
    if config.admin:
        reads.append(("influxdb_at_work", partial(with_token, config.admin_token, InfluxStore.at_work)))
    take_all(record, reads)


def _checked(reach: Reach, forward: PortForward) -> HttpApi | None:
    ca = _ca(reach)
    return reach.http(forward, tls=Tls(reach.pipeline.service(roles.INFLUXDB).name, ca)) if ca else None


def _newest(ahead_s: float, store: InfluxStore, token: str) -> dict[str, Any]:
    asked_at = time.time() - ahead_s
    newest = store.newest(token)
    return {"time": newest.time, "points_1m": newest.points_1m, "asked_at": asked_at}


def _status(store: InfluxStore, token: str) -> dict[str, Any]:
    return {"status": store.token_status(token)}


def _write_answer(store: InfluxStore, token: str) -> dict[str, Any]:
    """Its status, and what InfluxDB does not find, in its own words."""
    answer = store.write_answer(token)
    return {"status": answer.status, **({"missing": answer.text[:_WORDS]} if answer.status == NOT_FOUND else {})}


def _health(answer: Answer) -> dict[str, Any]:
    return {"status": answer.status, "body": answer.json()}


def _ca(reach: Reach) -> str:
    try:
        return _authority(reach)
    except NoData:
        return ""


def _authority(reach: Reach) -> str:
    """The certificate of who vouches for the store's; raises as ``secret_value`` does."""
    config = reach.pipeline.config
    return secret_value(reach.secrets(), config.tls, config.ca).decode("ascii", "replace")


def _expected_certificate(reach: Reach) -> dict[str, Any]:
    secrets, name = reach.secrets(), reach.pipeline.config.tls
    certificate = secret_value(secrets, name, "tls.crt")
    fits = key_fits(certificate, secret_value(secrets, name, "tls.key"))
    return {"secret": Certificate.read(certificate).to_dict(), "key_fits": fits}


def _certificates(reach: Reach, forward: PortForward) -> dict[str, Any]:
    known = _expected_certificate(reach)
    ca = _authority(reach)
    shown = shown_by(
        LOCALHOST, forward.port, name=reach.pipeline.service(roles.INFLUXDB).name, ca=ca, cause=lambda: forward.failure
    )
    return {**known, "served": shown.certificate.to_dict(), "verified": shown.verified, "error": shown.error}
