"""An environment that declares a part absent is judged on the rest: nothing is red or unknown for want of that part."""

from __future__ import annotations

import pytest

from pipeline_services.checklist.checks import CHECKS, cases
from pipeline_services.checklist.run import run_checks
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, PipelineError
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings
from pipeline_services.triage.diagnosis import diagnose
from tests import other_pipeline
from tests.judgements.daily_cases import daily_cases, review_cases
from tests.judgements.faults import scale_to_0
from tests.judgements.known_bad.daily import KNOWN_BAD
from tests.judgements.world import World, reviewed

CASES = (*daily_cases(), *review_cases())
HERE = Pipeline.load()
SOURCES = {
    roles.KAFKA: ("kafka_topics", "kafka_group", "kafka_lag"),
    roles.INFLUXDB: ("influxdb_newest", "influxdb_health", "influxdb_token", "influxdb_read_token", "tls"),
    roles.PROMETHEUS: ("prometheus/", "prometheus_targets", "upkeep/", "trends", "metric_trends/", "use/"),
    roles.GRAFANA: ("grafana_health", "grafana_dashboard", "grafana_datasources/", "grafana_panels/"),
    roles.LOKI: ("loki/", "loki_ready"),
    "hpa": ("hpas",),
    "storage": ("pvcs",),
    "network": ("networkpolicies",),
    "node": ("nodes", "node_metrics"),
}


def without(component: str) -> World:
    """A healthy pipeline in an environment that has no such component."""
    world = reviewed()
    if component in world.pipeline.workloads:
        scale_to_0(world, component)
        forget(world, component)
        for source in ("deployments", "statefulsets", "services"):
            world.drop(source, lambda item: item["metadata"]["name"].startswith(component))
    for source in SOURCES.get(component, ()):
        world.fail(source, NoData("the snapshot does not have it"))
    return world


def forget(world: World, app: str) -> None:
    """What Prometheus would remember of an app that it never knew."""
    restarts = world.answers["upkeep/restarts"]
    world.answers["upkeep/restarts"] = [row for row in restarts if row["metric"]["app"] != app]
    for source in ("use/cpu", "use/memory"):
        del world.answers[source][app]
    series = world.answers["trends"]
    world.answers["trends"] = {name: points for name, points in series.items() if app not in name}
    world.answers["changes"] = [change for change in world.answers["changes"] if change["name"] != app]


@pytest.mark.parametrize("component", [*SOURCES, roles.PRODUCER, roles.PROCESSOR])
def test_without_a_part_the_rest_is_judged(component: str) -> None:
    snapshot, found = without(component).snapshot(), []
    ids = {str(case.id) for case in cases(HERE, Settings(absent=frozenset({component})))}
    left = [case for case in CASES if case.id in ids]
    for case in left:
        try:
            case.judge(snapshot)
        except (AssertionError, PipelineError) as error:
            found.append(f"{case.id}: {error}")
    assert not found
    assert 60 < len(left) < len(CASES)


@pytest.mark.parametrize("component", HERE.reported)
def test_a_pipeline_that_has_no_such_part_is_judged_on_the_rest(component: str) -> None:
    """Nothing of that component is asked, and nothing of it is missed; see the next test for what is left."""
    snapshot = reviewed(pipeline=other_pipeline.without(component)).snapshot()
    left = cases(snapshot.pipeline)
    assert run_checks(snapshot, [case for case in left if case.check.run != "practice"]) == {}
    assert diagnose(snapshot).findings == ()
    assert not [case for case in left if component in (case.component, *case.needs)]
    assert len(left) > len(CASES) / 2


def test_of_the_suite_s_own_pipeline_no_case_is_left_out() -> None:
    for check in CHECKS.values():
        assert len(list(check.cases(HERE, Settings()))) == len(check.parameters(HERE)) > 0, check


@pytest.mark.parametrize("component", [*SOURCES, roles.PRODUCER, roles.PROCESSOR])
def test_without_a_part_triage_finds_nothing(component: str) -> None:
    diagnosis = diagnose(without(component).snapshot(), Settings(absent=frozenset({component})))
    assert [f"{one.component}: {one.summary}" for one in diagnosis.findings] == []
    assert [f"{one.check}: {one.why}" for one in diagnosis.unanswered] == []


@pytest.mark.parametrize(("gone", "left"), [(roles.KAFKA, roles.INFLUXDB), (roles.INFLUXDB, roles.KAFKA)])
def test_settings_of_one_server_are_told_in_a_pipeline_without_the_other(gone: str, left: str) -> None:
    for breakage in KNOWN_BAD["test_settings_lead_to"][:2]:
        world = reviewed(pipeline=other_pipeline.without(gone))
        breakage(world, left)
        assert diagnose(world.snapshot()).findings
