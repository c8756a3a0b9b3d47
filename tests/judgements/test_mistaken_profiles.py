"""A description with a mistake is never green: it is refused with one line, or what it names is missed by a check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.checklist.checks import cases
from pipeline_services.checklist.described import described_pipeline
from pipeline_services.checklist.run import run_checks
from pipeline_services.discover.cli import main as discover_main
from pipeline_services.discover.toml_text import value
from pipeline_services.experiment import ledger_run, promise_run
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.exit_codes import REFUSED as REFUSED_CODE
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.triage.walk.cli import main as triage_main
from tests.judgements.test_plain_pipeline import PLAIN, plain

Change = Callable[[dict[str, Any]], object]

REFUSED: Mapping[str, tuple[Change, str]] = {
    "unknown key": (lambda d: d.update(naem="x"), "unknown key 'naem' in pipeline; did you mean 'name'?"),
    "unknown key of a component": (
        lambda d: d["components"]["kafka"].update(selectr={}),
        "unknown key 'selectr' in pipeline.components.kafka; did you mean 'selector'?",
    ),
    "missing key": (lambda d: d["topics"].pop("group"), "pipeline.topics has no 'group'"),
    "missing table": (lambda d: d.pop("store"), "pipeline has no 'store'"),
    "text for a number": (
        lambda d: d["components"]["kafka"]["service"].update(port="9092"),
        "pipeline.components.kafka.service.port must be a whole number, not '9092'",
    ),
    "one for many": (
        lambda d: d["components"]["kafka"].update(affects="producer"),
        "pipeline.components.kafka.affects must be a list, not 'producer'",
    ),
    "affects nobody": (
        lambda d: d["components"]["kafka"].update(affects=["procesor"]),
        "components.kafka.affects: 'procesor' is none of",
    ),
    "no regular expression": (
        lambda d: d["components"]["kafka"].update(error_line="(ERROR"),
        "components.kafka.error_line: '(ERROR' is no regular expression: missing )",
    ),
    "no such kind": (lambda d: d["components"]["kafka"].update(kind="Statefulset"), "did you mean 'StatefulSet'?"),
    "no such level": (
        lambda d: d["components"]["kafka"].update(escalation="L9"),
        "components.kafka.escalation: 'L9' is none of L1, L2, L3",
    ),
    "volume without a place": (
        lambda d: d["components"]["kafka"].update(mount=""),
        "has a volume and no mount: its path in the container",
    ),
    "no such placeholder": (
        lambda d: d["components"]["kafka"].update(next_command="kubectl logs {pots:kafka}"),
        "components.kafka.next_command: there is no placeholder {pots:kafka}",
    ),
    "part of nobody": (
        lambda d: d["components"]["prometheus"].update(part_of="promtheus"),
        "components.prometheus.part_of: 'promtheus' is none of",
    ),
    "flow to nobody": (
        lambda d: d["flows"].append({"source": "producer", "destination": "kafak", "port": 9092}),
        "flows: 'kafak' is none of",
    ),
    "no such port": (
        lambda d: d["flows"].append({"source": "producer", "destination": "kafka", "port": 90920}),
        "flows: 90920 of producer-kafka is no port, which is a number from 1 to 65535",
    ),
    "no such protocol": (
        lambda d: d["flows"].append({"source": "producer", "destination": "kafka", "port": 1, "protocol": "HTTP"}),
        "flows: the protocol 'HTTP' of producer-kafka is none of TCP, UDP, SCTP",
    ),
    "settings for nobody": (
        lambda d: d["config"]["config_maps"]["producer-config"].update(kafak={}),
        "config.config_maps.producer-config: 'kafak' is none of",
    ),
    "no such part of the cluster": (
        lambda d: d["cluster"]["coredns"].update(kind="Pod"),
        "cluster.coredns.kind: 'Pod'",
    ),
    "no such measurer": (lambda d: d.update(usage="metrics_api"), "usage: 'metrics_api' is none of"),
    "no such delivery": (lambda d: d.update(delivery="at-least-onec"), "did you mean 'at-least-once'?"),
    "levels for nothing": (lambda d: d["levels"].update({"producer-rat": {"fail": 1}}), "levels: 'producer-rat'"),
    "levels the wrong way round": (
        lambda d: d["levels"]["producer-rate"].update(warn=0.1),
        "levels.producer-rate: warn 0.1 would come after fail 0.5",
    ),
    "query for nothing": (lambda d: d.update(queries={"lag": "x{$selector}"}), "queries: 'lag' is none of"),
    "query of all namespaces": (
        lambda d: d.update(queries={"producer-rate": "sum(rate($produced[1m]))"}),
        "queries.producer-rate: it has no $selector",
    ),
    "query with an unknown word": (
        lambda d: d.update(queries={"producer-rate": "sum(rate($prodced{$selector}[1m]))"}),
        "did you mean 'produced'?",
    ),
    "message of nobody": (lambda d: d["message"].update(series=[]), "message.series: empty"),
    "exemption of nothing": (
        lambda d: d.update(
            exemptions=[{"check": "test_kafka_topc", "reason": "x", "owner": "y", "until": "2027-01-01"}]
        ),
        "did you mean 'test_kafka_topic'?",
    ),
    "exemption for ever": (
        lambda d: d.update(exemptions=[{"check": "test_kafka_topic", "reason": "x", "owner": "y", "until": "never"}]),
        "exemptions: test_kafka_topic is let pass until 'never', which is no day as 2026-12-31",
    ),
    "template that is no message": (
        lambda d: d["message"].update(template='{"conveyor_id": "line_1"}'),
        "message.template: no field timestamp",
    ),
    "tag of nothing": (lambda d: d["message"].update(tags={"conveyor": "id"}), "message.tags: 'conveyor' is none of"),
    "time in no format": (lambda d: d["message"].update(time_format="iso"), "message.time_format: 'iso' is none of"),
}


def changed(change: Change) -> dict[str, Any]:
    document = PLAIN.document()
    change(document)
    return document


def written(document: dict[str, Any], folder: Path) -> Path:
    """A description as a file."""
    file = folder / "mine.toml"
    file.write_text("".join(f"{key} = {value(held)}\n" for key, held in document.items()))
    return file


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_description_that_makes_no_sense_is_refused_with_one_line(mistake: str, tmp_path: Path) -> None:
    change, said = REFUSED[mistake]
    file = written(changed(change), tmp_path)
    with pytest.raises(PreconditionNotMet) as refused:
        described_pipeline(file)
    assert refused.value.message.startswith(f"{file}: ")
    assert said in refused.value.message
    assert "\n" not in refused.value.message


COMMANDS: Mapping[str, tuple[Callable[[list[str]], int], str]] = {
    "triage": (triage_main, "--pipeline"),
    "discover": (discover_main, "--check"),
    "ledger": (ledger_run.main, "--pipeline"),
    "promises": (promise_run.main, "--pipeline"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("mistake", ["levels for nothing", "exemption of nothing", "query of all namespaces"])
def test_every_command_refuses_it_before_it_asks_anything(
    command: str, mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # no cluster is there to be asked
    main, option = COMMANDS[command]
    change, said = REFUSED[mistake]
    try:
        code = main([option, str(written(changed(change), tmp_path))])
    except SystemExit as ended:
        code = int(str(ended.code))
    [line] = capsys.readouterr().err.splitlines()
    assert (code, said in line) == (REFUSED_CODE, True)


def test_a_name_that_no_shipped_profile_has_names_those_that_there_are() -> None:
    with pytest.raises(PreconditionNotMet, match="there is no profile plian") as refused:
        Pipeline.load(Path("plian"))
    assert refused.value.next_step == "name a file, or one of ca3, conveyor, plain"


def no_figures(answers: dict[str, Any], *metrics: str) -> None:
    """What Prometheus says of series that it does not have."""
    for metric in metrics:
        answers[f"prometheus/{metric}"] = []


WRONG: Mapping[str, tuple[Change, str]] = {
    "topic": (lambda d: d["topics"].update(readings="conveyor-sped"), "conveyor-sped"),
    "partitions": (lambda d: d["topics"].update(partitions=6), "6"),
    "selector": (lambda d: d["components"]["processor"].update(selector={"app": "procesor"}), "processor"),
    "workload": (lambda d: d["components"]["processor"].update(workload="procesor"), "procesor"),
    "kind": (lambda d: d["components"]["processor"].update(kind="StatefulSet"), "processor"),
    "service": (lambda d: d["components"]["kafka"]["service"].update(name="kafka-svc"), "kafka-svc"),
    "port": (lambda d: d["components"]["kafka"]["service"].update(port=9999), "9999"),
    "volume": (lambda d: d["components"]["kafka"].update(volume="data-kafka-0", workload="kafk"), "kafk"),
    "config map": (
        lambda d: d["config"]["config_maps"].update({"worker-config": {"kafka": {"A": "b"}}}),
        "there is no ConfigMap worker-config",
    ),
    "setting": (
        lambda d: d["config"]["config_maps"]["producer-config"]["kafka"].update(KAFKA_TOPIC="other"),
        "KAFKA_TOPIC in producer-config is 'conveyor-speed'",
    ),
    "secret": (lambda d: d["config"]["secrets"].update({"influx-secret": ["t"]}), "there is no Secret influx-secret"),
    "key of a secret": (
        lambda d: d["config"]["secrets"].update({"influxdb-secrets": ["token"]}),
        "Secret influxdb-secrets has no value for token",
    ),
    "autoscaler": (
        lambda d: (
            d["components"].update(hpa={}),
            d["components"]["processor"].update(
                autoscaler={
                    "name": "processor-hpa",
                    "min_replicas": 1,
                    "max_replicas": 5,
                    "cpu_percent": 70,
                    "scale_up_window_s": 15,
                    "scale_down_window_s": 300,
                }
            ),
        ),
        "processor-hpa",
    ),
    "certificate": (lambda d: d["config"].update(tls="influxdb-tls"), "the snapshot has no tls"),
    "dead letters": (lambda d: d["topics"].update(dead_letters="conveyor-dlq"), "conveyor-dlq"),
    "flow that no policy allows": (
        lambda d: d["flows"].append({"source": "prometheus", "destination": "kafka", "port": 9404}),
        "prometheus",
    ),
    "flow too few": (
        lambda d: d.update(flows=[one for one in d["flows"] if one["source"] != "prometheus"]),
        "prometheus",
    ),
    "part of the cluster": (lambda d: d["cluster"].update(calico={**d["cluster"]["kube-router"]}), "calico"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_description_of_something_else_is_not_green(mistake: str) -> None:
    change, named = WRONG[mistake]
    mistaken = Pipeline.from_document(changed(change))
    world = plain()
    snapshot = Snapshot(world.now, "", mistaken.namespace, world.answers, {}, mistaken)
    red = [result.why for result in run_checks(snapshot, cases(mistaken, run="daily")).values()]
    assert any(named in why for why in red), red


@pytest.mark.parametrize(
    ("series", "metrics"),
    [
        ("produced", ("producer-rate", "processor-matches-producer")),
        ("consumed", ("processor-matches-producer", "influxdb-writes-match-processor")),
        ("written", ("influxdb-writes-match-processor",)),
    ],
)
def test_a_series_that_there_is_not_is_not_green(series: str, metrics: tuple[str, ...]) -> None:
    mistaken = Pipeline.from_document(changed(lambda d: d["metrics"].update({series: "no_such_total"})))
    world = plain()
    no_figures(world.answers, *metrics)
    red = run_checks(Snapshot(world.now, "", "", world.answers, {}, mistaken), cases(mistaken, run="daily"))
    assert {f"test_key_metric[{metric}]" for metric in metrics} <= {str(one) for one in red}
