"""What of the cluster itself is taken for gone, and which Corefiles keep the Services' names from being answered."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipeline_services.judgements.cluster_parts import names_are_answered, part_is_as_declared, part_runs
from pipeline_services.judgements.corefile import hidden, servers
from pipeline_services.judgements.deviation import Deviation
from pipeline_services.model.errors import AccessDenied, NoData, PreconditionNotMet, UnexpectedAnswer
from tests.judgements.answers.system import COREFILE
from tests.judgements.world import healthy

ZONE = "cluster.local"
NAME = f"kafka-service.conveyor-pipeline.svc.{ZONE}"


def why(corefile: str) -> str:
    return hidden(corefile, [NAME], ZONE, "conveyor-pipeline")


def before_kubernetes(*lines: str) -> str:
    return COREFILE.replace("    kubernetes", "\n".join((*lines, "    kubernetes")), 1)


@pytest.mark.parametrize(
    "corefile",
    [
        COREFILE,
        before_kubernetes("template ANY ANY corp.example {", "  rcode NXDOMAIN", "}"),
        before_kubernetes("template IN TXT cluster.local {", "  rcode NXDOMAIN", "}"),
        before_kubernetes("template IN A {", r"  match ^old\.", "  rcode NXDOMAIN", "  fallthrough", "}"),
        before_kubernetes("hosts {", "  192.0.2.7 printer.corp.example", "  fallthrough", "}"),
        before_kubernetes("rewrite name old.corp.example new.corp.example"),
        before_kubernetes("rewrite stop {", "  name suffix .corp.example .corp.example", "}"),
        COREFILE + "corp.example:53 {\n  forward . 192.0.2.53\n}\n",
        "(common) {\n  errors\n}\nimport custom/*.server\n" + COREFILE.replace("    errors", "    import common"),
        COREFILE.replace("cluster.local in-addr.arpa ip6.arpa", ""),
        COREFILE.replace("ttl 30", "namespaces default conveyor-pipeline"),
        "# of the team\n" + COREFILE.replace("errors", "errors # to the log"),
    ],
)
def test_what_leaves_the_services_names_alone_hides_nothing(corefile: str) -> None:
    assert why(corefile) == ""


@pytest.mark.parametrize(
    ("corefile", "said"),
    [
        (
            before_kubernetes("template ANY ANY cluster.local {", "rcode NXDOMAIN", "}"),
            "template ANY ANY cluster.local",
        ),
        (before_kubernetes("template IN A {", r'match "\.svc\.cluster\.local\.$"', "rcode REFUSED", "}"), "REFUSED"),
        (before_kubernetes("template IN A {", r"match ^old\.", 'answer "x"', "}"), "something else"),
        (before_kubernetes("hosts {", f"  192.0.2.7 {NAME}", "  fallthrough", "}"), "'hosts' answers"),
        (before_kubernetes("hosts /etc/hosts cluster.local"), "hosts /etc/hosts cluster.local"),
        (before_kubernetes("rewrite name suffix .svc.cluster.local .svc.old.local"), "rewrite name suffix"),
        (before_kubernetes("rewrite stop {", f"  name exact {NAME} elsewhere", "}"), "'rewrite stop' makes"),
        (COREFILE.replace("ttl 30", "namespaces kube-system"), "leaves out conveyor-pipeline"),
        (COREFILE.replace("cluster.local in-addr", "cluster.lan in-addr"), "no plugin 'kubernetes' answers"),
        (COREFILE + "svc.cluster.local:53 {\n  forward . 192.0.2.53\n}\n", "no plugin 'kubernetes' answers"),
        ("corp.example {\n  kubernetes cluster.local\n}\n", "no server block answers"),
        ("", "no server block answers"),
    ],
)
def test_what_takes_the_services_names_is_said(corefile: str, said: str) -> None:
    assert said in why(corefile)


def test_what_cannot_be_read_is_no_pass() -> None:
    for broken in (".:53 {\n  errors\n", before_kubernetes("template IN A {", "  match (", "}")):
        with pytest.raises(UnexpectedAnswer):
            why(broken)


def test_a_corefile_is_read_into_blocks() -> None:
    [server] = servers(COREFILE)
    assert server.zones == ("",)
    assert [one.plugin for one in server.plugins][:3] == ["errors", "ready", "kubernetes"]
    [plugin] = server.of("kubernetes")
    assert (plugin.words[0], plugin.option("ttl"), plugin.option("namespaces")) == (ZONE, ("30",), None)


def test_one_pod_of_several_is_enough_for_a_deployment() -> None:
    world = healthy()
    world.item("system_deployments", "coredns")["status"]["availableReplicas"] = 1
    part_runs(world.snapshot(), "coredns")


def test_a_daemon_set_may_lack_the_pods_of_nodes_that_are_not_ready() -> None:
    world = healthy()
    world.item("system_daemonsets", "kube-proxy")["status"] = {"desiredNumberScheduled": 2, "numberAvailable": 1}
    with pytest.raises(Deviation, match="has 1 of 2 pods ready"):
        part_runs(world.snapshot(), "kube-proxy")
    gone = {"metadata": {"name": "gone"}, "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}
    world.answers["nodes"].append(gone)
    part_runs(world.snapshot(), "kube-proxy")


def test_a_lease_is_compared_with_others_and_not_with_the_clock_of_who_looks() -> None:
    world = healthy()
    world.now += 600
    part_runs(world.snapshot(), "kube-scheduler")
    world.item("system_leases", "kube-scheduler")["spec"]["renewTime"] = None
    with pytest.raises(NoData, match="never renewed"):
        part_runs(world.snapshot(), "kube-scheduler")


def test_a_part_that_another_one_may_stand_for_is_not_known_to_be_gone() -> None:
    world = healthy()
    other = {**world.item("system_daemonsets", "kube-router"), "metadata": {"name": "calico-node"}}
    world.drop("system_daemonsets", lambda item: item["metadata"]["name"] == "kube-router")
    world.answers["system_daemonsets"].append(other)
    with pytest.raises(PreconditionNotMet, match="no kube-router, and calico-node may do its work"):
        part_runs(world.snapshot(), "kube-router")


def test_a_dns_service_may_select_by_more_labels_than_are_described() -> None:
    world = healthy()
    more = {"app.kubernetes.io/instance": "dns-of-the-distribution"}
    world.answers["system_services"] = copy.deepcopy(world.answers["system_services"])
    world.answers["system_services"][0]["spec"]["selector"] |= more
    with pytest.raises(Deviation, match="leads to port 53"):
        names_are_answered(world.snapshot(), "coredns")
    world.item("system_deployments", "coredns")["spec"]["template"]["metadata"]["labels"] |= more
    names_are_answered(world.snapshot(), "coredns")


@pytest.mark.parametrize("port", [{"protocol": "TCP"}, {"targetPort": 5_353}, {"targetPort": "metrics"}])
def test_a_dns_service_leads_datagrams_to_a_port_that_the_servers_have(port: dict[str, Any]) -> None:
    world = healthy()
    world.answers["system_services"] = copy.deepcopy(world.answers["system_services"])
    (own,) = world.answers["system_services"][0]["spec"]["ports"]
    (server,) = world.item("system_deployments", "coredns")["spec"]["template"]["spec"]["containers"]
    server["ports"] = [{"name": "dns", "containerPort": 53, "protocol": "UDP"}]
    for good in ("dns", 53):
        own["targetPort"] = good
        names_are_answered(world.snapshot(), "coredns")
    own |= port
    with pytest.raises(Deviation, match="leads to port 53"):
        names_are_answered(world.snapshot(), "coredns")


def test_a_cluster_of_another_make_is_not_held_against_this_checkout() -> None:
    world = healthy()
    world.answers["dns_config"]["coredns"] = COREFILE.replace("ttl 30", "ttl 5")
    with pytest.raises(Deviation, match="ttl 5"):
        part_is_as_declared(world.snapshot(), "coredns")
    world.item("system_daemonsets", "kube-router")["metadata"]["name"] = "aws-node"
    with pytest.raises(PreconditionNotMet, match="no kube-router, and aws-node may do its work: say in"):
        part_is_as_declared(world.snapshot(), "coredns")
    world.drop("system_daemonsets", lambda item: item["metadata"]["name"] == "aws-node")
    with pytest.raises(Deviation, match="ttl 5"):
        part_is_as_declared(world.snapshot(), "coredns")


def test_without_the_right_to_look_it_is_not_known() -> None:
    world = healthy()
    world.fail("system_daemonsets", AccessDenied("list", "daemonsets.apps in kube-system"))
    with pytest.raises(AccessDenied):
        part_runs(world.snapshot(), "kube-router")
    part_runs(world.snapshot(), "coredns")
