"""Which webhooks and policies a new pod has to pass."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.judgements.admission import denies, webhooks_met

NAMESPACE = {"kubernetes.io/metadata.name": "ours", "team": "iot"}
PODS = [{"app": "kafka"}, {"app": "grafana"}]
RULE = {"apiGroups": [""], "operations": ["CREATE"], "resources": ["pods"]}


def met(rule: dict[str, Any] | None = None, **fields: Any) -> list[str]:
    webhook = {"name": "guard", "rules": [RULE | (rule or {})], **fields}
    return list(webhooks_met({"webhooks": [webhook]}, NAMESPACE, PODS))


def test_a_webhook_about_pods_is_met_and_without_its_answer_none_is_made() -> None:
    assert met() == ["each new pod: webhook guard has to answer first"]
    assert met(failurePolicy="Ignore") == ["each new pod: webhook guard"]


@pytest.mark.parametrize(
    ("resource", "group", "operation", "said"),
    [
        ("endpointslices", "discovery.k8s.io", "UPDATE", "each update of a Service's endpoints"),
        ("deployments/scale", "apps", "UPDATE", "each scaling"),
        ("*/scale", "apps", "*", "each scaling"),
        ("pods/binding", "", "CREATE", "each placement of a pod"),
        ("pods/status", "", "UPDATE", "each state of a pod"),
        ("pods", "", "DELETE", "each pod that is to go"),
        ("leases", "coordination.k8s.io", "UPDATE", "each heartbeat of a node"),
    ],
)
def test_a_webhook_is_met_by_whatever_kubernetes_writes(resource: str, group: str, operation: str, said: str) -> None:
    rule = {"resources": [resource], "apiGroups": [group], "operations": [operation]}
    assert met(rule, failurePolicy="Ignore") == [f"{said}: webhook guard"]


def test_a_webhook_about_everything_says_how_much_that_is() -> None:
    (said,) = met({"resources": ["*/*"], "apiGroups": ["*"], "operations": ["*"]}, failurePolicy="Ignore")
    assert said == "each new pod and 6 other steps: webhook guard"


def test_the_nodes_heartbeats_are_in_a_namespace_of_their_own_and_have_no_labels() -> None:
    rule = {"resources": ["leases"], "apiGroups": ["coordination.k8s.io"], "operations": ["UPDATE"]}
    assert met(rule, objectSelector={"matchLabels": {"app": "kafka"}}) == []
    assert met(rule, objectSelector={"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]})
    assert met(rule, namespaceSelector={"matchLabels": {"team": "iot"}}) == []


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ({"resources": ["secrets"]}, {}),
        ({"resources": ["*/*"], "apiGroups": ["*"], "operations": ["*"], "scope": "Cluster"}, {}),
        ({"resources": ["pods/exec"], "operations": ["CONNECT"]}, {}),
        ({"resources": ["leases"]}, {}),
        ({"apiGroups": ["batch"]}, {}),
        ({}, {"namespaceSelector": {"matchLabels": {"team": "web"}}}),
        ({}, {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}}),
        ({}, {"objectSelector": {"matchLabels": {"app": "web"}}}),
    ],
)
def test_a_webhook_about_something_else_is_not(rule: dict[str, Any], fields: dict[str, Any]) -> None:
    assert met(rule, **fields) == []


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ({"resources": ["*/*"], "apiGroups": ["*"], "operations": ["*"]}, {}),
        ({"resources": ["deployments"], "apiGroups": ["apps"]}, {}),
        ({}, {"objectSelector": {"matchLabels": {"app": "grafana"}}}),
        ({}, {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["iot"]}]}}),
    ],
)
def test_a_webhook_about_some_of_the_pods_is(rule: dict[str, Any], fields: dict[str, Any]) -> None:
    assert met(rule, **fields)


@pytest.mark.parametrize(
    ("actions", "team", "refused"),
    [(["Deny"], "iot", True), (["Warn", "Audit"], "iot", False), (["Deny"], "web", False)],
)
def test_a_policy_refuses_where_it_denies_and_is_bound_here(actions: list[str], team: str, refused: bool) -> None:
    resources = {"namespaceSelector": {"matchLabels": {"team": team}}}
    binding = {"metadata": {"name": "b"}, "spec": {"validationActions": actions, "matchResources": resources}}
    assert denies(binding, NAMESPACE) is refused
