"""The table of subjects: what triage knows of each, its causes and the rule that finds them, one file in ``causes/``.

A cause has its level (section 6), whether it heals by itself, and the commands that help. What cannot be told from
another thing is not two causes. ``unknown`` is one of them: an honest answer with evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from pipeline_services.triage.causes import (
    absent_pods,
    autoscaling,
    broker_settings,
    cluster_parts,
    config,
    containers,
    data_flow,
    declared,
    elsewhere,
    influxdb,
    infrastructure,
    kafka,
    network,
    observability,
    pods,
    policies,
    probes,
    resources,
    sandboxes,
    scheduling,
    services,
    stale_errors,
    stale_settings,
    tls,
    unknown,
    workloads,
)
from pipeline_services.triage.evidence import Evidence
from pipeline_services.triage.model import Cause, Finding

ASKED: Final = (
    infrastructure,
    config,
    tls,
    cluster_parts,
    network,
    workloads,
    elsewhere,
    kafka,
    stale_settings,
    influxdb,
    resources,
    data_flow,
    broker_settings,
    observability,
    autoscaling,
)
"""The subjects whose rules are asked for findings, in this order."""
SUBJECTS: Final = (
    *ASKED,
    declared,
    policies,
    services,
    scheduling,
    sandboxes,
    pods,
    absent_pods,
    containers,
    probes,
    stale_errors,
    unknown,
)
"""All of them; the rules of the last are asked by others."""
RULES: Final[Sequence[Callable[[Evidence], Iterator[Finding]]]] = tuple(subject.findings for subject in ASKED)
CAUSES: Final[Mapping[str, Cause]] = MappingProxyType(
    {cause.id: cause for subject in SUBJECTS for cause in subject.CAUSES}
)
"""Every cause by its id."""
