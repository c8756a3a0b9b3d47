"""The description of a pipeline is read strictly, and answers who plays which role."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.model import roles
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.pipeline import OWN, Pipeline
from pipeline_services.model.toml_table import is_none_of
from tests.other_pipeline import other_pipeline

DOCUMENT = tomllib.loads(OWN.read_text(encoding="utf-8"))
Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(topicz={}), "unknown key 'topicz' in pipeline; did you mean 'topics'?"),
        (lambda d: d.update(x=1), "unknown key 'x' in pipeline; known are"),
        (lambda d: d.pop("store"), "pipeline has no 'store'"),
        (lambda d: d.update(namespace=7), "pipeline.namespace must be a text, not 7"),
        (lambda d: d["topics"].update(partitions="6"), "pipeline.topics.partitions must be a whole number, not '6'"),
        (lambda d: d["topics"].update(partitions=True), "pipeline.topics.partitions must be a whole number, not True"),
        (lambda d: d["components"]["kafka"].update(affects="producer"), "affects must be a list"),
        (lambda d: d["components"]["kafka"].update(affects=["procesor"]), "'procesor' is none of"),
        (lambda d: d["components"]["kafka"].update(kind="Set"), "components.kafka.kind: 'Set' is none of"),
        (
            lambda d: d["components"]["kafka"].update(escalation="L4"),
            "components.kafka.escalation: 'L4' is none of L1, L2, L3",
        ),
        (
            lambda d: d["components"]["kafka"].update(next_command="{pods:kafka}"),
            "there is no placeholder {pods:kafka}",
        ),
        (lambda d: d["components"]["kafka"].update(next_command="{hpa:kafka}"), "has nothing for {hpa:kafka}"),
        (lambda d: d["dashboard"]["datasources"].update(tempo="t"), "dashboard.datasources: 'tempo' is none of"),
        (lambda d: d["config"]["settings"].update(kafak={}), "config.settings: 'kafak' is none of"),
        (lambda d: d["components"]["kafka"].pop("mount"), "components.kafka has a volume and no mount"),
        (lambda d: d["components"]["log-shipper"].update(part_of="lokki"), "'lokki' is none of"),
        (lambda d: d["components"].update(kafka=3), "pipeline.components.kafka must be a table"),
        (lambda d: d["flows"].append({"source": "kafka", "destination": "nobody", "port": 1}), "'nobody' is none of"),
        (lambda d: d["dashboard"]["panels"].update(one="x"), "the key 'one' must be a whole number"),
    ],
)
def test_a_mistake_is_named_with_its_place(change: Change, message: str) -> None:
    with pytest.raises(PreconditionNotMet) as caught:
        Pipeline.from_document(changed(change))
    assert message in caught.value.message


@pytest.mark.parametrize(("text", "message"), [(None, "cannot read"), ("a = [", "is not TOML")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "other.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(PreconditionNotMet, match=message) as caught:
        Pipeline.load(file)
    assert str(file) in caught.value.message


@pytest.mark.parametrize("pipeline", [Pipeline.load(), other_pipeline()], ids=lambda pipeline: pipeline.name)
def test_a_description_survives_a_file(pipeline: Pipeline) -> None:
    document = json.loads(json.dumps(pipeline.document()))
    again = Pipeline.from_document(document)
    assert {name: getattr(again, name) for name in document} == {name: getattr(pipeline, name) for name in document}
    assert list(again.components) == list(pipeline.components)


def test_another_pipeline_keeps_its_own_names() -> None:
    def rename(document: dict[str, Any]) -> None:
        document["components"]["kafka"] |= {"workload": "broker", "selector": {"app.kubernetes.io/name": "broker"}}

    other = Pipeline.from_document(changed(rename))
    found = other.component_of({"metadata": {"labels": {"app.kubernetes.io/name": "broker", "pod": "broker-0"}}})
    assert found is not None
    assert (found.id, found.first_pod, found.label_selector) == (
        roles.KAFKA,
        "broker-0",
        "app.kubernetes.io/name=broker",
    )
    assert other.component_of({"metadata": {"labels": {"app": "kafka"}}}) is None
    assert Pipeline.load()[roles.KAFKA].workload == "kafka"


def test_the_log_shipper_is_a_part_of_loki() -> None:
    pipeline = Pipeline.load()
    assert [part.workload for part in pipeline.parts_of(roles.LOKI)] == ["loki", "log-shipper"]
    assert roles.LOG_SHIPPER not in pipeline.reported


def test_what_fails_upstream_affects_all_that_is_downstream_of_it() -> None:
    pipeline = Pipeline.load()
    assert pipeline.affected_by("kafka") == {"kafka", "producer", "processor", "influxdb", "grafana"}
    assert pipeline.affected_by("influxdb") == {"influxdb", "processor", "grafana"}


def test_the_data_path_is_what_the_flows_of_readings_connect() -> None:
    def with_one_flow(document: dict[str, Any]) -> None:
        document["flows"] = [
            {"source": "producer", "destination": "kafka", "port": 9092, "carries_readings": True},
            {"source": "grafana", "destination": "loki", "port": 3100},
        ]
        document["components"]["producer"]["metrics_port"] = 0

    pipeline = Pipeline.from_document(changed(with_one_flow))
    assert (pipeline.data_path, pipeline.scraped) == (("kafka", "producer"), ("kafka",))


def test_queries_name_a_component_s_series_by_its_workload() -> None:
    words = other_pipeline().query_words
    assert (words["app"], words["produced"]) == ("service", "works_produced")
    assert (words["of_processor"], words["of_log_shipper"]) == ('service="etl"', 'service="tailer"')
    assert {"bus", "series", "gateway", "etl"} <= set(words["of_data_path"].split('"')[1].split("|"))


def test_causes_stand_before_what_they_affect() -> None:
    pipeline = Pipeline.load()
    assert pipeline.rank("node") < pipeline.rank("kafka") < pipeline.rank("processor") < pipeline.rank("grafana")
    assert pipeline.rank("no such component") == len(pipeline.components)


def test_names_are_public() -> None:
    public = Pipeline.load().public_values()
    assert {"conveyor", "sensor-data", "sensor-readings", "kafka-service", "data-processor-group"} <= public


def test_of_many_names_a_line_has_some_and_the_nearest() -> None:
    known = [f"test_{number:03}" for number in range(300)]
    assert is_none_of("test_2999", known).endswith("test_019, … (300 in all); did you mean 'test_299'?")
    assert is_none_of("x", known[:2]) == "is none of test_000, test_001"
