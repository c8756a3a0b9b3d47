"""What a description with a wrong name leads to, as it is seen live: a line that says which name, and never green."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pipeline_services.checklist.checks import cases
from pipeline_services.checklist.run import run_checks
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Failure, Snapshot
from tests.judgements.test_mistaken_profiles import Change, changed
from tests.judgements.test_plain_pipeline import PLAIN, plain
from tests.judgements.world import healthy


def unread(*sources: str, message: str, kind: str = "NoData") -> dict[str, Failure]:
    return {source: Failure(kind, message) for source in sources}


Answers = dict[str, Any]
UNTRUSTED = {**healthy().answers["tls"], "verified": False, "error": "self-signed certificate"}
SEEN: Mapping[str, tuple[Change, Callable[[Answers], dict[str, Failure]], str]] = {
    "topic that Kafka has not": (
        lambda d: d["topics"].update(readings="conveyor-sped"),
        lambda _: unread("kafka_lag", message="kafka has no topic conveyor-sped"),
        "Kafka has no topic conveyor-sped; expected one with at least 1 partition",
    ),
    "group that nobody is in": (
        lambda d: d["topics"].update(group="data-procesor-group"),
        lambda answers: answers.update(kafka_group={"state": "Dead", "members": []}) or {},
        "the group data-procesor-group is Dead with 0 members; expected Stable",
    ),
    "bucket that InfluxDB has not": (
        lambda d: d["store"].update(bucket="conveyor-dat"),
        lambda answers: (
            answers.update(influxdb_write={"status": 404})
            or unread(
                "influxdb_newest",
                kind="UnexpectedAnswer",
                message='InfluxDB does not answer SELECT LAST("speed_ms"): database not found: conveyor-dat',
            )
        ),
        "database not found: conveyor-dat",
    ),
    "measurement that is never stored": (
        lambda d: d["store"].update(measurement="conveyor_sped"),
        lambda answers: answers["influxdb_newest"].update(time=None, points_1m=0) or {},
        "InfluxDB has no speed_ms of conveyor_sped in the bucket conveyor-data from the last hour",
    ),
    "field that no reading has": (
        lambda d: d["store"].update(value="sped_ms"),
        lambda answers: answers["influxdb_newest"].update(time=None, points_1m=0) or {},
        "InfluxDB has no sped_ms of conveyor_speed in the bucket conveyor-data",
    ),
    "query that returns nothing": (
        lambda d: d.update(queries={"producer-rate": "sum(rate(sent_total{$selector}[1m]))"}),
        lambda answers: answers.update({"prometheus/producer-rate": []}) or {},
        "producer-rate: Prometheus has no value for its query, sum(rate(sent_total{$selector}[1m]))",
    ),
    "label that no series has": (
        lambda d: d.update(series_label="job"),
        lambda answers: answers.update({f"prometheus/{metric}": [] for metric in metrics_of(PLAIN)}) or {},
        "producer-rate",
    ),
    "key that the token is not under": (
        lambda d: d["config"].update(read_token={"secret": "influxdb-secrets", "key": "token"}),
        lambda _: unread(
            "influxdb_newest", "influxdb_read_token", message="the secret influxdb-secrets has no key token"
        ),
        "the secret influxdb-secrets has no key token",
    ),
    "certificate that vouches for another": (
        lambda d: d["config"].update(tls="influxdb-tls", ca="ca.crt"),
        lambda answers: answers.update(tls=UNTRUSTED) or {},
        "self-signed certificate",
    ),
    "certificate that is not in its Secret": (
        lambda d: d["config"].update(tls="influxdb-tls", ca="ca.crt"),
        lambda _: unread("tls", message="the secret influxdb-tls has no key ca.crt"),
        "the secret influxdb-tls has no key ca.crt",
    ),
    "container that no pod has": (
        lambda d: d["components"]["processor"].update(container="procesor"),
        lambda _: {},
        "Deployment processor has no container procesor, only processor; expected one",
    ),
    "scheme that the store does not speak": (
        lambda d: d["config"].update(tls="influxdb-secrets"),
        lambda _: unread(
            "influxdb_newest",
            "influxdb_token",
            "influxdb_write",
            "influxdb_read_token",
            "influxdb_health",
            "tls",
            kind="ServiceUnreachable",
            message="influxdb does not speak TLS",
        ),
        "does not speak TLS",
    ),
}


@pytest.mark.parametrize("mistake", SEEN)
def test_what_is_seen_by_a_wrong_description_is_told_in_one_line(mistake: str) -> None:
    change, see, said = SEEN[mistake]
    mistaken = Pipeline.from_document(changed(change))
    world = plain()
    failures = see(world.answers)
    answers = {source: answer for source, answer in world.answers.items() if source not in failures}
    snapshot = Snapshot(world.now, "", mistaken.namespace, answers, failures, mistaken)
    lines = [result.why for result in run_checks(snapshot, cases(mistaken, run="daily")).values()]
    assert any(said in line for line in lines), lines
