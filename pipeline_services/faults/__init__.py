"""Changes made to a cluster on purpose: journaled before, undone after. Nothing else changes a cluster."""

from __future__ import annotations

from pipeline_services.faults.config import config_value, other_authority, scaled, secret_value
from pipeline_services.faults.expiry import FaultExpired
from pipeline_services.faults.injection import FaultDidNotLand, FaultRemains, gone, injected, landed, sweep, undo
from pipeline_services.faults.model import (
    RUN,
    Api,
    Fault,
    Node,
    Proof,
    inverse_patch,
    object_path,
    patched,
    with_restart,
)

__all__ = [
    "RUN",
    "Api",
    "Fault",
    "FaultDidNotLand",
    "FaultExpired",
    "FaultRemains",
    "Node",
    "Proof",
    "config_value",
    "gone",
    "injected",
    "inverse_patch",
    "landed",
    "object_path",
    "other_authority",
    "patched",
    "scaled",
    "secret_value",
    "sweep",
    "undo",
    "with_restart",
]
