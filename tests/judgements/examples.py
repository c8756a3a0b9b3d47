"""What a source says when all is well and when it is not, where one answer makes the difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.model import roles


@dataclass(frozen=True, slots=True)
class Example:
    """The answers of one source.

    Attributes:
        component: whose source it is.
        check: the one that fails on each of the bad answers.
        cause: what triage names then.
    """

    component: str
    source: str
    check: str
    well: Any
    bad: tuple[Any, ...]
    cause: str


def quota(limits: Mapping[str, float], **whom: str | None) -> list[dict[str, Any]]:
    """One limit on clients, as the broker describes it."""
    return [{"for": {kind.replace("_", "-"): name for kind, name in whom.items()}, "limits": limits}]


EXAMPLES: Final = (
    Example(
        roles.KAFKA,
        "kafka_quotas",
        "test_clients_not_limited",
        [],
        (
            quota({"consumer_byte_rate": 100.0}, client_id=None),
            quota({"producer_byte_rate": 1e6, "request_percentage": 5.0}, user="me", client_id="batch"),
        ),
        "clients-limited",
    ),
    Example(
        roles.KAFKA,
        "kafka_brokers",
        "test_brokers_set_as_declared",
        [{"broker": "", "key": "min.insync.replicas", "value": "1"}],
        (
            [{"broker": "", "key": "log.retention.ms", "value": "300000"}],
            [{"broker": "0", "key": "num.io.threads", "value": "2"}],
        ),
        "broker-set-otherwise",
    ),
    Example(
        roles.KAFKA,
        "kafka_at_start",
        "test_brokers_set_as_declared",
        [
            {"broker": "0", "key": "num.io.threads", "value": "4"},
            {"broker": "0", "key": "listeners", "value": "PLAINTEXT://0.0.0.0:9092, CONTROLLER://localhost:9093"},
            {"broker": "0", "key": "log.segment.ms", "value": "1"},
        ],
        (
            [{"broker": "0", "key": "num.io.threads", "value": "2"}],
            [{"broker": "0", "key": "listeners", "value": "PLAINTEXT://0.0.0.0:9092"}],
        ),
        "pod-holds-old-setting",
    ),
    Example(
        roles.INFLUXDB,
        "influxdb_health",
        "test_influxdb_healthy",
        {"status": 200, "body": {"name": "influxdb", "status": "pass"}},
        ({"status": 503, "body": {"status": "fail"}},),
        "store-unresponsive",
    ),
    Example(
        roles.INFLUXDB,
        "influxdb_write",
        "test_token_may_write",
        {"status": 400},
        ({"status": 403},),
        "token-may-not-write",
    ),
    Example(
        roles.INFLUXDB,
        "influxdb_bucket",
        "test_bucket_set_as_declared",
        {"id": "b1", "org": "o1", "retention_s": 14 * 86_400},
        (
            {"id": "b1", "org": "o1", "retention_s": 3_600},
            {"id": "b1", "org": "o1", "retention_s": 0},
            {"id": "b1", "org": "o1", "retention_s": 14 * 86_400, "shard_s": 3_600},
        ),
        "bucket-set-otherwise",
    ),
    Example(
        roles.INFLUXDB,
        "influxdb_at_work",
        "test_store_left_alone",
        [{"kind": "task", "id": "t0", "name": "old", "active": False}],
        ([{"kind": "task", "id": "t1", "name": "thin out", "active": True}],),
        "store-worked-on",
    ),
    Example(
        roles.LOKI,
        "loki_ready",
        "test_loki_ready",
        {"status": 200, "body": "ready"},
        ({"status": 503, "body": "Ingester not ready"},),
        "not-ready",
    ),
    Example(
        roles.GRAFANA,
        "grafana_health",
        "test_grafana_healthy",
        {"database": "ok", "version": "10.4.0"},
        ({"database": "failing"},),
        "not-ready",
    ),
)
