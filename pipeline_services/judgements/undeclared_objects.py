"""Objects that nobody declared and that act on the pipeline: told before they do what they will do. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from pipeline_services.judgements.admission import denies, policy_of, webhooks_met
from pipeline_services.judgements.drift import WORKLOADS, Drift
from pipeline_services.judgements.ownership import selects
from pipeline_services.model.errors import AccessDenied
from pipeline_services.model.flows import NAMESPACE_NAME
from pipeline_services.model.k8s import (
    K8sObject,
    creation_time,
    epoch,
    is_maintained,
    labels_of,
    name_of,
    progress_of,
    scale_target_of,
    service_of,
    spec_of,
    template_of,
)
from pipeline_services.model.kinds import KINDS, WORKLOAD_KINDS
from pipeline_services.snapshot.snapshot import ASKED_SINCE, Snapshot

QUOTAS: Final = "quotas"
_FROM_OUTSIDE: Final = ("LoadBalancer", "NodePort")
_OF_ALL_PODS: Final = ("system:serviceaccounts", "system:authenticated", "system:unauthenticated")
"""Groups that an account of the namespace is in, whatever its name; its own namespace's begins like the first."""
_VALIDATING: Final = "ValidatingWebhookConfiguration"
_WEBHOOKS: Final = (_VALIDATING, "MutatingWebhookConfiguration")
_KUBERNETES_OWN: Final = "system:"
LEFT_OPEN: Final[Mapping[str, tuple[str, ...]]] = {
    "config": (
        *("rolebindings", "clusterroles", "clusterrolebindings", "validatingwebhookconfigurations"),
        *("mutatingwebhookconfigurations", "validatingadmissionpolicybindings"),
    ),
    "network": ("ingresses",),
    "storage": ("storageclasses", "persistentvolumes"),
}
"""Lists that many an account may not read: the one check that is open without, by component; the others do without."""
_DONE_WITHOUT: Final = frozenset(source for sources in LEFT_OPEN.values() for source in sources)
_Rule = Callable[[Snapshot, str, Collection[str], Iterable[K8sObject]], Iterator[Drift]]


def extras(snapshot: Snapshot, component: str) -> Iterator[Drift]:
    """The objects of a component that act on the pipeline and are not declared.

    What an older suite did not ask for is left out.
    """
    for source, kind, owner, rule in _RULES:
        if owner in ("", component) and not is_out_of_sight(snapshot, source):
            yield from (one for one in _told_by(rule, kind, snapshot) if one.component == component)


def is_out_of_sight(snapshot: Snapshot, source: str) -> bool:
    """Whether a list was not asked for, or may not be read and is done without."""
    if source in snapshot.failures:
        return source in _DONE_WITHOUT and _is_denied(snapshot, source)
    return source in ASKED_SINCE and not snapshot.asked(source)


def require_in_sight(snapshot: Snapshot, component: str) -> None:
    """The account may read every list that leaves the component's check open; raises AccessDenied."""
    for source in LEFT_OPEN.get(component, ()):
        if _is_denied(snapshot, source):
            raise snapshot.failures[source].error()


def _is_denied(snapshot: Snapshot, source: str) -> bool:
    return source in snapshot.failures and snapshot.failures[source].kind == AccessDenied.__name__


def _told_by(rule: _Rule, kind: str, snapshot: Snapshot) -> list[Drift]:
    """What a rule finds of a kind: all of it at once, since each component asks for its own."""
    told = snapshot.derive(_told)
    if (rule, kind) not in told:
        declared: list[K8sObject] = snapshot.data("declared")
        known = {name_of(item) for item in declared if item["kind"] == kind}
        workloads = [item for item in declared if item["kind"] in WORKLOADS]
        told[rule, kind] = list(rule(snapshot, kind, known, workloads))
    return told[rule, kind]


def _told(_: Snapshot) -> dict[tuple[_Rule, str], list[Drift]]:
    """What the rules have found in the snapshot so far."""
    return {}


def _autoscalers(
    snapshot: Snapshot, kind: str, known: Collection[str], workloads: Iterable[K8sObject]
) -> Iterator[Drift]:
    """Of what the pipeline's pods are made from; what others scale in its namespace is theirs."""
    parts = snapshot.pipeline.workloads.values()
    scaled = {*((one["kind"], name_of(one)) for one in workloads), *((part.kind, part.workload) for part in parts)}
    for item in _undeclared(snapshot.data("hpas"), known):
        if scale_target_of(item) in scaled:
            target = "/".join(scale_target_of(item)).lower()
            yield Drift(kind, name_of(item), "hpa", extra=f"while two HPAs select the pods of {target}, neither scales")


def _services(snapshot: Snapshot, kind: str, known: Collection[str], workloads: Iterable[K8sObject]) -> Iterator[Drift]:
    for item in _undeclared(snapshot.data("services"), known):
        led_to = [name for name in _selected(item, workloads) if name in _parts(snapshot)]
        if led_to:
            spec = spec_of(item)
            outside = spec.get("type") in _FROM_OUTSIDE or bool(spec.get("externalIPs"))
            whence = "whoever can reach a node" if outside else "unknown clients"
            yield Drift(kind, name_of(item), "network", extra=f"it leads {whence} to the pods of {', '.join(led_to)}")


def _workloads(
    snapshot: Snapshot, kind: str, known: Collection[str], workloads: Iterable[K8sObject]
) -> Iterator[Drift]:
    """Of what a Service leads to, a pod too many is told as the Service's."""
    own = [part for part in snapshot.pipeline.workloads.values() if part.service is None]
    described = {*known, *map(name_of, workloads), *(part.workload for part in own)}
    for item in _undeclared(snapshot.data(KINDS[kind].source), described):
        part = next((one for one in own if one.owns(template_of(item))), None)
        if part is not None and progress_of(item).wanted:
            does = f"policies, autoscalers and metrics count its pods as {part.id}'s"
            yield Drift(kind, name_of(item), part.reports_to, extra=does)


def _ingresses(snapshot: Snapshot, kind: str, known: Collection[str], _: Iterable[K8sObject]) -> Iterator[Drift]:
    for item in _undeclared(snapshot.data("ingresses"), known):
        led_to = [name for name in _backends(spec_of(item)) if name in snapshot.pipeline.services]
        if led_to:
            does = f"it leads whoever can reach the ingress controller to {', '.join(dict.fromkeys(led_to))}"
            yield Drift(kind, name_of(item), "network", extra=does)


def _backends(ingress: K8sObject) -> Iterator[str]:
    """The Services that an Ingress leads to."""
    paths = [path for rule in ingress.get("rules") or () for path in (rule.get("http") or {}).get("paths") or ()]
    backends = [ingress.get("defaultBackend") or {}, *(path["backend"] for path in paths)]
    return (str(one["service"]["name"]) for one in backends if "service" in one)


def _bindings(snapshot: Snapshot, kind: str, known: Collection[str], workloads: Iterable[K8sObject]) -> Iterator[Drift]:
    """Rights for the accounts that the pipeline's pods have."""
    accounts: dict[str, list[str]] = {}
    for one in workloads:
        account = str(spec_of(template_of(one)).get("serviceAccountName") or "default")
        accounts.setdefault(account, []).append(_parts(snapshot).get(name_of(one), ""))
    for item in _undeclared(snapshot.data(KINDS[kind].source), known):
        if name_of(item).startswith(_KUBERNETES_OWN):
            continue
        groups = (
            () if _is_of_the_cluster(snapshot, item) else (*_OF_ALL_PODS, f"{_OF_ALL_PODS[0]}:{snapshot.namespace}")
        )
        given = [account for account in accounts if _is_given(item, account, snapshot.namespace, groups)]
        if given:
            (owner, *others) = dict.fromkeys(part for account in given for part in accounts[account])
            role = item["roleRef"]["name"]
            does = f"whoever gets into a pod of the account {' or '.join(given)} may do what {role} says"
            yield Drift(kind, name_of(item), "config" if others or not owner else owner, extra=does)


def _is_of_the_cluster(snapshot: Snapshot, item: K8sObject) -> bool:
    """Whether an object is older than the namespace: the pipeline was deployed under it, as on a cluster of a cloud."""
    namespace = next(iter(snapshot.answers.get("namespaces") or ()), None)
    made, begun = creation_time(item), creation_time(namespace) if namespace else ""
    return bool(made and begun) and epoch(made) < epoch(begun)


def _is_given(binding: K8sObject, account: str, namespace: str, groups: Collection[str]) -> bool:
    known_as = {("User", f"system:serviceaccount:{namespace}:{account}"), *(("Group", group) for group in groups)}
    itself = ("ServiceAccount", account, namespace)
    return any(
        (one.get("kind"), one["name"]) in known_as
        or (one.get("kind"), one["name"], one.get("namespace", namespace)) == itself
        for one in binding.get("subjects") or ()
    )


def _slices(snapshot: Snapshot, kind: str, _: Collection[str], __: Iterable[K8sObject]) -> Iterator[Drift]:
    """What a controller did not make of a Service's selector leads somewhere that no selector says."""
    pipeline = snapshot.pipeline
    services = {*pipeline.services, *(part.headless for part in pipeline.workloads.values() if part.headless)}
    for item in snapshot.data("endpointslices"):
        service = service_of(item)
        if service in services and not is_maintained(item):
            does = f"some requests to {service} go to addresses that no controller maintains"
            yield Drift(kind, name_of(item), "network", extra=does)


def _budgets(snapshot: Snapshot, kind: str, known: Collection[str], workloads: Iterable[K8sObject]) -> Iterator[Drift]:
    for item in _undeclared(snapshot.data("poddisruptionbudgets"), known):
        for name in _selected(item, workloads):
            does = f"a node drain may wait for {name} until its budget is deleted"
            yield Drift(kind, name_of(item), _parts(snapshot).get(name, ""), extra=does)


def _webhooks(snapshot: Snapshot, kind: str, known: Collection[str], workloads: Iterable[K8sObject]) -> Iterator[Drift]:
    (namespace,) = snapshot.data("namespaces")
    pods = [labels_of(template_of(one)) for one in workloads]
    does = "refuse" if kind == _VALIDATING else "change"
    for item in _undeclared(snapshot.data(KINDS[kind].source), known):
        if _is_of_the_cluster(snapshot, item):
            continue
        if webhook := next(webhooks_met(item, labels_of(namespace), pods), None):
            yield Drift(kind, name_of(item), "config", extra=f"it may {does} {webhook}")


def arming_labels(snapshot: Snapshot, declared: Mapping[str, str], live: Mapping[str, str]) -> Iterator[str]:
    """The namespace's labels for which alone a webhook is called when pods are made, be it as old as the cluster."""
    sources = [KINDS[kind].source for kind in _WEBHOOKS]
    known = [one for source in sources if not is_out_of_sight(snapshot, source) for one in snapshot.data(source)]
    pods = [labels_of(template_of(one)) for one in snapshot.data("declared") if one["kind"] in WORKLOADS]
    for key in sorted(key for key, value in live.items() if declared.get(key) != value and key != NAMESPACE_NAME):
        before = {other: value for other, value in live.items() if other != key}
        before |= {key: declared[key]} if key in declared else {}
        if any(any(webhooks_met(one, live, pods)) and not any(webhooks_met(one, before, pods)) for one in known):
            yield key


def _bound_policies(snapshot: Snapshot, kind: str, known: Collection[str], _: Iterable[K8sObject]) -> Iterator[Drift]:
    (namespace,) = snapshot.data("namespaces")
    for item in _undeclared(snapshot.data(KINDS[kind].source), known):
        if denies(item, labels_of(namespace)) and not _is_of_the_cluster(snapshot, item):
            does = f"what the policy {policy_of(item)} does not allow is refused when it is made"
            yield Drift(kind, name_of(item), "config", extra=does)


def _limits(snapshot: Snapshot, kind: str, known: Collection[str], _: Iterable[K8sObject]) -> Iterator[Drift]:
    for item in snapshot.data(QUOTAS):
        if item["kind"] == kind and item["name"] not in known:
            yield Drift(kind, item["name"], "config", extra="new pods may be refused or changed")


_RULES: Final[tuple[tuple[str, str, str, _Rule], ...]] = (
    ("hpas", "HorizontalPodAutoscaler", "hpa", _autoscalers),
    ("services", "Service", "network", _services),
    ("ingresses", "Ingress", "network", _ingresses),
    ("endpointslices", "EndpointSlice", "network", _slices),
    *((one.source, one.name, "", _workloads) for one in WORKLOAD_KINDS),
    *((KINDS[kind].source, kind, "", _bindings) for kind in ("RoleBinding", "ClusterRoleBinding")),
    ("poddisruptionbudgets", "PodDisruptionBudget", "", _budgets),
    *((KINDS[kind].source, kind, "config", _webhooks) for kind in _WEBHOOKS),
    ("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", "config", _bound_policies),
    (QUOTAS, "ResourceQuota", "config", _limits),
    (QUOTAS, "LimitRange", "config", _limits),
)
"""By the source that says what there is: the kind, whose it is where that is always the same, and which of its objects
act on the pipeline."""


def _parts(snapshot: Snapshot) -> Mapping[str, str]:
    """The component of each workload, by the workload's name."""
    return {part.workload: part.reports_to for part in snapshot.pipeline.workloads.values()}


def _undeclared(items: Iterable[K8sObject], known: Collection[str]) -> list[K8sObject]:
    return [item for item in items if name_of(item) not in known]


def _selected(item: K8sObject, workloads: Iterable[K8sObject]) -> list[str]:
    """The workloads whose pods it is about."""
    return [name_of(one) for one in workloads if selects(item, labels_of(template_of(one)))]
