"""Which rows of the matrix a pipeline can be put to, and what it lacks for the others."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chaos import staging
from chaos.fault_builders.common import own_broker, own_store
from chaos.fault_builders.network import policy_for
from chaos.matrix.applicable import lacking, left_out_lines, sorted_out
from chaos.scenarios import MATRIX
from pipeline_services.checklist import checks
from pipeline_services.experiment.scenario import FOREIGN_DIAGNOSIS_TIMEOUT_S, Scenario, finding
from pipeline_services.faults.admin import OUT_OF_REACH, Admin
from pipeline_services.faults.model import Fault
from pipeline_services.model.errors import NotApplicable, PreconditionNotMet
from pipeline_services.model.pipeline import Pipeline
from tests.chaos.stand_in import StandIn
from tests.judgements.foreign_roles import foreign_kafka, shared
from tests.runs import run

PLAIN, CA3 = Pipeline.load(Path("plain")), Pipeline.load(Path("ca3"))
OF_CA3 = {"prometheus.yml": "scrape_configs: [{job_name: kubernetes-pods}]"}
ACCEPTANCE = (
    "config-port-wrong",
    "token-revoked",
    "policy-processor-cut-off",
    "service-kafka-missing",
    "node-cordoned",
    "producer-image-wrong",
    "processor-ends-at-once",
    "processor-hung",
    "kafka-scaled-to-zero",
    "influxdb-hung-unprobed",
    "prometheus-scaled-to-zero",
)
"""Those that any first pipeline is to be put to: each says another component or another cause."""


def stand_in(pipeline: Pipeline) -> Any:
    return StandIn(pipeline, OF_CA3 if pipeline is CA3 else {})


def test_the_suites_own_pipeline_is_put_to_every_row() -> None:
    assert sorted_out(MATRIX, stand_in(Pipeline.load())) == {}


@pytest.mark.parametrize("pipeline", [PLAIN, CA3], ids=lambda pipeline: pipeline.name)
def test_a_pipeline_is_put_to_what_it_has(pipeline: Pipeline) -> None:
    lacks = sorted_out(MATRIX, stand_in(pipeline))
    assert set(lacks).isdisjoint(ACCEPTANCE)
    without_manifests = [why for why in lacks.values() if checks.SET_AS_DECLARED.id in why]
    assert len(MATRIX) - len(lacks) > (len(MATRIX) - len(without_manifests)) / 2
    assert all(pipeline.name in why for why in lacks.values())
    for row in MATRIX.keys() - lacks.keys():
        assert MATRIX[row].components <= set(pipeline.reported)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("autoscaler-missing", "the profile of plain has nothing for {hpa:producer}"),
        ("autoscaler-target-wrong", "plain has no hpa"),
        ("certificate-expired", "plain has no check test_certificate_valid_for_weeks"),
        ("kafka-hung", "no probe of plain asks the process of kafka"),
        ("topic-missing", "topics of plain are made by their first use: one is back at once"),
        ("poison-messages", "the apps of plain are its own: they read other messages than the suite sends"),
        ("partitions-read-by-another", "the readings of plain are in one partition, which nobody shares"),
        ("processor-one-of-two-hung", "plain has no hpa"),
        ("token-rotated-pods-not-restarted", "the apps of plain have the administrator's token, and there is no other"),
        ("prometheus-job-missing", "Prometheus of plain has no job apps"),
        ("influxdb-volume-full", "nobody measures the volumes of plain"),
        ("producer-probe-wrong", "producer of plain has no port of the name http"),
        ("config-group-wrong", "no ConfigMap of plain has KAFKA_GROUP"),
    ],
)
def test_what_is_lacking_is_said(row: str, why: str) -> None:
    assert lacking(MATRIX[row], stand_in(PLAIN)) == why


ELSEWHERE = {
    "outside": (Pipeline.from_document(foreign_kafka()), "kafka of plain is run by others, outside the cluster"),
    "shared": (
        Pipeline.from_document(shared("kafka", "influxdb", "prometheus")),
        "kafka of plain is run by others, in the namespace monitoring",
    ),
    "all-shared": (
        Pipeline.from_document(shared("kafka", "influxdb", "prometheus", "loki", "grafana", of=Pipeline.load())),
        "kafka of conveyor is run by others, in the namespace monitoring",
    ),
}


@pytest.mark.parametrize("place", ELSEWHERE)
def test_what_others_run_is_not_broken(place: str) -> None:
    pipeline, why = ELSEWHERE[place]
    lacks = sorted_out(MATRIX, StandIn(pipeline, {}))
    assert {lacks[row] for row in ("kafka-pod-deleted", "kafka-hung", "kafka-scaled-to-zero")} == {why}
    left = MATRIX.keys() - lacks.keys()
    assert len(left) > 30
    theirs = {part.id for part in pipeline.components.values() if part.elsewhere}
    assert not [row for row in left if MATRIX[row].components & theirs]


def test_a_certificate_that_signed_itself_has_no_authority() -> None:
    assert "signed itself" in lacking(MATRIX["certificate-expired"], stand_in(CA3))


def test_a_fault_that_cannot_be_made_now_is_no_row_that_does_not_apply() -> None:
    def refuse(_pipeline: object) -> Fault:
        raise PreconditionNotMet("there is no pod of kafka")

    row = Scenario("row", cast("Any", refuse), (finding("kafka", "pod-replaced"),))
    with pytest.raises(PreconditionNotMet, match="there is no pod of kafka"):
        lacking(row, stand_in(PLAIN))


@pytest.mark.parametrize("own", [own_broker, own_store])
def test_a_fault_inside_a_server_is_not_begun_where_the_nodes_are_out_of_reach(own: Any) -> None:
    elsewhere = stand_in(PLAIN)
    assert own(elsewhere).namespace == PLAIN.namespace
    elsewhere.authorized = SimpleNamespace(own=False)
    with pytest.raises(NotApplicable, match="lets a program run on its node"):
        own(elsewhere)


@pytest.mark.parametrize("row", ["processor-hung", "policy-processor-cut-off", "kubelet-stopped"])
def test_on_a_cluster_whose_nodes_are_out_of_reach_what_needs_one_is_left_out(row: str) -> None:
    elsewhere = stand_in(PLAIN)
    elsewhere.authorized = SimpleNamespace(own=False)
    assert lacking(MATRIX[row], elsewhere) == OUT_OF_REACH
    assert lacking(MATRIX["kafka-scaled-to-zero"], elsewhere) == ""


def test_a_fault_that_asks_the_node_where_there_is_none_does_not_apply() -> None:
    admin = Admin.__new__(Admin)
    admin._node = None
    with pytest.raises(NotApplicable, match="lets a program run on its node"):
        admin.on_node(["true"])


def test_each_reason_is_told_once() -> None:
    lines = left_out_lines({"a": "plain has no hpa", "b": "plain has no loki", "c": "plain has no hpa"}, 9)
    assert lines == ["3 of 9 rows are not applicable here:", "  plain has no hpa: a, c", "  plain has no loki: b"]
    assert left_out_lines({}, 9) == []


def test_no_row_is_left_out_before_it_is_named() -> None:
    file = "chaos/matrix/test_matrix.py"
    lines = run("pytest", "-m", "matrix", "--pipeline", "plain", "--collect-only", "-q", file).stdout.splitlines()
    assert len([line for line in lines if "test_fault_is_seen[" in line]) == len(MATRIX)


def test_rows_that_are_left_out_are_named_and_counted() -> None:
    items = [SimpleNamespace(callspec=SimpleNamespace(params={"row": row})) for row in ("node-cordoned", "kafka-hung")]
    score = SimpleNamespace(callspec=None)
    lines: list[str] = []
    deselected: list[object] = []
    hook = SimpleNamespace(pytest_deselected=lambda *, items: deselected.extend(items))
    session: Any = SimpleNamespace(items=[*items, score], config=SimpleNamespace(hook=hook))
    played = stand_in(PLAIN)
    played.say = lines.append
    staging.leave_out(played, session)
    assert (session.items, deselected) == ([items[0], score], [items[1]])
    assert lines[0] == "1 of 2 rows are not applicable here:"


def test_a_row_takes_longer_where_the_apps_are_not_the_suites_own() -> None:
    row = MATRIX["processor-hung"]
    assert row.filled(PLAIN).deadline_s == FOREIGN_DIAGNOSIS_TIMEOUT_S > row.deadline_s
    assert row.filled(Pipeline.load()).deadline_s == row.deadline_s


def test_a_policy_is_found_by_whom_it_is_for() -> None:
    assert policy_for(stand_in(PLAIN), "processor", "egress", 8086) == "processor"
    with pytest.raises(NotApplicable, match="plain has not one policy for egress of kafka on port 9092 but 0"):
        policy_for(stand_in(PLAIN), "kafka", "egress", 9092)
