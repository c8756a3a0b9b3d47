"""What a cluster had before the pipeline, as a cloud makes it, is nothing that somebody added to what was declared."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.judgements.declared import drifts
from tests.judgements.world import healthy

POD = {"apiGroups": [""], "operations": ["CREATE"], "resources": ["pods"]}
ACCOUNT = {"kind": "ServiceAccount", "name": "default"}
ALL = {"kind": "Group", "name": "system:serviceaccounts"}
ADDED: dict[str, dict[str, Any]] = {
    "mutatingwebhookconfigurations": {"webhooks": [{"name": "identity", "rules": [POD]}]},
    "validatingadmissionpolicybindings": {"spec": {"policyName": "safe", "validationActions": ["Deny"]}},
    "clusterrolebindings": {"roleRef": {"kind": "ClusterRole", "name": "psp"}, "subjects": [ALL]},
}


def told(source: str, seconds: float, **fields: Any) -> list[str]:
    """What is told of an object that is so much older than the namespace."""
    world = healthy()
    world.answers["namespaces"][0]["metadata"]["creationTimestamp"] = world.ago(100)
    made = {"name": "of-the-cloud", "creationTimestamp": world.ago(100 + seconds)}
    world.answers[source].append({"metadata": made, **ADDED[source], **fields})
    return [one.name for one in drifts(world.snapshot(), "config")]


@pytest.mark.parametrize("source", ADDED)
def test_what_is_older_is_the_clusters_own_and_what_is_newer_is_told(source: str) -> None:
    assert told(source, 50) == []
    assert told(source, -50) == ["of-the-cloud"]


def test_rights_for_the_pods_own_account_are_told_however_old_they_are() -> None:
    assert told("clusterrolebindings", 50, subjects=[{**ACCOUNT, "namespace": "elsewhere"}]) == []
    assert told("clusterrolebindings", 50, subjects=[ACCOUNT | {"namespace": healthy().pipeline.namespace}])


def test_an_account_may_be_given_rights_as_the_user_that_it_is_to_the_api_server() -> None:
    def user(name: str) -> list[dict[str, str]]:
        return [{"kind": "User", "name": f"system:serviceaccount:{healthy().pipeline.namespace}:{name}"}]

    assert told("clusterrolebindings", -50, subjects=user("default"))
    assert told("clusterrolebindings", -50, subjects=user("of-somebody-else")) == []
