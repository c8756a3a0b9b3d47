"""Every cause that triage knows: its level (section 6), whether it heals by itself, and the commands that help.

A cause stands in the file that is named like the file in ``rules/`` that finds it. What cannot be told from another
thing is not two causes. ``unknown`` is one of them: an honest answer with evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pipeline_services.triage.causes import (
    autoscaling,
    cluster_parts,
    config,
    containers,
    data_flow,
    declared,
    influxdb,
    infrastructure,
    kafka,
    network,
    observability,
    pods,
    probes,
    resources,
    scheduling,
    services,
    stale_errors,
    tls,
    unknown,
    workloads,
)
from pipeline_services.triage.model import Cause

SUBJECTS: Final = (
    config,
    tls,
    cluster_parts,
    network,
    services,
    declared,
    kafka,
    influxdb,
    data_flow,
    resources,
    infrastructure,
    scheduling,
    workloads,
    pods,
    containers,
    probes,
    stale_errors,
    observability,
    autoscaling,
    unknown,
)
CAUSES: Final[Mapping[str, Cause]] = MappingProxyType(
    {cause.id: cause for subject in SUBJECTS for cause in subject.CAUSES}
)
"""Every cause by its id."""
