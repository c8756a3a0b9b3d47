"""Commands are filled in from the description of the pipeline, and nothing else in them is touched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_services.model.commands import fill, in_context
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.pipeline import Pipeline

PIPELINE = Pipeline.load()


@pytest.mark.parametrize(
    ("command", "filled"),
    [
        ("kubectl logs -n {namespace} {pod:kafka}", "kubectl logs -n conveyor-pipeline kafka-0"),
        ("kubectl scale {workload:producer}", "kubectl scale deployment/producer"),
        ("kubectl scale {kind:kafka} {name:kafka}", "kubectl scale statefulset kafka"),
        ("kubectl get pods -l {selector:log-shipper}", "kubectl get pods -l app=log-shipper"),
        ("svc/{service:prometheus} 9090:{port:prometheus}", "svc/prometheus-service 9090:9090"),
        ("{config_map} {secret:tls} {secret:write_token}", "pipeline-config influxdb-tls pipeline-secrets"),
        ("{secret:read_token} {secret:admin}", "influxdb-read influxdb-admin"),
        ("{topic} {dead_letter_topic} {group}", "sensor-readings sensor-readings-dead-letter data-processor-group"),
        ("{org} {bucket} {measurement}", "conveyor sensor-data conveyor_reading"),
        ("{dashboard}.json", "ca3-pipeline-metrics.json"),
        ("{hpa:processor} {volume:influxdb} -c {container:kafka}", "processor-hpa data-influxdb-0 -c kafka"),
    ],
)
def test_each_placeholder_becomes_the_pipelines_own_name(command: str, filled: str) -> None:
    assert fill(command, PIPELINE) == filled


@pytest.mark.parametrize(
    "text",
    [
        r"-o jsonpath='{.data.tls\.crt}'",
        "jsonpath='{range .items[*]}{.metadata.name}{\"\\n\"}{end .}'",
        '-p \'{"spec":{"paused":true}}\'',
        'echo "${name}"',
    ],
)
def test_braces_that_are_no_placeholder_survive(text: str) -> None:
    assert fill(text, PIPELINE) == text


def test_the_namespace_that_was_looked_at_wins_over_the_descriptions() -> None:
    assert fill("-n {namespace}", PIPELINE, "elsewhere") == "-n elsewhere"


def test_a_findings_own_details_come_first_and_are_not_filled_again() -> None:
    details = {"pod": "producer-1", "workload": "{topic}"}
    assert fill("{pod} {workload} {pod:kafka}", PIPELINE, details=details) == "producer-1 {topic} kafka-0"


@pytest.mark.parametrize("command", ["{nonsense}", "{pod}", "{secret:nonsense}", "{nonsense:kafka}", "{topic:kafka}"])
def test_an_unknown_placeholder_is_an_error_that_names_it(command: str) -> None:
    with pytest.raises(ValueError, match="there is no placeholder " + command):
        fill(command, PIPELINE)


@pytest.mark.parametrize("command", ["{service:producer}", "{pod:nobody}", "{pod:network}", "{hpa:kafka}"])
def test_what_the_description_does_not_have_is_an_error_that_names_it(command: str) -> None:
    with pytest.raises(PreconditionNotMet, match="the profile of conveyor has nothing for " + command):
        fill(command, PIPELINE)


def test_another_pipelines_names_come_from_its_own_description() -> None:
    kafka = replace(PIPELINE["kafka"], workload="broker", selector={"app.kubernetes.io/name": "broker", "tier": "bus"})
    other = replace(PIPELINE, namespace="other", components={**PIPELINE.components, "kafka": kafka})
    command = "kubectl delete pods -n {namespace} -l {selector:kafka} # {pod:kafka}"
    assert fill(command, other) == ("kubectl delete pods -n other -l app.kubernetes.io/name=broker,tier=bus # broker-0")


@pytest.mark.parametrize(
    ("command", "context", "expected"),
    [
        ("kubectl get pods", "plant-7", "kubectl --context plant-7 get pods"),
        ("kubectl get pods", "", "kubectl get pods"),
        ("kubectl get pods", "the plant", "kubectl --context 'the plant' get pods"),
        ("kubectl get a; kubectl get b", "p", "kubectl --context p get a; kubectl --context p get b"),
        ("kubectl --context other get pods", "p", "kubectl --context other get pods"),
        ("ls /usr/bin/kubectl x", "p", "ls /usr/bin/kubectl x"),
    ],
)
def test_a_command_means_the_cluster_that_was_looked_at(command: str, context: str, expected: str) -> None:
    assert in_context(command, context) == expected
