"""Faults of configuration: wrong values, another authority's certificate, another number of replicas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline_services.faults.model import Api, Fault, Proof, object_path, patched
from pipeline_services.model.k8s import encoded, progress_of, replicas_of
from pipeline_services.model.text import pairs


def scaled(api: Api, kind: str, name: str, namespace: str, replicas: int) -> Fault:
    """The fault that scales a workload to ``replicas``. It has landed once the controller says so too."""
    path = object_path(kind, name, namespace)
    fault = patched(api, path, {"spec": {"replicas": replicas}}, f"{kind}/{name} scaled to {replicas}")
    before = replicas_of(api.call("GET", path))
    return fault.proved(
        Proof(f"{replicas} ready pods of {name}", lambda: _ready(api.call("GET", path)) == replicas, within=60.0),
        Proof(f"{before} ready pods of {name} again", lambda: _ready(api.call("GET", path)) >= before, within=90.0),
    )


def config_value(api: Api, name: str, namespace: str, values: Mapping[str, str]) -> Fault:
    """The fault that sets some keys of a ConfigMap. Pods that read it at their start have to be restarted."""
    what = f"ConfigMap {name}: {pairs(values)}"
    return patched(api, object_path("configmaps", name, namespace), {"data": dict(values)}, what)


def secret_value(api: Api, name: str, namespace: str, values: Mapping[str, bytes]) -> Fault:
    """The fault that replaces the values of some keys of a Secret."""
    data = encoded(values)
    keys = ", ".join(values)
    return patched(api, object_path("secrets", name, namespace), {"data": data}, f"secret {name} has another {keys}")


def other_authority(api: Api, name: str, namespace: str, certificate: Mapping[str, bytes], kept_ca: bytes) -> Fault:
    """The fault that gives a TLS secret a certificate of an authority that its clients do not know.

    ``kept_ca`` stays in the secret, since it is what the clients go on trusting.
    """
    values = {"tls.crt": certificate["tls.crt"], "tls.key": certificate["tls.key"], "ca.crt": kept_ca}
    return secret_value(api, name, namespace, values)


def _ready(workload: Mapping[str, Any]) -> int:
    progress = progress_of(workload)
    settled = progress.seen_by_controller and progress.available == progress.existing
    return progress.available if settled else -1
