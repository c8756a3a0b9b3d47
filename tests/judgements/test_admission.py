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
    assert met() == ["guard, without whose answer none is made"]
    assert met(failurePolicy="Ignore") == ["guard"]


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ({"resources": ["secrets"]}, {}),
        ({"operations": ["DELETE"]}, {}),
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
