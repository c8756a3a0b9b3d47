"""Every question of the daily run, asked of a snapshot without pytest. A test holds the list to checks/."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from pipeline_services.judgements import (
    config,
    endpoints,
    events,
    grafana,
    hpas,
    influx,
    kafka,
    logs,
    loki,
    networks,
    nodes,
    pods,
    readings,
    resources,
    targets,
    tls,
    volumes,
    workloads,
)
from pipeline_services.metrics.key_metrics import KEY_METRICS
from pipeline_services.metrics.metric import KeyMetric
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.pipeline import STATEFUL_SET, Pipeline
from pipeline_services.snapshot.snapshot import Snapshot

RED: Final = "failed"
UNANSWERED: Final = "inconclusive"
_EVERY: Final = (*roles.DATA_PATH, roles.PROMETHEUS, roles.GRAFANA, roles.LOKI)


@dataclass(frozen=True, slots=True)
class Question:
    """One case: its id as in pytest's node id, the component that it names, and its judgement."""

    id: str
    component: str
    judge: Callable[[Snapshot], object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question came to, where that is not simply yes: failed or inconclusive, and the first line of why."""

    id: str
    component: str
    outcome: str
    why: str

    @property
    def argument(self) -> str:
        """What the check was asked of, the brackets of its id; empty where it has none."""
        return self.id.partition("[")[2].rstrip("]")


def asked(snapshot: Snapshot, questions: Iterable[Question]) -> dict[str, Answer]:
    """The questions that were not answered with yes, by id, in their order."""
    found = {}
    for question in questions:
        try:
            question.judge(snapshot)
        except AssertionError as deviation:
            why = str(deviation).partition("\n")[0]
            found[question.id] = Answer(question.id, question.component, RED, why)
        except PipelineError as error:
            found[question.id] = Answer(question.id, question.component, UNANSWERED, error.message)
    return found


def questions(metrics: Mapping[str, KeyMetric] = KEY_METRICS, absent: frozenset[str] = frozenset()) -> list[Question]:
    """All questions, but for those about components that are declared absent."""
    return [
        question for question in (*_objects(), *_services(), *_metrics(metrics)) if question.component not in absent
    ]


def _of(name: str, judge: Callable[[Snapshot, str], object], whose: Mapping[str, str]) -> Iterator[Question]:
    """One question for each subject, with the component it belongs to."""
    for subject, component in whose.items():
        label = subject.lower().replace(" ", "-").replace("_", "-")
        yield Question(f"{name}[{label}]", component, partial(_with, judge, subject))


def _with(judge: Callable[[Snapshot, str], object], subject: str, snapshot: Snapshot) -> object:
    return judge(snapshot, subject)


def _all(component: str, subjects: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(subjects, component)


def _each(components: Iterable[str]) -> dict[str, str]:
    return {component: component for component in components}


def _objects() -> Iterator[Question]:
    yield from _of("test_pods_ready", pods.are_ready, _each(_EVERY))
    yield from _of("test_rollout_complete", workloads.is_rolled_out, _each(_EVERY))
    yield from _of("test_usage_within_limits", resources.are_within_limits, _each(_EVERY))
    yield Question("test_nodes_ready", "node", nodes.are_ready)
    yield Question("test_nodes_without_pressure", "node", nodes.have_no_pressure)
    yield from _of("test_nodes_have_room", nodes.have_room, _all("node", sorted(nodes.LEVELS)))
    yield from _of("test_hpa_knows_metrics", hpas.knows_metrics, _all("hpa", Pipeline.load().autoscalers))
    yield from _of("test_hpa_set_as_documented", hpas.is_set_as_documented, _all("hpa", Pipeline.load().autoscalers))
    yield from _of("test_volume_bound", volumes.are_bound, _all("storage", Pipeline.load().of_kind(STATEFUL_SET)))
    yield from _of("test_settings_lead_to", config.settings_lead_to, _all("config", Pipeline.load().config.settings))
    yield Question("test_producer_load_set", "config", config.load_is_set)
    yield Question("test_references_exist", "config", config.references_exist)
    yield Question("test_secrets_complete", "config", config.secrets_are_complete)
    yield from _of("test_token_accepted", config.token_is_accepted, _all("config", Pipeline.load().config.tokens))
    yield from _of("test_no_unknown_errors_logged", logs.have_no_unknown_errors, _each(roles.DATA_PATH))
    yield from _of(
        "test_no_open_warning_event", events.have_no_open_warnings, _each(events.event_components(Pipeline.load()))
    )
    yield from _of("test_service_has_endpoint", endpoints.are_ready, Pipeline.load().services)
    yield from _of("test_service_leads_to_pods", endpoints.lead_to_pods, Pipeline.load().services)
    yield Question("test_network_denies_by_default", "network", networks.deny_by_default)
    yield from _of("test_network_denies", networks.deny, _all("network", networks.DENIED))
    yield from _of("test_network_allows", networks.allow, _all("network", networks.FLOWS))


def _services() -> Iterator[Question]:
    yield Question("test_loki_ready", roles.LOKI, loki.is_ready)
    yield Question("test_loki_finds_all_logs", roles.LOKI, loki.finds_all_logs)
    yield Question("test_loki_answers_error_search", roles.LOKI, loki.answers_error_search)
    yield from _of("test_loki_has_logs_of", loki.has_logs_of, _all(roles.LOKI, roles.DATA_PATH))
    yield Question("test_grafana_healthy", roles.GRAFANA, grafana.is_healthy)
    sources = _all(roles.GRAFANA, Pipeline.load().dashboard.datasources)
    yield from _of("test_grafana_datasource_answers", grafana.datasource_answers, sources)
    yield Question("test_grafana_dashboard_complete", roles.GRAFANA, grafana.dashboard_is_complete)
    yield from _of(
        "test_grafana_panel_fresh",
        grafana.panel_is_fresh,
        _all(roles.GRAFANA, Pipeline.load().dashboard.panels.values()),
    )
    yield from _of("test_kafka_topic", kafka.topic_is_whole, _all(roles.KAFKA, Pipeline.load().topics.least_partitions))
    yield Question("test_consumer_group_stable", roles.PROCESSOR, kafka.group_is_stable)
    yield Question("test_influxdb_healthy", roles.INFLUXDB, influx.is_healthy)
    yield Question("test_data_clock", roles.PRODUCER, influx.readings_are_past)
    yield Question("test_certificate_valid_for_weeks", roles.INFLUXDB, tls.is_valid_for_weeks)
    yield Question("test_certificate_trusted", roles.INFLUXDB, tls.is_trusted)
    yield Question("test_certificate_served", roles.INFLUXDB, tls.is_the_served_one)
    yield from _of("test_pods_scraped", targets.pods_are_scraped, _all(roles.PROMETHEUS, targets.SCRAPED))
    yield Question("test_nodes_scraped", roles.PROMETHEUS, targets.nodes_are_scraped)


def _metrics(metrics: Mapping[str, KeyMetric]) -> Iterator[Question]:
    for metric in metrics.values():
        for subject in metric.cases(Pipeline.load()):
            label = f"{metric.id}-{subject}" if subject else metric.id
            judge = partial(_metric, metric, subject)
            yield Question(f"test_key_metric[{label}]", metric.component_of(subject), judge)


def _metric(metric: KeyMetric, subject: str, snapshot: Snapshot) -> object:
    return readings.is_within(snapshot, metric, subject)
