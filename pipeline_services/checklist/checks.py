"""The table of checks: those of the daily run, and with ``reviews`` and ``practice_checks`` all.

The tests in checks/, triage, the chaos scenarios and the wait for a new pipeline take their checks from here. To add a
check, add a row here, to ``reviews`` or to ``practice_checks``, and a test of its name in checks/; its id is written
nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final

from pipeline_services.checklist import parameters as by
from pipeline_services.checklist import practice_checks, reviews
from pipeline_services.checklist.model import Case, CaseId, Check, Run
from pipeline_services.judgements import (
    brokers,
    cluster_parts,
    config,
    declared,
    endpoints,
    events,
    grafana,
    heartbeats,
    hpas,
    influxdb,
    kafka,
    logs,
    loki,
    network_policies,
    nodes,
    pods,
    readings,
    resources,
    targets,
    tls,
    volumes,
    workloads,
)
from pipeline_services.model import roles
from pipeline_services.model.cluster_part import declared_here
from pipeline_services.model.metrics import metric
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings
from pipeline_services.model.toml_table import require_one_of

PODS_READY: Final = Check("test_pods_ready", pods.are_ready, by.each(metric.workloads), settles=True)
ROLLOUT_COMPLETE: Final = Check(
    "test_rollout_complete", workloads.is_rolled_out, by.each(metric.workloads), settles=True
)
USAGE_WITHIN_LIMITS: Final = Check(
    "test_usage_within_limits", resources.are_within_limits, by.each(metric.workloads), settles=True
)
NODES_READY: Final = Check("test_nodes_ready", nodes.are_ready, by.one("node"))
NODES_REPORT: Final = Check("test_nodes_report", heartbeats.nodes_report, by.one_where("node", by.cluster))
NODES_WITHOUT_PRESSURE: Final = Check("test_nodes_without_pressure", nodes.have_no_pressure, by.one("node"))
NODES_HAVE_ROOM: Final = Check(
    "test_nodes_have_room", nodes.have_room, by.each_of("node", lambda _: sorted(nodes.LEVELS))
)
CLUSTER_PART_RUNS: Final = Check(
    "test_cluster_part_runs", cluster_parts.part_runs, by.each_owned(lambda pipeline: pipeline.cluster_parts)
)
CLUSTER_PART_SET_AS_DECLARED: Final = Check(
    "test_cluster_part_set_as_declared",
    cluster_parts.part_is_as_declared,
    by.each_owned(lambda pipeline: declared_here(pipeline.cluster)),
)
NAMES_ANSWERED: Final = Check(
    "test_names_answered", cluster_parts.names_are_answered, by.each_owned(lambda pipeline: pipeline.name_servers)
)
HPA_KNOWS_METRICS: Final = Check(
    "test_hpa_knows_metrics", hpas.knows_metrics, by.each_of("hpa", metric.autoscalers), by.scaled_by, settles=True
)
HPA_SET_AS_DOCUMENTED: Final = Check(
    "test_hpa_set_as_documented", hpas.is_set_as_documented, by.each_of("hpa", metric.autoscalers), by.scaled_by
)
VOLUME_BOUND: Final = Check(
    "test_volume_bound", volumes.are_bound, by.each_of("storage", metric.with_volume), by.itself
)
SETTINGS_LEAD_TO: Final = Check(
    "test_settings_lead_to",
    config.settings_lead_to,
    by.each_of("config", lambda pipeline: pipeline.config.configured),
    by.itself,
)
PRODUCER_LOAD_SET: Final = Check("test_producer_load_set", config.load_is_set, by.one_where("config", by.loads))
REFERENCES_EXIST: Final = Check("test_references_exist", config.references_exist, by.one("config"))
SECRETS_COMPLETE: Final = Check(
    "test_secrets_complete", config.secrets_are_complete, by.one("config"), by.always(roles.INFLUXDB)
)
TOKEN_ACCEPTED: Final = Check(
    "test_token_accepted",
    config.token_is_accepted,
    by.each_of("config", lambda pipeline: pipeline.config.tokens),
    by.always(roles.INFLUXDB),
)
SET_AS_DECLARED: Final = Check("test_set_as_declared", declared.are_as_declared, by.each(declared.components))
TOKEN_MAY_WRITE: Final = Check(
    "test_token_may_write", config.token_may_write, by.one("config"), by.always(roles.INFLUXDB)
)
PODS_HOLD_THE_TOKEN: Final = Check(
    "test_pods_hold_the_token", config.pods_hold_the_token, by.one(roles.PROCESSOR), by.always(roles.INFLUXDB)
)
NO_UNKNOWN_ERRORS_LOGGED: Final = Check(
    "test_no_unknown_errors_logged", logs.have_no_unknown_errors, by.each(metric.data_path), settles=True
)
NO_OPEN_WARNING_EVENT: Final = Check(
    "test_no_open_warning_event", events.have_no_open_warnings, by.each(events.event_components), settles=True
)
SERVICE_HAS_ENDPOINT: Final = Check(
    "test_service_has_endpoint", endpoints.are_ready, by.each_owned(lambda pipeline: pipeline.services), settles=True
)
SERVICE_LEADS_TO_PODS: Final = Check(
    "test_service_leads_to_pods", endpoints.lead_to_pods, by.each_owned(lambda pipeline: pipeline.services)
)
NETWORK_DENIES_BY_DEFAULT: Final = Check(
    "test_network_denies_by_default", network_policies.deny_by_default, by.one("network")
)
NETWORK_DENIES: Final = Check(
    "test_network_denies",
    network_policies.deny,
    by.each_of("network", network_policies.denied),
    by.ends_of(network_policies.denied),
)
NETWORK_ALLOWS: Final = Check(
    "test_network_allows",
    network_policies.allow,
    by.each_of("network", network_policies.needed),
    by.ends_of(network_policies.needed),
)
NETWORK_ALLOWS_NOTHING_ELSE: Final = Check(
    "test_network_allows_nothing_else",
    network_policies.allow_nothing_else,
    by.each_of("network", network_policies.destinations),
    by.reporting,
)
LOKI_READY: Final = Check("test_loki_ready", loki.is_ready, by.one(roles.LOKI))
LOKI_FINDS_ALL_LOGS: Final = Check("test_loki_finds_all_logs", loki.finds_all_logs, by.one(roles.LOKI))
LOKI_ANSWERS_ERROR_SEARCH: Final = Check(
    "test_loki_answers_error_search", loki.answers_error_search, by.one(roles.LOKI)
)
LOKI_HAS_LOGS_OF: Final = Check(
    "test_loki_has_logs_of", loki.has_logs_of, by.each_of(roles.LOKI, metric.data_path), by.itself, settles=True
)
GRAFANA_HEALTHY: Final = Check("test_grafana_healthy", grafana.is_healthy, by.one(roles.GRAFANA))
GRAFANA_DATASOURCE_ANSWERS: Final = Check(
    "test_grafana_datasource_answers",
    grafana.datasource_answers,
    by.each_of(roles.GRAFANA, lambda pipeline: pipeline.dashboard.datasources),
    by.itself,
)
GRAFANA_DASHBOARD_COMPLETE: Final = Check(
    "test_grafana_dashboard_complete", grafana.dashboard_is_complete, by.one_where(roles.GRAFANA, by.dashboard)
)
GRAFANA_PANEL_FRESH: Final = Check(
    "test_grafana_panel_fresh",
    grafana.panel_is_fresh,
    by.each_of(roles.GRAFANA, lambda pipeline: pipeline.dashboard.panels.values()),
    by.needs_of_panel,
    settles=True,
)
KAFKA_TOPIC: Final = Check(
    "test_kafka_topic", kafka.topic_is_whole, by.each_of(roles.KAFKA, lambda pipeline: pipeline.topics.least_partitions)
)
TOPIC_SET_AS_DECLARED: Final = Check(
    "test_topic_set_as_declared",
    kafka.topic_is_set_as_declared,
    by.each_of(roles.KAFKA, lambda pipeline: pipeline.topics.least_partitions if pipeline.topics.settings else ()),
)
BROKER_NOT_FLOODED: Final = Check(
    "test_broker_not_flooded", kafka.broker_is_not_flooded, by.one_where(roles.KAFKA, by.own_broker)
)
BROKERS_SET_AS_DECLARED: Final = Check(
    "test_brokers_set_as_declared", brokers.are_set_as_declared, by.one_where(roles.KAFKA, by.own_broker)
)
PROCESSORS_ONLY: Final = Check(
    "test_processors_only", brokers.only_processors_are_members, by.one(roles.PROCESSOR), by.always(roles.KAFKA)
)
CLIENTS_NOT_LIMITED: Final = Check(
    "test_clients_not_limited", kafka.clients_are_not_limited, by.one_where(roles.KAFKA, by.own_broker)
)
TOPIC_GROWS: Final = Check(
    "test_topic_grows", kafka.topic_grows, by.one(roles.PRODUCER), by.always(roles.KAFKA), settles=True
)
CONSUMER_GROUP_STABLE: Final = Check(
    "test_consumer_group_stable", kafka.group_is_stable, by.one(roles.PROCESSOR), by.always(roles.KAFKA), settles=True
)
INFLUXDB_HEALTHY: Final = Check("test_influxdb_healthy", influxdb.is_healthy, by.one(roles.INFLUXDB))
BUCKET_SET_AS_DECLARED: Final = Check(
    "test_bucket_set_as_declared",
    influxdb.bucket_is_set_as_declared,
    by.one_where(roles.INFLUXDB, lambda pipeline: pipeline.store.retention_s),
)
STORE_LEFT_ALONE: Final = Check(
    "test_store_left_alone",
    influxdb.nothing_works_on_it,
    by.one_where(roles.INFLUXDB, lambda pipeline: pipeline.config.admin),
)
DATA_CLOCK: Final = Check(
    "test_data_clock", influxdb.readings_are_past, by.one(roles.PRODUCER), by.always(roles.INFLUXDB)
)
CERTIFICATE_VALID_FOR_WEEKS: Final = Check(
    "test_certificate_valid_for_weeks", tls.is_valid_for_weeks, by.influxdb_with_tls
)
CERTIFICATE_HAS_KEY: Final = Check("test_certificate_has_key", tls.has_its_key, by.influxdb_with_tls)
CERTIFICATE_TRUSTED: Final = Check("test_certificate_trusted", tls.is_trusted, by.influxdb_with_tls)
CERTIFICATE_SERVED: Final = Check("test_certificate_served", tls.is_the_served_one, by.influxdb_with_tls)
PODS_SCRAPED: Final = Check(
    "test_pods_scraped",
    targets.pods_are_scraped,
    by.each_of(roles.PROMETHEUS, lambda pipeline: pipeline.scraped),
    by.itself,
    settles=True,
)
SERIES_KEPT: Final = Check(
    "test_series_kept",
    targets.series_are_kept,
    by.each_of(roles.PROMETHEUS, targets.counted),
    lambda pipeline, what: [what] if what in pipeline.components else [],
    settles=True,
)
NODES_SCRAPED: Final = Check(
    "test_nodes_scraped", targets.nodes_are_scraped, by.one_where(roles.PROMETHEUS, by.kubelet_scraped)
)
KEY_METRIC: Final = Check(
    "test_key_metric", readings.is_within, by.metrics, by.needs_of_metric, by.metric_with_levels, settles=True
)

_ROWS: Final = (*tuple(globals().values()), *vars(reviews).values(), *vars(practice_checks).values())
CHECKS: Final = {one.id: one for one in _ROWS if isinstance(one, Check)}
"""Every check by its id, in the order above; the reviews' and those of the practice run come last."""


def cases(pipeline: Pipeline, settings: Settings | None = None, run: Run | None = None) -> list[Case]:
    """The cases of a run, or of all runs, but for those that need a component which the settings declare absent.

    Raises:
        PreconditionNotMet: as ``Check.cases``.
    """
    here = settings or Settings()
    found = _all_cases(pipeline, here, run) if here.thresholds else _usual_cases(pipeline, run)
    return [case for case in found if here.absent.isdisjoint({case.component, *case.needs})]


def _all_cases(pipeline: Pipeline, settings: Settings, run: Run | None) -> list[Case]:
    wanted = [check for check in CHECKS.values() if run in (None, check.run)]
    return [case for check in wanted for case in check.cases(pipeline, settings)]


@lru_cache(maxsize=8)
def _usual_cases(pipeline: Pipeline, run: Run | None) -> list[Case]:
    """With the levels of the suite: whoever follows a pipeline asks for them again and again."""
    return _all_cases(pipeline, Settings(), run)


def named(texts: Collection[str], known: Iterable[Case]) -> list[Case]:
    """Those of the known cases that are named, by their own id or by that of their check."""
    return [case for case in known if str(case.id) in texts or case.check.id in texts]


def case_of(which: Check | CaseId, pipeline: Pipeline) -> Case:
    """The case that is meant: one of the check's cases, or the only one of a check without parameters.

    Raises:
        LookupError: there is no such case.
    """
    check = which.check if isinstance(which, CaseId) else which
    for case in check.cases(pipeline, Settings()):
        if str(case.id) == str(which):
            return case
    raise LookupError(f"there is no case {which}")


def require_known_exemptions(pipeline: Pipeline) -> None:
    """Raise ``PreconditionNotMet``, with the nearest id, where an exemption names a check that there is not.

    A check of a component that the pipeline lacks is known all the same: an exemption may outlive its component.
    """
    if not pipeline.exemptions:
        return
    known = {*CHECKS, *(str(case.id) for case in cases(pipeline))}
    for one in pipeline.exemptions:
        if one.check not in known:
            require_one_of("exemptions.check", one.check, sorted(known))
