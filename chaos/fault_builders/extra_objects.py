"""Objects that nobody declared and that act on the pipeline, or will."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chaos.fault_builders.common import fault_builder, own_service, workload_path
from pipeline_services.experiment.scenario import FaultBuilder
from pipeline_services.faults import capacity, objects
from pipeline_services.faults.journal import Call
from pipeline_services.faults.model import Fault, Proof, marks
from pipeline_services.model.flows import NAMESPACE_NAME
from pipeline_services.model.k8s import SERVICE_NAME, annotations_of, as_new, is_complete, labels_of, template_of
from pipeline_services.model.kinds import KINDS

if TYPE_CHECKING:
    from pipeline_services.experiment.pipeline import SteadyPipeline

GUARD: Final = "pod-guard"
NOBODY: Final = "203.0.113.9"
"""An address that is in no network (RFC 5737)."""


@fault_builder
def _made(pipeline: SteadyPipeline, /, kind: str, name: str, **fields: Any) -> Fault:
    """An object that nobody declared; ``labels`` are its metadata's."""
    return objects.created(pipeline.api, kind, name, pipeline.namespace, **fields)


@fault_builder
def open_on_nodes(pipeline: SteadyPipeline, app: str) -> Fault:
    """A second Service leads to the app from a port of every node, as somebody makes it to try something."""
    part = pipeline.description[app]
    port = own_service(pipeline, app).port
    spec = {"type": "NodePort", "selector": dict(part.selector), "ports": [{"port": port}]}
    return _made("Service", f"{app}-public", spec=spec)(pipeline)


@fault_builder
def address_by_hand(pipeline: SteadyPipeline, app: str) -> Fault:
    """An EndpointSlice that nobody keeps leads a part of the requests to an app's Service to an address of nobody."""
    service = own_service(pipeline, app)
    return _made(
        "EndpointSlice",
        f"{service.name}-by-hand",
        labels={SERVICE_NAME: service.name},
        addressType="IPv4",
        ports=[{"name": "http", "port": service.port, "protocol": "TCP"}],
        endpoints=[{"addresses": [NOBODY], "conditions": {"ready": True}}],
    )(pipeline)


@fault_builder
def never_drained(pipeline: SteadyPipeline, app: str) -> Fault:
    """A budget lets no drain take the app's only pod away."""
    selector = {"matchLabels": dict(pipeline.description[app].selector)}
    return _made("PodDisruptionBudget", f"{app}-stays", spec={"minAvailable": 1, "selector": selector})(pipeline)


def limits(**most: str) -> FaultBuilder:
    """Containers that are made from now on may have no more than that; those that run stay."""
    return _made("LimitRange", "team-limits", spec={"limits": [{"type": "Container", "max": most}]})


def just_enough(pipeline: SteadyPipeline) -> Fault:
    """A quota for as many pods as there are: what runs stays, and not one more may come."""
    count = len(pipeline.cluster.list("pods"))
    return capacity.quota(pipeline.api, pipeline.namespace, {"pods": str(count)})


@fault_builder
def open_by_an_ingress(pipeline: SteadyPipeline, app: str) -> Fault:
    """An Ingress leads to the app; where there is no controller for it, there will be one some day."""
    service = own_service(pipeline, app)
    backend = {"service": {"name": service.name, "port": {"number": service.port}}}
    return _made("Ingress", f"{app}-public", spec={"defaultBackend": backend})(pipeline)


@fault_builder
def given_rights(pipeline: SteadyPipeline, account: str, role: str) -> Fault:
    """An account of the pipeline's pods may do in the namespace what a ClusterRole says."""
    subject = {"kind": "ServiceAccount", "name": account, "namespace": pipeline.namespace}
    given = {"apiGroup": KINDS["ClusterRole"].api.partition("/")[0], "kind": "ClusterRole", "name": role}
    return _made("RoleBinding", f"{account}-debug", roleRef=given, subjects=[subject])(pipeline)


@fault_builder
def second_workload(pipeline: SteadyPipeline, app: str) -> Fault:
    """A copy of the app's Deployment under another name, as for trying a version: its pods have the app's labels."""
    kept = as_new(pipeline.api.call("GET", workload_path(pipeline, app)))
    name, template = f"{app}-canary", template_of(kept)
    labels = {**labels_of(template), **pipeline.description[app].selector, "track": "canary"}
    made = {**template, "metadata": {"labels": labels, "annotations": dict(annotations_of(template))}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": made}
    path = KINDS["Deployment"].path(pipeline.namespace, name)
    runs = Proof(f"{name} to run", lambda: is_complete(pipeline.api.call("GET", path)), within=60.0)
    return _made("Deployment", name, spec=spec)(pipeline).proved(runs)


@fault_builder
def webhook_without_answer(
    pipeline: SteadyPipeline, app: str, resource: str = "pods", group: str = "", operation: str = "CREATE"
) -> Fault:
    """The API server asks a webhook that nobody answers before something of the app is made or changed, by default a
    pod; those that run, run on."""
    kind = KINDS["ValidatingWebhookConfiguration"]
    about = {"apiGroups": [group], "apiVersions": ["v1"], "operations": [operation], "resources": [resource]}
    webhook = {
        "name": f"{GUARD}.example.com",
        "rules": [about],
        "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: pipeline.namespace}},
        "objectSelector": {"matchLabels": dict(pipeline.description[app].selector)},
        "clientConfig": {"url": f"https://{NOBODY}/"},
        **{"failurePolicy": "Fail", "timeoutSeconds": 1, "sideEffects": "None", "admissionReviewVersions": ["v1"]},
    }
    body = {"apiVersion": kind.api, "kind": kind.name, "metadata": {"name": GUARD, "labels": marks()}}
    path = kind.path(name=GUARD)
    return Fault(
        f"webhook {GUARD}, which nobody answers, is asked about {resource} of {app}",
        [Call("POST", kind.path(), {**body, "webhooks": [webhook]})],
        [Call("DELETE", path)],
        Proof(f"webhook {GUARD} to be there", lambda: objects.exists(pipeline.api, path)),
        Proof(f"webhook {GUARD} to be gone", lambda: not objects.exists(pipeline.api, path)),
    )
