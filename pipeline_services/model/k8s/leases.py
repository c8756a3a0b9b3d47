"""Leases: whoever holds one renews it for as long as it lives."""

from __future__ import annotations

from typing import Final

from pipeline_services.model.errors import NoData
from pipeline_services.model.k8s.objects import K8sObject, epoch, name_of, spec_of

SILENT_AFTER_S: Final = 40.0
"""Seconds without a renewal after which the holder of a Lease is taken to be gone: four renewals of a kubelet."""


def renewed_at(lease: K8sObject) -> float:
    """When a Lease was renewed last, epoch seconds by the clock of its holder. Raises NoData where it never was."""
    time = spec_of(lease).get("renewTime")
    if not time:
        raise NoData(f"the Lease {name_of(lease)} was never renewed")
    return epoch(str(time))
