"""Which components a case asks beside its own, so that it is left out where one of them is declared absent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pipeline_services.judgements import grafana, networks
from pipeline_services.metrics.key_metrics import KEY_METRICS
from pipeline_services.model import names, roles

_TARGETS: Final = {hpa: app for app, hpa in names.HPAS.items()}
_PANEL_SOURCES: Final = {"InfluxDB writes": roles.INFLUXDB, "Log errors": roles.LOKI}


def _of_metric(metric_id: str, subject: str) -> set[str]:
    metric = KEY_METRICS[metric_id]
    tool = {metric.tool} - {"kubernetes"}
    return {*tool, *metric.needs, metric.component_of(subject), _TARGETS.get(subject, subject)}


def _of_panel(panel: str) -> set[str]:
    return {_PANEL_SOURCES.get(panel, roles.PROMETHEUS), *grafana.SHOWN.get(panel, ())}


_NEEDED: Final[Mapping[str, Callable[..., set[str]]]] = {
    "test_key_metric": _of_metric,
    "test_grafana_panel_fresh": _of_panel,
    "test_grafana_datasource_answers": lambda datasource: {datasource},
    "test_loki_has_logs_of": lambda component: {component},
    "test_pods_scraped": lambda component: {component},
    "test_hpa_knows_metrics": lambda hpa: {_TARGETS[hpa]},
    "test_hpa_set_as_documented": lambda hpa: {_TARGETS[hpa]},
    "test_volume_bound": lambda component: {component},
    "test_network_allows": lambda flow: {networks.FLOWS[flow].source, networks.FLOWS[flow].target},
    "test_network_denies": lambda flow: {networks.DENIED[flow].source, networks.DENIED[flow].target},
    "test_data_clock": lambda: {roles.INFLUXDB},
    "test_settings_lead_to": lambda service: {service},
    "test_token_accepted": lambda token: {roles.INFLUXDB},  # noqa: ARG005
    "test_secrets_complete": lambda: {roles.INFLUXDB},
    "test_consumer_group_stable": lambda: {roles.KAFKA},
    "test_restarts_few_this_week": lambda component: {roles.PROMETHEUS},  # noqa: ARG005
    "test_volume_has_room": lambda component: {roles.PROMETHEUS, component},
    "test_trend_comes_back": lambda trend: {roles.PROMETHEUS, trend.rpartition("-")[2]},
    "test_backup_proved": lambda: {"storage"},
    "test_requests_fit": lambda app: {roles.PROMETHEUS},  # noqa: ARG005
    "test_secret_rotated": lambda secret: {roles.INFLUXDB},  # noqa: ARG005
    "test_autoscaler_proved": lambda hpa: {_TARGETS[hpa]},
}


def needed_by(function: str, arguments: Mapping[str, Any]) -> set[str]:
    """The components without which the case of that function and those arguments has no answer."""
    return _NEEDED[function](**arguments) if function in _NEEDED else set()
