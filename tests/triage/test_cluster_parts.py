"""Parts of the cluster itself that do not run: who is named, and what is told of them alone."""

from __future__ import annotations

import pytest

from pipeline_services.judgements import pods
from pipeline_services.model import roles
from pipeline_services.model.errors import PreconditionNotMet, ServiceUnreachable
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.model import Finding
from tests.judgements.faults import metrics_server_scaled_to_0, only_pod_unready
from tests.judgements.known_bad.cluster import (
    TEMPLATE,
    corefile,
    dns_service_astray,
    kubelet_silent,
    part_gone,
    part_told_otherwise,
    part_wanted_nowhere,
    part_without_pods,
)
from tests.judgements.known_bad.daily import last_workload_without_pods
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


@pytest.mark.parametrize(
    ("part", "component", "subject"),
    [("kube-router", "network", "daemonset/kube-router"), ("metrics-server", "hpa", "deployment/metrics-server")],
)
def test_a_part_that_runs_and_is_told_otherwise_is_named(part: str, component: str, subject: str) -> None:
    world = healthy()
    part_told_otherwise(world, part)
    assert said(world) == [f"{component}: cluster-part-set-otherwise {subject}"]
    [found] = diagnose(world.snapshot()).findings
    assert "--run-firewall=false], declared: [--v=1]" in found.summary
    assert found.next[0] == f"kubectl --context kind-conveyor get {subject.replace('/', ' -n kube-system ')} -o yaml"


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
    assert (found.next, found.undo) == (("make up",), "")


def test_a_corefile_that_this_checkout_does_not_declare_is_saved_and_edited() -> None:
    world = healthy()
    corefile("    kubernetes", f"    {TEMPLATE}    kubernetes")(world, "coredns")
    del world.answers["declared_parts"]["coredns"]
    [found] = diagnose(world.snapshot()).findings
    assert "kubectl --context kind-conveyor edit configmap -n kube-system coredns # take out" in found.next[-1]
    assert found.undo.endswith("coredns.saved.yaml")


def test_pods_of_a_silent_node_are_not_judged_by_what_is_old() -> None:
    world = healthy()
    kubelet_silent(world)
    diagnosis = diagnose(world.snapshot())
    assert [f"{one.component}: {one.cause.id}" for one in diagnosis.findings] == ["node: node-silent"]
    assert not [check for check in diagnosis.red if check.startswith(("test_pods_ready", "test_rollout_complete"))]
    assert diagnosis.unanswered == ()
    with pytest.raises(PreconditionNotMet, match="is 45 s old: its kubelet does not report"):
        pods.are_ready(world.snapshot(), roles.KAFKA)


def test_a_silent_node_explains_what_the_cluster_makes_of_it_a_minute_later() -> None:
    world = healthy()
    kubelet_silent(world)
    world.answers["nodes"][0]["status"]["conditions"][-1].update(status="Unknown", reason="NodeStatusUnknown")
    for pod in world.answers["pods"]:
        pod["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": world.ago(5)}
    for each in world.answers["endpointslices"]:
        each["endpoints"][0]["conditions"]["ready"] = False
    for source in ("deployments", "statefulsets"):
        for workload in world.answers[source]:
            workload["status"] |= {"availableReplicas": 0, "readyReplicas": 0}
    for part in ("coredns", "metrics-server", "kube-router"):
        part_without_pods(world, part)
    world.fail("pod_metrics", ServiceUnreachable("the API server answers, but not what it asks"))
    last_workload_without_pods(world, roles.LOKI)
    diagnosis = diagnose(world.snapshot())
    assert [f"{one.component}: {one.cause.id}" for one in diagnosis.findings] == ["node: node-silent"]
    assert not [check for check in diagnosis.red if check.startswith("test_cluster_part_runs")]


def test_a_corefile_that_hides_no_service_and_is_another_one_is_named_by_its_line() -> None:
    world = healthy()
    part_told_otherwise(world, "coredns")
    assert said(world) == ["dns: cluster-part-set-otherwise configmap/coredns"]
    [found] = diagnose(world.snapshot()).findings
    assert "is cache 3600 {, declared: cache 30 {" in " ".join(found.summary.split())
    assert found.next[0] == "kubectl --context kind-conveyor get configmap -n kube-system coredns -o yaml"


def test_a_dns_service_that_leads_nowhere_is_named_and_no_file_is_to_be_replaced() -> None:
    world = healthy()
    dns_service_astray(world, "coredns")
    unresolved(world, roles.PRODUCER)
    assert said(world) == ["dns: dns-misconfigured services"]
    [found] = diagnose(world.snapshot()).findings
    assert found.next[0] == "kubectl --context kind-conveyor get services -n kube-system -o wide"
    assert not found.undo


def without_metrics(world: World, pods: int) -> None:
    """The metrics API answers nobody, and so many pods of metrics-server are ready."""
    metrics_server_scaled_to_0(world)
    world.item("system_deployments", "metrics-server")["spec"]["replicas"] = int(pods > 0)
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    apps = ["kube-dns", *["metrics-server"] * pods]
    world.answers["system_pods"] = [
        {"metadata": {"name": f"{app}-1", "labels": {"k8s-app": app}}, "status": ready} for app in apps
    ]


@pytest.mark.parametrize(("pods", "last"), [(0, "--replicas=1"), (1, "make up")])
def test_a_metrics_server_that_runs_is_not_scaled_up(pods: int, last: str) -> None:
    world = healthy()
    without_metrics(world, pods)
    [found] = [one for one in diagnose(world.snapshot()).findings if one.component == "hpa"]
    assert found.cause.id == "usage-unknown"
    assert found.next[-1].endswith(last)
    assert bool(found.undo) is (pods == 0)


def test_a_metrics_server_that_is_told_otherwise_is_why_there_are_no_metrics() -> None:
    world = healthy()
    without_metrics(world, 1)
    part_told_otherwise(world, "metrics-server")
    diagnosis = diagnose(world.snapshot())
    assert said(world) == ["hpa: cluster-part-set-otherwise deployment/metrics-server"]
    assert not diagnosis.unanswered


LABELS = {"coredns": "kube-dns"}


def crashing(world: World, part: str, reason: str, restarts: int) -> None:
    """The only pod of a part that is asked for does not start, whatever is tried."""
    part_without_pods(world, part)
    labels = {"k8s-app": LABELS.get(part, part)}
    container = {"name": part, "restartCount": restarts, "state": {"waiting": {"reason": reason}}}
    status = {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [container],
    }
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    others = [
        {"metadata": {"name": f"{app}-0", "labels": {"k8s-app": app}}, "status": ready}
        for app in ("kube-dns", "metrics-server", "kube-proxy", "kube-router")
        if app != labels["k8s-app"]
    ]
    world.answers["system_pods"] = [*others, {"metadata": {"name": f"{part}-1", "labels": labels}, "status": status}]


def named(world: World, part: str) -> Finding:
    [found] = [one for one in diagnose(world.snapshot()).findings if one.subject.endswith(f"/{part}")]
    return found


@pytest.mark.parametrize("part", ["coredns", "metrics-server", "kube-proxy", "kube-router"])
@pytest.mark.parametrize(("reason", "restarts"), [("CrashLoopBackOff", 9), ("ImagePullBackOff", 0)])
def test_a_part_that_crashes_is_looked_at_and_neither_scaled_nor_deployed_again(
    part: str, reason: str, restarts: int
) -> None:
    world = healthy()
    crashing(world, part, reason, restarts)
    found = named(world, part)
    assert any(f"pod {part}-1: {reason}" in line for line in (found.summary, *found.evidence))
    pods = f"-n kube-system -l k8s-app={LABELS.get(part, part)}"
    looks = [f"describe pods {pods}", *([f"logs {pods} --tail=50"] if restarts else [])]
    assert found.next == tuple(f"kubectl --context kind-conveyor {look}" for look in looks)
    assert not found.undo


@pytest.mark.parametrize(("part", "declared"), [("coredns", False), ("metrics-server", True), ("kube-proxy", False)])
def test_a_part_that_is_gone_is_made_again_only_where_this_checkout_declares_it(part: str, declared: bool) -> None:
    world = healthy()
    part_gone(world, part)
    found = named(world, part)
    assert (found.next[-1] == "make up") is found.mends is declared
    assert not found.undo
    assert "there is no d" in found.summary


@pytest.mark.parametrize(
    ("part", "breakage", "restored"),
    [
        ("kube-proxy", part_wanted_nowhere, False),
        ("kube-proxy", part_without_pods, False),
        ("kube-router", part_wanted_nowhere, True),
        ("kube-router", part_without_pods, False),
        ("coredns", part_without_pods, False),
        ("metrics-server", part_without_pods, False),
    ],
)
def test_make_up_is_typed_only_for_what_it_restores(part: str, breakage: object, restored: bool) -> None:
    world = healthy()
    assert callable(breakage)
    breakage(world, part)
    found = named(world, part)
    assert (found.next[-1] == "make up") is found.mends is restored
    assert any(step.endswith(f"-n kube-system {part}") for step in found.next) is not restored


@pytest.mark.parametrize("part", ["coredns", "metrics-server"])
def test_what_is_scaled_to_0_is_scaled_to_1(part: str) -> None:
    world = healthy()
    part_wanted_nowhere(world, part)
    found = named(world, part)
    scale = f"kubectl --context kind-conveyor scale deployment {part} -n kube-system --replicas="
    assert (found.next[-1], found.undo) == (f"{scale}1", f"{scale}0")
