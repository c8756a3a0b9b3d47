"""Policies of the system's namespace: who asks for names has to be let in there, too."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.model.errors import AccessDenied, ServiceUnreachable
from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.world import World, healthy

DNS = {"matchLabels": {"k8s-app": "kube-dns"}}
OURS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "conveyor-pipeline"}}}
OTHERS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "web"}}}
NAMES = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


def with_policy(selector: dict[str, Any], *ingress: dict[str, Any]) -> World:
    world = healthy()
    world.answers["namespaces"][0]["metadata"]["labels"]["team"] = "iot"
    spec = {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": list(ingress)}
    world.answers["system_networkpolicies"] = [{"metadata": {"name": "closed"}, "spec": spec}]
    return world


@pytest.mark.parametrize(
    ("selector", "ingress"),
    [
        (DNS, ()),
        ({}, ()),
        (DNS, ({"from": [OTHERS]},)),
        (DNS, ({"from": [{"namespaceSelector": {"matchLabels": {"team": "web"}}}]},)),
        (DNS, ({"from": [OURS], "ports": NAMES[:1]},)),
        (DNS, ({"from": [{"podSelector": {}}]},)),
    ],
)
def test_dns_that_lets_none_of_our_pods_in_is_named_with_where_to_look(
    selector: dict[str, Any], ingress: tuple[dict[str, Any], ...]
) -> None:
    (found,) = diagnose(with_policy(selector, *ingress).snapshot()).findings
    assert (found.component, found.cause.id) == ("network", "policy-blocks")
    assert "ingress of dns in kube-system does not allow" in found.evidence[0]
    assert {command.split()[-1] for command in found.next} == {"kube-system"}
    assert found.summary == "NetworkPolicy closed of kube-system does not let the pods reach DNS"


@pytest.mark.parametrize(
    ("count", "said"),
    [(2, "NetworkPolicies p0 and p1 of kube-system do not let"), (9, "the NetworkPolicies of kube-system do not let")],
)
def test_few_policies_are_named_and_many_are_not(count: int, said: str) -> None:
    world = with_policy(DNS)
    [policy] = world.answers["system_networkpolicies"]
    world.answers["system_networkpolicies"] = [policy | {"metadata": {"name": f"p{one}"}} for one in range(count)]
    assert said in diagnose(world.snapshot()).findings[0].summary


@pytest.mark.parametrize(
    ("selector", "ingress"),
    [
        ({"matchLabels": {"k8s-app": "metrics-server"}}, ()),
        (DNS, ({},)),
        (DNS, ({"from": [OURS], "ports": NAMES},)),
        (DNS, ({"from": [{"namespaceSelector": {}}], "ports": NAMES},)),
        (DNS, ({"from": [{"namespaceSelector": {"matchLabels": {"team": "iot"}}}], "ports": NAMES},)),
    ],
)
def test_dns_that_lets_our_pods_in_is_no_finding(selector: dict[str, Any], ingress: tuple[dict[str, Any], ...]) -> None:
    assert diagnose(with_policy(selector, *ingress).snapshot()).healthy


def test_what_an_account_may_not_see_of_the_system_is_taken_to_let_us_in() -> None:
    world = healthy()
    world.fail("system_networkpolicies", AccessDenied("list", "networkpolicies in kube-system"))
    assert diagnose(world.snapshot()).healthy


@pytest.mark.parametrize("source", ["namespaces", "system_networkpolicies"])
def test_what_did_not_answer_lets_nobody_in(source: str) -> None:
    world = healthy()
    world.fail(source, ServiceUnreachable("it did not answer in time"))
    unknown = {one.check for one in diagnose(world.snapshot()).unanswered}
    assert "test_network_allows[any-dns]" in unknown
