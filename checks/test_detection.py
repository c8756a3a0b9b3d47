"""Section 2: logs, events, and whether Loki and Grafana show what they should."""

from __future__ import annotations

import pytest

from checks import pictures
from pipeline_services.judgements import events, grafana, logs, loki
from pipeline_services.snapshot.snapshot import Snapshot


@pytest.mark.runbook("application-logs")
def test_no_unknown_errors_logged(snapshot: Snapshot, component: str) -> None:
    """The component has logged no error of late that is not a known issue."""
    logs.have_no_unknown_errors(snapshot, component)


@pytest.mark.runbook("pod-status")
def test_no_open_warning_event(snapshot: Snapshot, component: str) -> None:
    """No Warning event about the component still holds."""
    events.have_no_open_warnings(snapshot, component)


@pytest.mark.runbook("loki-log-search")
def test_loki_ready(snapshot: Snapshot) -> None:
    """Loki says that it is ready."""
    loki.is_ready(snapshot)


@pytest.mark.runbook("loki-log-search")
def test_loki_finds_all_logs(snapshot: Snapshot) -> None:
    """The runbook's search for the namespace finds new lines."""
    loki.finds_all_logs(snapshot)


@pytest.mark.runbook("loki-log-search")
def test_loki_answers_error_search(snapshot: Snapshot) -> None:
    """The runbook's search for errors is answered."""
    loki.answers_error_search(snapshot)


@pytest.mark.runbook("loki-log-search")
def test_loki_has_logs_of(snapshot: Snapshot, component: str) -> None:
    """What the component's pods logged is in Loki half a minute later."""
    loki.has_logs_of(snapshot, component)


@pytest.mark.runbook("grafana-dashboards")
def test_grafana_healthy(snapshot: Snapshot) -> None:
    """Grafana and its database are well."""
    grafana.is_healthy(snapshot)


@pytest.mark.runbook("grafana-dashboards")
def test_grafana_datasource_answers(snapshot: Snapshot, datasource: str) -> None:
    """Grafana gets answers from the data source."""
    grafana.datasource_answers(snapshot, datasource)


@pytest.mark.runbook("grafana-dashboards")
def test_grafana_dashboard_complete(snapshot: Snapshot) -> None:
    """The dashboard is there, with all its panels."""
    grafana.dashboard_is_complete(snapshot)


@pytest.mark.runbook("grafana-dashboards")
def test_grafana_panel_fresh(snapshot: Snapshot, panel: str) -> None:
    """The panel's query returns fresh data."""
    pictures.attach_panel(snapshot, panel)
    grafana.panel_is_fresh(snapshot, panel)
