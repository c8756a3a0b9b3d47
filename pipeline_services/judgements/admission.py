"""What stands before the pods of a namespace at the API server: webhooks and policies that may refuse them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.model.flows import NAMESPACE_NAME
from pipeline_services.model.k8s import K8sObject, name_of, spec_of
from pipeline_services.model.own_cluster import NODE_LEASES
from pipeline_services.snapshot.reachability.policy_rules import holds

_FAILS: Final = "Fail"
_CLUSTER_ONLY: Final = "Cluster"
"""The scope of a rule that is about no object of a namespace."""
_DENIES: Final = "Deny"


@dataclass(frozen=True, slots=True)
class _Watched:
    """What Kubernetes itself writes while the pipeline runs: in words, by resource, API group and operation.

    ``namespace``: where that is always the same; what is written there has no labels.
    """

    what: str
    resources: tuple[str, ...]
    groups: frozenset[str]
    operations: frozenset[str]
    namespace: str = ""


_WATCHED: Final = (
    _Watched(
        "each new pod",
        ("pods", "deployments", "replicasets", "statefulsets", "daemonsets"),
        frozenset({"", "apps"}),
        frozenset({"CREATE"}),
    ),
    _Watched("each pod that is to go", ("pods",), frozenset({""}), frozenset({"DELETE"})),
    _Watched("each placement of a pod", ("pods/binding",), frozenset({""}), frozenset({"CREATE"})),
    _Watched("each state of a pod", ("pods/status",), frozenset({""}), frozenset({"UPDATE", "PATCH"})),
    _Watched("each scaling", ("deployments/scale", "statefulsets/scale"), frozenset({"apps"}), frozenset({"UPDATE"})),
    _Watched(
        "each update of a Service's endpoints",
        ("endpointslices",),
        frozenset({"discovery.k8s.io"}),
        frozenset({"CREATE", "UPDATE"}),
    ),
    _Watched(
        "each heartbeat of a node",
        ("leases",),
        frozenset({"coordination.k8s.io"}),
        frozenset({"UPDATE"}),
        namespace=NODE_LEASES,
    ),
)


def webhooks_met(
    configuration: K8sObject, namespace: Mapping[str, str], pods: Iterable[Mapping[str, str]]
) -> Iterator[str]:
    """Each webhook that Kubernetes calls for what the pipeline needs there: what for, its name, and what goes on
    without its answer.

    Args:
        namespace: the namespace's labels.
        pods: the labels of the pods that are made there; what is made for them has the same.
    """
    made = list(pods)
    for one in configuration.get("webhooks") or ():
        watched = [
            known.what
            for known in _WATCHED
            if holds(one.get("namespaceSelector") or {}, _labels_of(known, namespace))
            and any(holds(one.get("objectSelector") or {}, labels) for labels in ([{}] if known.namespace else made))
            and any(_is_about(rule, known) for rule in one.get("rules") or ())
        ]
        if watched:
            closed = one.get("failurePolicy", _FAILS) == _FAILS
            first, more = watched[0], f" and {len(watched) - 1} other steps" if len(watched) > 1 else ""
            yield f"{first}{more}: webhook {one['name']}{' has to answer first' if closed else ''}"


def _labels_of(watched: _Watched, namespace: Mapping[str, str]) -> Mapping[str, str]:
    return {NAMESPACE_NAME: watched.namespace} if watched.namespace else namespace


def denies(binding: K8sObject, namespace: Mapping[str, str]) -> bool:
    """Whether a binding makes its policy refuse what is made in a namespace with such labels."""
    spec = spec_of(binding)
    selector: Mapping[str, Any] = (spec.get("matchResources") or {}).get("namespaceSelector") or {}
    return _DENIES in (spec.get("validationActions") or ()) and holds(selector, namespace)


def policy_of(binding: K8sObject) -> str:
    """The name of the policy that a binding is for."""
    return str(spec_of(binding).get("policyName") or name_of(binding))


def _is_about(rule: Mapping[str, Any], watched: _Watched) -> bool:
    named = set(rule.get("resources") or ())
    return (
        rule.get("scope") != _CLUSTER_ONLY
        and any(named & _called(resource) for resource in watched.resources)
        and bool({"*", *watched.groups} & set(rule.get("apiGroups") or ()))
        and bool({"*", *watched.operations} & set(rule.get("operations") or ()))
    )


def _called(resource: str) -> set[str]:
    """How a rule may name a resource, or a part of one such as ``pods/binding``."""
    kind, _, part = resource.partition("/")
    return {"*/*", resource, *((f"{kind}/*", f"*/{part}") if part else ("*",))}
