"""What is read for the comparison: every list, as far as the account may, and what Kafka and InfluxDB were told."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Self

import pytest

from pipeline_services.experiment import inventory
from pipeline_services.experiment.leftovers import LISTS, differences
from pipeline_services.model.errors import AccessDenied, NoData, ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from tests.snapshot.fake_pipeline import secret

OWN = Pipeline.load()
RULE = {"everySeconds": 604_800}


class Broker:
    """A broker with one topic that has a setting of its own."""

    quotas_are: list[dict[str, Any]]
    brokers_are: list[dict[str, str]]

    def __init__(self, _port: int) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def topics(self) -> dict[str, Any]:
        return {"readings": [{}, {}]}

    def settings(self, topics: Any) -> dict[str, Any]:
        own, given = {"value": "1", "own": True}, {"value": "7", "own": False}
        return {topic: {"flush.messages": own, "retention.ms": given} for topic in topics}

    def quotas(self) -> list[dict[str, Any]]:
        return self.quotas_are

    def set_at_run_time(self) -> list[dict[str, str]]:
        return self.brokers_are


class Cluster:
    """An API server with one object of each kind, but for those that are refused or not known."""

    def __init__(self, **refusals: Exception) -> None:
        self.refusals = refusals
        self.asked: list[tuple[str, str]] = []

    def list(self, kind: str, *, namespace: str = "") -> list[dict[str, Any]]:
        self.asked.append((kind, namespace))
        if kind in self.refusals:
            raise self.refusals[kind]
        if kind == "secrets":
            return [secret(OWN.config.admin, token=b"admin")]
        return [{"metadata": {"name": "one"}, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "none"}}}]


def influxdb(**changes: Any) -> Any:
    held: dict[str, Any] = {
        "buckets": [{"id": "1", "name": "readings", "retentionRules": [RULE], "updatedAt": "now"}],
        "orgs": [{"id": "7", "name": "plant"}],
        "tasks": [],
        "authorizations": [{"id": "9", "token": "very-secret", "status": "active", "permissions": ["write"]}],
        **changes,
    }

    def ask_json(path: str, _query: Any, headers: dict[str, str]) -> dict[str, Any]:
        assert headers == {"Authorization": "Token admin"}
        what = path.rpartition("/")[2]
        return {what: held[what]}

    return SimpleNamespace(ask_json=ask_json)


def look(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> tuple[dict[str, dict[str, str]], list[str]]:
    broker = type("Made", (Broker,), {"quotas_are": changes.pop("quotas", []), "brokers_are": changes.pop("set", [])})
    monkeypatch.setattr(inventory, "KafkaBroker", broker)
    cluster: Any = changes.pop("cluster", Cluster())
    pipeline = changes.pop("pipeline", OWN)
    probes: Any = SimpleNamespace(pipeline=pipeline, influx=influxdb(**changes), kafka_forward=SimpleNamespace(port=1))
    return inventory.everything(cluster, probes)


def test_every_list_is_asked_and_no_token_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster()
    found, unseen = look(monkeypatch, cluster=cluster)
    assert set(cluster.asked) == {(one.kind, one.namespace) for one in LISTS.values()}
    assert (unseen, "very-secret" in json.dumps(found)) == ([], False)
    assert found["kafka topics/readings"] == {"partitions": "2", "flush.messages": '"1"'}
    assert found["influxdb buckets/readings"]["retentionRules"] == json.dumps([RULE])


def test_what_may_not_be_listed_is_named_and_a_kind_that_is_not_known_has_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusals: dict[str, Exception] = {
        "priorityclasses": AccessDenied("list", "priorityclasses"),
        "validatingadmissionpolicybindings": NoData("404"),
    }
    found, unseen = look(monkeypatch, cluster=Cluster(**refusals))
    assert unseen == ["priorityclasses"]
    assert not [name for name in found if name.startswith(("priorityclasses", "validatingadmission"))]


def test_a_list_that_does_not_come_is_no_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceUnreachable):
        look(monkeypatch, cluster=Cluster(roles=ServiceUnreachable("no answer")))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"quotas": [{"for": {"client-id": None}, "limits": {"rate": 1.0}}]},
            'kafka clients/{"client-id": null} is new',
        ),
        (
            {"set": [{"broker": "", "key": "log.retention.ms", "value": "1"}]},
            "kafka brokers/all log.retention.ms is new",
        ),
        (
            {"tasks": [{"id": "t", "name": "thin-out", "flux": "x", "status": "active"}]},
            "influxdb tasks/thin-out is new",
        ),
        (
            {"buckets": [{"id": "1", "name": "readings", "retentionRules": []}]},
            "influxdb buckets/readings: retentionRules",
        ),
        ({"orgs": [{"id": "7", "name": "plant"}, {"id": "8", "name": "other"}]}, "influxdb orgs/other is new"),
        (
            {"authorizations": [{"id": "9", "status": "inactive", "permissions": ["write"]}]},
            "influxdb authorizations/9: s",
        ),
    ],
)
def test_what_a_store_was_told_is_seen(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], told: str) -> None:
    before, _ = look(monkeypatch)
    after, _ = look(monkeypatch, **changes)
    (line,) = differences(before, after)
    assert line.startswith(told)


def test_a_store_whose_administrator_is_not_described_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = look(monkeypatch, pipeline=replace(OWN, config=replace(OWN.config, admin="")))
    assert not [name for name in found if name.startswith("influxdb")]
