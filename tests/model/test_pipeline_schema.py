"""The published schema says of a description what the typed model says of it."""

from __future__ import annotations

import copy
import dataclasses
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.model import pipeline_schema
from pipeline_services.model.cluster_part import ClusterPart
from pipeline_services.model.component import Autoscaler, Component, Service
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.flows import Flow
from pipeline_services.model.paths import PIPELINES
from pipeline_services.model.pipeline import OWN, Pipeline
from tests.json_schema import mistakes
from tests.other_pipeline import other_pipeline, without

SCHEMA = json.loads(pipeline_schema.PUBLISHED.read_text(encoding="utf-8"))
DESCRIPTIONS = sorted(PIPELINES.glob("*.toml"))


def test_the_published_file_is_as_the_model_says(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    assert pipeline_schema.main(file) == 0
    assert file.read_text() == pipeline_schema.PUBLISHED.read_text(), (
        "python -m pipeline_services.model.pipeline_schema"
    )


@pytest.mark.parametrize("kind", [Component, Service, Autoscaler, ClusterPart, Flow])
def test_every_key_of_the_model_is_in_it(kind: type) -> None:
    names = {one.name for one in dataclasses.fields(kind)} - ({"id"} if kind is Component else set())
    assert set(SCHEMA["$defs"][kind.__name__]["properties"]) == names
    assert set(SCHEMA["properties"]) == {one.name for one in dataclasses.fields(Pipeline)}


@pytest.mark.parametrize("file", DESCRIPTIONS, ids=lambda file: file.stem)
def test_a_shipped_description_keeps_to_it_and_names_it(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert mistakes(tomllib.loads(text), SCHEMA) == []
    directive, name = text.splitlines()[0].split()
    assert directive == pipeline_schema.COMMENT
    assert (file.parent / name).resolve() == pipeline_schema.PUBLISHED


@pytest.mark.parametrize("pipeline", [other_pipeline(), without("grafana")], ids=lambda pipeline: pipeline.name)
def test_other_descriptions_keep_to_it(pipeline: Pipeline) -> None:
    assert mistakes(pipeline.document(), SCHEMA) == []


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (lambda d: d.update(topicz={}), ": topicz is unknown"),
        (lambda d: d.pop("store"), ": store is missing"),
        (lambda d: d.update(namespace=7), "namespace: 7 is no string"),
        (lambda d: d["topics"].update(partitions=True), "topics.partitions: True is no integer"),
        (lambda d: d["components"]["kafka"].update(affects="x"), "components.kafka.affects: 'x' is no array"),
        (lambda d: d["components"]["kafka"].update(kind="Set"), "components.kafka.kind: 'Set' is none of"),
        (lambda d: d["flows"][0].update(port=70_000), "flows[0].port: 70000 is too large"),
        (lambda d: d["flows"][0].update(protocol="ICMP"), "flows[0].protocol: 'ICMP' is none of"),
        (lambda d: d["dashboard"]["panels"].update(one="x"), "dashboard.panels.one: 'one' does not match"),
    ],
)
def test_what_the_model_refuses_it_refuses_too(change: Callable[[dict[str, Any]], object], mistake: str) -> None:
    document = copy.deepcopy(tomllib.loads(OWN.read_text(encoding="utf-8")))
    change(document)
    with pytest.raises(PreconditionNotMet):
        Pipeline.from_document(document)
    assert [line for line in mistakes(document, SCHEMA) if line.startswith(mistake)]
