"""Parts that several pipelines share, in another namespace: asked, not judged themselves, and named when away."""

from __future__ import annotations

import pytest

from pipeline_services.checklist.checks import cases, named
from pipeline_services.checklist.run import run_checks
from pipeline_services.model.errors import AccessDenied, PipelineError, ServiceUnreachable
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.reporting.run.summary import elsewhere
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import scale_to_0
from tests.judgements.foreign_roles import PLAIN, shared
from tests.judgements.known_bad.cluster import corefile
from tests.judgements.known_bad.daily import KNOWN_BAD
from tests.judgements.shapes import shaped
from tests.judgements.world import World, practised, reviewed

OWN = Pipeline.load()
SAID_BY = {"kafka": "kafka_", "influxdb": "influxdb_", "prometheus": "prometheus", "loki": "loki", "grafana": "grafana"}
"""How the names of the sources begin that a part answers."""
CAUSE = {"kafka": "broker-unresponsive", "influxdb": "store-unresponsive"}
OF_PLAIN, OF_OWN = ("kafka", "influxdb", "prometheus"), tuple(SAID_BY)
SHARED = [
    *((PLAIN, (part,)) for part in OF_PLAIN),
    (PLAIN, OF_PLAIN),
    *((OWN, (part,)) for part in OF_OWN),
    (OWN, OF_OWN),
]


def using(of: Pipeline, parts: tuple[str, ...]) -> World:
    """A healthy pipeline that uses these parts of others."""
    return shaped(Pipeline.from_document(shared(*parts, of=of)))


def away(world: World, part: str, why: PipelineError | None = None) -> World:
    said = why or ServiceUnreachable(f"no ready pod behind the service {part}-service (it has no pods)")
    sources = [name for name in world.answers if name.startswith(SAID_BY[part]) or (part, name) == ("influxdb", "tls")]
    for source in sources:
        world.fail(source, said)
    return world


@pytest.mark.parametrize(("of", "parts"), SHARED, ids=lambda value: getattr(value, "name", value))
def test_a_healthy_pipeline_is_green_and_what_it_shares_is_named(of: Pipeline, parts: tuple[str, ...]) -> None:
    world = using(of, parts)
    assert run_checks(world.snapshot(), cases(world.pipeline, run="daily")) == {}
    assert diagnose(world.snapshot()).findings == ()
    told = ", ".join(f"{part} (namespace monitoring)" for part in parts)
    assert elsewhere(world.pipeline) == [f"judged by its answers alone: {told}"]


@pytest.mark.parametrize(("of", "parts"), SHARED, ids=lambda value: getattr(value, "name", value))
def test_its_practice_and_its_reviews_ask_nothing_of_what_others_run(of: Pipeline, parts: tuple[str, ...]) -> None:
    pipeline = Pipeline.from_document(shared(*parts, of=of))
    for run, world in (("practice", practised), ("weekly", reviewed), ("monthly", reviewed)):
        assert run_checks(world(pipeline=pipeline).snapshot(), cases(pipeline, run=run)) == {}


@pytest.mark.parametrize(
    ("of", "parts", "part"),
    [(of, parts, part) for of, parts in SHARED for part in parts],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_part_of_others_that_is_away_is_named_first(of: Pipeline, parts: tuple[str, ...], part: str) -> None:
    world = away(using(of, parts), part)
    diagnosis = diagnose(world.snapshot())
    first = diagnosis.findings[0]
    assert (first.cause.id, first.component) == (CAUSE.get(part, "not-ready"), part)
    at = world.pipeline.service(part).address
    assert first.summary == f"{at}, in the namespace monitoring, does not answer"
    assert first.next == (f"kubectl --context kind-conveyor describe pods -n monitoring -l app={part}",)
    assert run_checks(world.snapshot(), cases(world.pipeline, run="daily")), "never green"


def test_that_a_part_of_others_may_not_be_looked_at_is_no_fault_of_its() -> None:
    world = away(using(PLAIN, ("kafka",)), "kafka", AccessDenied("list", "endpointslices in monitoring"))
    diagnosis = diagnose(world.snapshot())
    assert (diagnosis.findings, diagnosis.exit_code) == ((), 2)


def test_writes_that_a_shared_influxdb_rejects_are_its() -> None:
    world = using(PLAIN, ("influxdb",))
    world.answers["prometheus/influxdb-writes-match-processor"] = [{"metric": {}, "value": [world.now, "0"]}]
    [finding] = diagnose(world.snapshot()).findings
    assert (finding.cause.id, finding.component) == ("writes-fail", "influxdb")


def test_what_the_processor_says_of_a_shared_influxdb_leads_to_commands_for_its_namespace() -> None:
    typed: list[str] = []
    for breakage in KNOWN_BAD["test_no_unknown_errors_logged"]:
        world = using(PLAIN, ("influxdb",))
        breakage(world, "processor")
        typed += [line for finding in diagnose(world.snapshot()).findings for line in finding.next]
    about = [line for line in typed if "app=influxdb" in line]
    assert about
    assert not [line for line in about if "-n monitoring" not in line]


def test_a_second_statefulset_without_a_service_is_judged_too() -> None:
    document = PLAIN.document()
    own = {key: value for key, value in document["components"]["kafka"].items() if key not in ("service", "headless")}
    document["components"]["second"] = {**own, "workload": "second", "selector": {"app": "second"}, "part_of": "kafka"}
    world = shaped(Pipeline.from_document(document))
    scale_to_0(world, "second")
    assert "test_pods_ready[kafka]" in {str(one) for one in run_checks(world.snapshot(), cases(world.pipeline))}


def test_a_dns_server_that_does_not_know_the_namespace_of_a_shared_part_is_named() -> None:
    world = using(PLAIN, ("kafka",))
    corefile("ttl 30", "namespaces plain-pipeline")(world, "coredns")
    [case] = named(["test_names_answered[coredns]"], cases(world.pipeline))
    with pytest.raises(AssertionError, match="does not answer the Services"):
        case.judge(world.snapshot())
