"""Known-bad examples for the practice run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from pipeline_services.model.pipeline import Pipeline
from tests.judgements.world import World

Breakage = Callable[..., None]
PIPELINE = Pipeline.load()


def container(world: World, app: str) -> dict[str, Any]:
    """The container of the app's template."""
    found: dict[str, Any] = world.workload(app)["spec"]["template"]["spec"]["containers"][0]
    return found


def without(field: str) -> Breakage:
    def breakage(world: World, app: str) -> None:
        container(world, app)[field] = None

    return breakage


def probed_by(*command: str) -> Breakage:
    def breakage(world: World, app: str) -> None:
        container(world, app)["livenessProbe"] = {"exec": {"command": [*command]}}

    return breakage


def limited_by(**limits: str) -> Breakage:
    def breakage(world: World, app: str) -> None:
        container(world, app)["resources"] = {"limits": limits}

    return breakage


def image(name: str) -> Breakage:
    def breakage(world: World, app: str) -> None:
        container(world, app)["image"] = name

    return breakage


def variable(name: str, value: str) -> Breakage:
    def breakage(world: World, app: str = "processor") -> None:
        container(world, app).setdefault("env", []).append({"name": name, "value": value})

    return breakage


def file(text: str) -> Breakage:
    def breakage(world: World, app: str) -> None:
        world.answers["configmaps"].append({"metadata": {"name": "told"}, "data": {"client.yaml": text}})
        volumes = world.workload(app)["spec"]["template"]["spec"]["volumes"]
        volumes.append({"name": "told", "configMap": {"name": "told"}})

    return breakage


def command(line: str) -> Breakage:
    def breakage(world: World, app: str) -> None:
        container(world, app)["args"] = line.split()

    return breakage


def warned(world: World, app: str) -> None:
    line = "2026-11-23T07:38:31Z urllib3: InsecureRequestWarning: Unverified HTTPS request is being made"
    world.answers[f"logs/{app}"] = [{"pod": f"{app}-1", "container": app, "lines": ["fine", line]}]


def password(value: str) -> Breakage:
    def breakage(world: World) -> None:
        digest = hashlib.sha256(value.encode()).hexdigest()[:16]
        world.answers["secrets"][0]["keys"]["password"] = {"sha256": digest, "bytes": len(value)}

    return breakage


def no_password(world: World) -> None:
    container(world, "grafana")["env"] = []


def logged(line: str) -> Breakage:
    """By a consumer that tells its settings when it starts, and nowhere else."""

    def breakage(world: World) -> None:
        for item in world.answers["configmaps"]:
            item["data"] = {key: value for key, value in item["data"].items() if "AUTO" not in key}
        world.answers["logs/processor"] = [{"pod": "processor-1", "container": "processor", "lines": [line]}]

    return breakage


def one_copy(world: World) -> None:
    world.answers["kafka_topics"][PIPELINE.topics.readings][0]["replicas"] = [0]


def cut_off(world: World, _: str) -> None:
    world.answers["networkpolicies"] = [
        {"metadata": {"name": "deny"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}
    ]


def no_request(world: World) -> None:
    container(world, "producer")["resources"] = {"limits": {"cpu": "1", "memory": "1Gi"}}


def replicas_without_budget(world: World, app: str) -> None:
    world.answers["poddisruptionbudgets"] = []
    world.workload(app)["spec"]["replicas"] = 2


def budget_of_others(world: World, app: str) -> None:
    replicas_without_budget(world, app)
    selector = {"matchLabels": {"app": "another"}}
    world.answers["poddisruptionbudgets"] = [{"metadata": {"name": "x"}, "spec": {"selector": selector}}]


KNOWN_BAD_PRACTICE: dict[str, tuple[Breakage, ...]] = {
    "test_probes_set": (without("livenessProbe"), without("readinessProbe")),
    "test_probes_can_fail": (
        probed_by("/bin/true"),
        probed_by("sh", "-c", "curl -s localhost || true"),
        probed_by("python3", "-c", "import sys; sys.exit(0)"),
    ),
    "test_limits_set": (limited_by(), limited_by(cpu="1"), limited_by(memory="1Gi")),
    "test_images_pinned": (image("localhost/apps"), image("registry:5000/apps:latest")),
    "test_tls_verified": (
        variable("INFLUXDB_VERIFY_SSL", "False"),
        variable("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
        file("jsonData:\n  tlsSkipVerify: true\n"),
        file("tls_config: {insecure_skip_verify: true}\n"),
        command("serve --insecure"),
        warned,
    ),
    "test_secrets_kept": (
        variable("INFLUXDB_TOKEN", "[redacted]"),
        variable("UPSTREAM", "[redacted]"),
        file("token = [redacted]\n"),
        file('url: "http://admin:[redacted]@influxdb:8086"\n'),
    ),
    "test_credentials_own": (password("admin"), password("my-super-secret-auth-token")),
    "test_grafana_has_a_password": (no_password,),
    "test_offsets_follow_writes": (
        variable("KAFKA_ENABLE_AUTO_COMMIT", "true"),
        logged("INFO ConsumerConfig values: enable.auto.commit = true"),
    ),
    "test_group_begins_at_the_start": (
        variable("AUTO_OFFSET_RESET", "latest"),
        logged("INFO ConsumerConfig values: auto.offset.reset = latest"),
    ),
    "test_topics_replicated": (one_copy,),
    "test_watchers_get_through": (cut_off,),
    "test_autoscaled_pods_request_cpu": (no_request,),
    "test_disruptions_limited": (replicas_without_budget, budget_of_others),
}
