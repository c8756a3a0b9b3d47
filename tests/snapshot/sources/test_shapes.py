"""What a pipeline has not is not asked for: no certificate, no dashboard, no figures of the kubelet."""

from __future__ import annotations

from pathlib import Path

from pipeline_services.model import roles
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.sources.reach import Moment
from pipeline_services.snapshot.sources.services import SERVICES

OWN, PLAIN, CA3 = (Pipeline.load(Path(name)) for name in ("conveyor", "plain", "ca3"))


def asked(component: str, pipeline: Pipeline) -> set[str]:
    return set(SERVICES[component].sources(Moment(0.0, pipeline.namespace, pipeline, deep=True, upkeep=True)))


def test_a_store_without_a_certificate_has_none_to_show() -> None:
    assert asked(roles.INFLUXDB, OWN) - asked(roles.INFLUXDB, PLAIN) == {"tls"}
    assert "tls" in asked(roles.INFLUXDB, CA3)


def test_a_grafana_whose_dashboards_want_a_login_is_asked_for_its_health_alone() -> None:
    assert asked(roles.GRAFANA, CA3) == {"grafana_health"}


def test_prometheus_is_asked_for_what_it_scrapes() -> None:
    known = {source.partition("/")[2] for source in asked(roles.PROMETHEUS, PLAIN) if source.startswith("prometheus/")}
    assert known == {"producer-rate", "processor-matches-producer", "influxdb-writes-match-processor", "write-failures"}
