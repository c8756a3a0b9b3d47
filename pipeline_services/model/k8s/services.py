"""Services and the endpoints behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pipeline_services.model.k8s.objects import K8sObject, labels_of, owners_of, spec_of

SERVICE_NAME: Final = "kubernetes.io/service-name"
"""The label with which an EndpointSlice says whose it is."""

_MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
_CONTROLLERS: Final = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")


def ports_of(service: K8sObject) -> Sequence[K8sObject]:
    """The entries of ``spec.ports``."""
    ports: Sequence[K8sObject] = spec_of(service).get("ports") or ()
    return ports


def port_of(service: K8sObject, number: int) -> K8sObject | None:
    """The entry of ``spec.ports`` with that number, or None."""
    return next((port for port in ports_of(service) if port["port"] == number), None)


def selector_of(service: K8sObject) -> Mapping[str, str]:
    """The labels of the pods that the Service leads to."""
    selector: Mapping[str, str] = spec_of(service).get("selector") or {}
    return selector


def service_of(endpoint_slice: K8sObject) -> str:
    """The name of the Service that an EndpointSlice belongs to."""
    return labels_of(endpoint_slice).get(SERVICE_NAME, "")


def is_maintained(endpoint_slice: K8sObject) -> bool:
    """Whether a controller of Kubernetes keeps an EndpointSlice as its Service says: it does so with its own only."""
    return labels_of(endpoint_slice).get(_MANAGED_BY, _CONTROLLERS[0]) in _CONTROLLERS and bool(
        owners_of(endpoint_slice)
    )


def endpoints_of(endpoint_slice: K8sObject, *, ready: bool) -> list[K8sObject]:
    """The endpoints of an EndpointSlice that are ready, or those that are not; one that does not say is ready."""
    endpoints: Sequence[K8sObject] = endpoint_slice.get("endpoints") or ()
    return [one for one in endpoints if ((one.get("conditions") or {}).get("ready") is not False) == ready]


def is_headless(service: K8sObject) -> bool:
    """Whether the Service has no address of its own: it only gives names to the pods behind it."""
    return spec_of(service).get("clusterIP") == "None"
