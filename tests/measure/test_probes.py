"""What a look at the consumer group, and at a pod, is taken for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import Endpoint
from pipeline_services.measure import probes as module
from pipeline_services.measure.probes import Probes, pod_seen
from pipeline_services.measure.samples import drained_lag, fresh_age_s
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.offsets import Offsets
from pipeline_services.model.pipeline import Pipeline


class Broker:
    """A broker that says of the group what it is told to."""

    def __init__(self, committed: dict[int, int | None]) -> None:
        self._committed = committed

    def offsets(self, *_of: object) -> Offsets:
        return Offsets(0.0, self._committed, dict.fromkeys(self._committed, 10))

    def group(self, _name: str) -> dict[str, Any]:
        return {"state": "Stable", "members": [{"id": "one", "partitions": [0, 1]}]}


def looked_at(committed: dict[int, int | None], monkeypatch: pytest.MonkeyPatch) -> Probes:
    probes = Probes.__new__(Probes)
    monkeypatch.setattr(probes, "pipeline", Pipeline.load(), raising=False)
    monkeypatch.setattr(probes, "_kafka", Broker(committed), raising=False)
    return probes


def test_the_lag_is_what_is_not_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = looked_at({0: 7, 1: None}, monkeypatch).lag()
    assert (seen.error, seen.lag, seen.committed) == ("", 13, {0: 7, 1: 0})


def test_a_coordinator_that_has_read_nothing_yet_is_no_group_that_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = looked_at({0: None, 1: None}, monkeypatch).lag()
    assert "no offset" in seen.error
    assert seen.committed == {}


def test_readings_without_a_producer_s_number_have_one_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Pipeline.load(Path("plain"))
    asked: list[str] = []

    def select(what: str, _when: str, *, by: str = "", timeout_s: float) -> list[Any]:
        asked.append(what + by)
        return [SimpleNamespace(tags={}, rows=[[at * 1e9, 1.5]]) for at in (60.0, 61.5)]

    probes = Probes.__new__(Probes)
    monkeypatch.setattr(probes, "pipeline", plain, raising=False)
    monkeypatch.setattr(probes, "bucket", SimpleNamespace(select=select), raising=False)
    assert (probes.newest(), asked) == ({"": 61.5}, ['LAST("speed_ms")'])
    monkeypatch.setattr(probes, "bucket", SimpleNamespace(select=lambda *_of, **_how: []), raising=False)
    assert probes.newest() == {}


def test_a_pipeline_of_one_reading_a_second_is_steady_by_levels_of_its_own() -> None:
    own, plain = Pipeline.load(), Pipeline.load(Path("plain"))
    assert (fresh_age_s(own), drained_lag(own)) == (2.0, 300)
    assert (fresh_age_s(plain), drained_lag(plain)) == (5.0, 20.0)


@pytest.mark.parametrize(
    ("labels", "component"), [({"app": "kafka", "pod-template": "1"}, "kafka"), ({"app": "bench"}, ""), (None, "")]
)
def test_a_pod_belongs_to_the_component_whose_selector_matches(labels: dict[str, str] | None, component: str) -> None:
    pod = {"metadata": {"name": "one", "uid": "1", "labels": labels}, "status": {}}
    assert pod_seen(pod, Pipeline.load()).app == component


def test_a_part_that_is_away_leaves_no_way_to_the_others_open(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    @contextmanager
    def forward(_cluster: Cluster, endpoint: Endpoint) -> Iterator[SimpleNamespace]:
        if endpoint.pod == "influxdb-0":
            raise ServiceUnreachable("influxdb-0 is away")
        try:
            yield SimpleNamespace(port=1)
        finally:
            closed.append(endpoint.pod)

    monkeypatch.setattr(module, "PortForward", forward)
    monkeypatch.setattr(module, "store_tls", lambda *_: None)
    monkeypatch.setattr(module, "secret_text", lambda *_: "token")
    cluster: Any = SimpleNamespace(list=lambda _kind: [])
    with pytest.raises(ServiceUnreachable), Probes.open(cluster, Pipeline.load()):
        pass
    assert closed == ["kafka-0"]
