"""What a new pod of a namespace has to pass at the API server: webhooks and policies that may refuse or change it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pipeline_services.model.k8s import K8sObject, name_of, spec_of
from pipeline_services.snapshot.reachability.policy_rules import holds

_OF_PODS: Final = frozenset({"*", "*/*", "pods", "pods/*", "deployments", "replicasets", "statefulsets", "daemonsets"})
_GROUPS: Final = frozenset({"*", "", "apps"})
_MADE: Final = frozenset({"*", "CREATE"})
_FAILS: Final = "Fail"
_DENIES: Final = "Deny"


def webhooks_met(
    configuration: K8sObject, namespace: Mapping[str, str], pods: Iterable[Mapping[str, str]]
) -> Iterator[str]:
    """Each webhook that is called when a pod, or what makes pods, is made there: its name, and what happens without it.

    Args:
        namespace: the namespace's labels.
        pods: the labels of the pods that are made there.
    """
    made = list(pods)
    for one in configuration.get("webhooks") or ():
        meets = holds(one.get("namespaceSelector") or {}, namespace) and any(
            holds(one.get("objectSelector") or {}, labels) for labels in made
        )
        if meets and any(map(_is_about_pods, one.get("rules") or ())):
            closed = one.get("failurePolicy", _FAILS) == _FAILS
            yield f"{one['name']}{', without whose answer none is made' if closed else ''}"


def denies(binding: K8sObject, namespace: Mapping[str, str]) -> bool:
    """Whether a binding makes its policy refuse what is made in a namespace with such labels."""
    spec = spec_of(binding)
    selector: Mapping[str, Any] = (spec.get("matchResources") or {}).get("namespaceSelector") or {}
    return _DENIES in (spec.get("validationActions") or ()) and holds(selector, namespace)


def policy_of(binding: K8sObject) -> str:
    """The name of the policy that a binding is for."""
    return str(spec_of(binding).get("policyName") or name_of(binding))


def _is_about_pods(rule: Mapping[str, Any]) -> bool:
    wanted = ((_OF_PODS, "resources"), (_GROUPS, "apiGroups"), (_MADE, "operations"))
    return all(known & set(rule.get(key) or ()) for known, key in wanted)
