"""Buckets of a trial's own: made, read, and errors told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from pipeline_services.apps.load import Load
from pipeline_services.clients.http import Answer, HttpApi
from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.release.store import TrialStore

STORE = Pipeline.load().store
CSV = (
    "name,tags,time,sequence,value,checksum\n"
    'conveyor_reading,"device_id=conveyor-00,producer_id=bench-1",1000000000000000000,0,1.5,{checksum}\n'
)


class Influx:
    """Answers each path as it is told; remembers what was asked."""

    def __init__(self, answers: Mapping[str, Any], made: int = 201) -> None:
        self.answers, self.made, self.asked = answers, made, []  # type: ignore[var-annotated]

    def ask_json(self, path: str, query: Mapping[str, str], **_options: Any) -> Any:
        self.asked.append(query.get("q", path))
        return self.answers[path]

    def ask(self, path: str, query: Mapping[str, str], **_options: Any) -> Answer:
        self.asked.append(query["q"])
        return Answer(200, self.answers[path].encode(), "influxdb")

    def send(self, method: str, path: str, data: bytes, *_: Any, **_options: Any) -> Answer:
        self.asked.append(f"{method} {path} {data.decode()}")
        return Answer(self.made, b"", "InfluxDB")


def store(influx: Influx) -> TrialStore:
    return TrialStore(cast(HttpApi, influx), STORE, "secret")


def rows(*values: list[Any]) -> dict[str, Any]:
    return {"/query": {"results": [{"series": [{"values": list(values)}]} if values else {}]}}


def test_a_bucket_is_made_in_the_pipelines_organisation() -> None:
    influx = Influx({"/api/v2/orgs": {"orgs": [{"id": "0a"}]}})
    store(influx).make("bench-1-1")
    made = {"orgID": "0a", "name": "bench-1-1", "retentionRules": []}
    assert influx.asked == ["/api/v2/orgs", f"POST /api/v2/buckets {json.dumps(made)}"]


@pytest.mark.parametrize(("found", "made"), [({"orgs": []}, 201), ({"orgs": [{"id": "0a"}]}, 422)])
def test_a_bucket_that_is_not_made_is_told(found: Any, made: int) -> None:
    with pytest.raises(UnexpectedAnswer, match="InfluxDB"):
        store(Influx({"/api/v2/orgs": found}, made)).make("bench-1-1")


def test_readings_are_counted() -> None:
    assert store(Influx(rows([0, 60_000]))).count("bench-1-1") == 60_000
    assert store(Influx(rows())).count("bench-1-1") == 0


def test_types_are_those_of_all_shards() -> None:
    influx = Influx(rows(["sequence", "integer"], ["sequence", "float"], ["value", "float"]))
    assert store(influx).types("bench-1-1") == {"sequence": "float, integer", "value": "float"}


def test_points_have_checksums_of_what_is_stored() -> None:
    load = Load("bench-1", 1, 10**18)
    (reading,) = list(load)
    influx = Influx({"/query": CSV.format(checksum=reading.checksum())})
    found = store(influx).points("bench-1-1", load)
    assert list(found.checksums(("bench-1", "conveyor-00"))) == [reading.checksum()]


@pytest.mark.parametrize("answer", [{}, {"results": []}, {"results": [{"error": "no such bucket"}]}, []])
def test_an_answer_that_cannot_be_read_is_told(answer: Any) -> None:
    with pytest.raises(UnexpectedAnswer, match="InfluxDB"):
        store(Influx({"/query": answer})).count("bench-1-1")
