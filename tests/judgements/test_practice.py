"""Good practice: what is let pass although it looks alike, and what a finding shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_services.checklist.checks import cases
from pipeline_services.checklist.run import run_checks
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.practice import disruption, losses, templates, trust
from pipeline_services.model.errors import NoData
from pipeline_services.model.paths import PIPELINES
from pipeline_services.model.pipeline import Pipeline
from tests.discover.namespaces import applied
from tests.judgements.known_bad.practice import command, container, file, image, logged, probed_by, variable
from tests.judgements.world import practised
from tests.other_pipeline import other_pipeline, without


@pytest.mark.parametrize("pipeline", [Pipeline.load(), other_pipeline()], ids=lambda one: one.name)
def test_a_pipeline_of_good_practice_passes_under_any_names(pipeline: Pipeline) -> None:
    snapshot = practised(pipeline=pipeline).snapshot()
    assert run_checks(snapshot, cases(pipeline, run="practice")) == {}


def test_practice_is_no_part_of_any_other_run() -> None:
    own = {str(case.id) for case in cases(Pipeline.load(), run="practice")}
    for run in ("daily", "weekly", "monthly"):
        assert not own & {str(case.id) for case in cases(Pipeline.load(), run=run)}  # type: ignore[arg-type]


def test_what_the_pipeline_does_not_have_is_not_looked_for() -> None:
    ids = {case.check.id for case in cases(without("grafana"), run="practice")}
    assert "test_grafana_has_a_password" not in ids


@pytest.mark.parametrize(
    ("words", "harmless"),
    [
        (["true"], True),
        (["/usr/bin/true"], True),
        (["sh", "-c", "exit 0"], True),
        (["sh", "-c", "exit 1"], False),
        (["/bin/sh", "-c", "pgrep -f producer"], False),
        (["bash", "-c", "curl -f localhost:8000; true"], True),
        (["bash", "-c", "curl -f localhost:8000 || exit 0"], True),
        (["bash", "-c", "curl -f localhost:8000 || exit 1"], False),
        (["bash", "-c", "echo checking && curl -f localhost:8000"], False),
        (["sh", "-c", "echo ok"], True),
        (["sh", "/checks/answers.sh"], False),
        (["python", "-c", "print('ok')"], True),
        (["python3.11", "-c", "import sys; sys.exit(0)"], True),
        (["python3", "-c", "import socket; socket.create_connection(('localhost', 1))"], False),
        (["cat", "/tmp/healthy"], False),
        (["sh", "-c"], True),
        (["sh", "-c", "curl -f localhost:8000 ||"], True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_that_cannot_fail(words: list[str], harmless: bool) -> None:
    assert templates.cannot_fail(words) is harmless


@pytest.mark.parametrize(
    ("name", "pinned"),
    [
        ("kafka", False),
        ("kafka:latest", False),
        ("registry:5000/kafka", False),
        ("registry:5000/kafka:3.7", True),
        ("kafka@sha256:abc", True),
        ("kafka:latest@sha256:abc", True),
    ],
)
def test_an_image_that_names_its_version(name: str, pinned: bool) -> None:
    assert templates.is_pinned(name) is pinned


@pytest.mark.parametrize(
    "breakage",
    [
        variable("VERIFY_CHECKSUM", "false"),
        variable("INFLUXDB_VERIFY_SSL", "true"),
        variable("INSECURE_MODE_FORBIDDEN", "maybe"),
        file("# insecure_skip_verify: true would be wrong\ntls_config: {insecure_skip_verify: false}\n"),
        command("serve --insecure=false"),
    ],
)
def test_what_only_looks_like_unverified_tls(breakage: object) -> None:
    world = practised()
    breakage(world, "processor")  # type: ignore[operator]
    trust.tls_is_verified(world.snapshot(), "processor")


@pytest.mark.parametrize(
    "text",
    [
        "authorization: [redacted] {credentials_file: /var/run/token}",
        "token_file: /var/run/token",
        "password: $INFLUX_PASSWORD",
        "# token = [redacted]",
    ],
)
def test_what_only_names_a_secret_is_none(text: str) -> None:
    world = practised()
    file(text)(world, "processor")
    trust.secrets_are_kept(world.snapshot(), "processor")


def test_a_readiness_gate_of_its_own_is_not_asked_of_what_runs_once() -> None:
    world = practised()
    world.workload("processor")["spec"]["template"]["spec"]["initContainers"] = [{"name": "wait", "image": "x:1"}]
    templates.probes_are_set(world.snapshot(), "processor")


def test_a_consumer_of_which_nothing_is_known_is_no_pass() -> None:
    world = practised()
    logged("INFO: hello")(world)
    for judge in (losses.offsets_follow_writes, losses.group_begins_at_the_start):
        with pytest.raises(NoData, match=r"neither settings nor log of processor say .* \(.*\)"):
            judge(world.snapshot())


def test_the_interval_of_commits_is_not_the_switch() -> None:
    world = practised()
    variable("KAFKA_AUTO_COMMIT_INTERVAL_MS", "5000")(world)
    losses.offsets_follow_writes(world.snapshot())


def test_topics_of_which_there_is_none_are_not_known() -> None:
    world = practised()
    world.answers["kafka_topics"] = {}
    with pytest.raises(NoData, match="none of the pipeline's topics"):
        losses.topics_are_replicated(world.snapshot())


def test_a_single_pod_needs_no_budget() -> None:
    world = practised()
    world.answers["poddisruptionbudgets"] = []
    disruption.disruptions_are_limited(world.snapshot(), "kafka")
    with pytest.raises(Deviation, match="deployment/producer may have 5 pods"):
        disruption.disruptions_are_limited(world.snapshot(), "producer")


def test_what_scales_by_something_else_needs_no_request() -> None:
    world = practised()
    container(world, "producer")["resources"] = {}
    for hpa in world.answers["hpas"]:
        hpa["spec"]["metrics"] = [{"type": "Pods", "pods": {"metric": {"name": "lag"}}}]
    disruption.autoscaled_pods_request_cpu(world.snapshot())


def test_an_autoscaler_of_nothing_asks_for_no_request() -> None:
    world = practised()
    for hpa in world.answers["hpas"]:
        hpa["spec"]["scaleTargetRef"]["name"] = "gone"
    disruption.autoscaled_pods_request_cpu(world.snapshot())


def test_a_probe_that_can_fail_is_none_that_cannot() -> None:
    world = practised()
    probed_by("cat", "/tmp/healthy")(world, "producer")
    templates.probes_can_fail(world.snapshot(), "producer")


def test_two_copies_are_enough() -> None:
    world = practised()
    for partitions in world.answers["kafka_topics"].values():
        for one in partitions:
            one["replicas"] = [0, 1]
    losses.topics_are_replicated(world.snapshot())


def test_a_finding_shows_its_lines_and_says_what_to_set() -> None:
    world = practised()
    probed_by("true")(world, "producer")
    image("apps:latest")(world, "producer")
    with pytest.raises(Deviation) as probe:
        templates.probes_can_fail(world.snapshot(), "producer")
    assert probe.value.observed == (
        'a probe cannot fail: deployment/producer, container producer: livenessProbe.exec.command = ["true"]'
    )
    assert "httpGet on its port" in probe.value.threshold
    assert "get deployment/producer -n conveyor-pipeline -o yaml" in str(probe.value)
    with pytest.raises(Deviation, match='container producer: image = "apps:latest"; expected a tag of a version'):
        templates.images_are_pinned(world.snapshot(), "producer")


def test_of_many_lines_three_are_shown() -> None:
    world = practised()
    for number in range(5):
        variable(f"TLS_{number}_VERIFY", "false")(world)
    with pytest.raises(Deviation, match=r"TLS_2_VERIFY=false \(env TLS_2_VERIFY of processor\); 2 more"):
        trust.tls_is_verified(world.snapshot(), "processor")


def test_the_habits_of_the_second_pipeline_are_named() -> None:
    plain = Pipeline.load(PIPELINES / "plain.toml")
    logs = {f"logs/{app}": [] for app in plain.workloads}
    topics = {plain.topics.readings: [{"replicas": [0]}]}
    beside = {"secrets": [], "pods": [], "poddisruptionbudgets": [], "kafka_topics": topics, **logs}
    snapshot = replace(applied("manifests/overlays/plain", plain.namespace, **beside), pipeline=plain)
    found = run_checks(snapshot, cases(plain, run="practice"))
    assert {case for case, one in found.items() if not one.failed} == set()
    assert "enable_auto_commit=True" in found["test_offsets_follow_writes"].why
    assert 'auto_offset_reset="latest"' in found["test_group_begins_at_the_start"].why
    assert 'livenessProbe.exec.command = ["true"]' in found["test_probes_can_fail[producer]"].why
    assert "readinessProbe = null" in found["test_probes_set[processor]"].why
    assert "1 of 1 partitions have one replica" in found["test_topics_replicated"].why
