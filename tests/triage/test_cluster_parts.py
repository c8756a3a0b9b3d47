"""Parts of the cluster itself that do not run: who is named, and what is told of them alone."""

from __future__ import annotations

import pytest

from pipeline_services.model import roles
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.faults import only_pod_unready
from tests.judgements.known_bad_cluster import TEMPLATE, corefile, part_gone, part_without_pods
from tests.judgements.world import World, healthy


def said(world: World) -> list[str]:
    return [f"{one.component}: {one.cause.id} {one.subject}" for one in diagnose(world.snapshot()).findings]


def unresolved(world: World, app: str) -> None:
    line = '{"level": "ERROR", "message": "kafka-service: Name or service not known"}'
    world.answers[f"logs/{app}"][0]["lines"] = [f"{world.ago(5)} {line}"]


@pytest.mark.parametrize(
    ("part", "finding"),
    [
        ("coredns", "dns: dns-down deployment/coredns"),
        ("metrics-server", "hpa: usage-unknown deployment/metrics-server"),
        ("kube-router", "network: cluster-part-down daemonset/kube-router"),
        ("kube-proxy", "network: cluster-part-down daemonset/kube-proxy"),
        ("kube-scheduler", "node: cluster-part-down lease/kube-scheduler"),
    ],
)
@pytest.mark.parametrize("breakage", [part_gone, part_without_pods])
def test_each_part_is_named(part: str, finding: str, breakage: object) -> None:
    world = healthy()
    assert callable(breakage)
    breakage(world, part)
    assert said(world) == [finding]


def test_the_network_plugin_explains_pods_that_get_no_connection() -> None:
    world = healthy()
    part_gone(world, "kube-router")
    only_pod_unready(world, roles.PROCESSOR)
    line = '{"level": "ERROR", "message": "kafka-service:9092: connect timed out"}'
    world.answers["logs/processor"][0]["lines"] = [f"{world.ago(5)} {line}"]
    assert said(world) == ["network: cluster-part-down daemonset/kube-router"]


def test_a_template_in_the_corefile_explains_names_that_do_not_resolve() -> None:
    world = healthy()
    corefile("    kubernetes", f"    {TEMPLATE}    kubernetes")(world, "coredns")
    unresolved(world, roles.PRODUCER)
    assert said(world) == ["dns: dns-misconfigured configmap/coredns"]
    [found] = diagnose(world.snapshot()).findings
    assert "NXDOMAIN" in found.summary
    assert found.undo.endswith("coredns.saved.yaml")
