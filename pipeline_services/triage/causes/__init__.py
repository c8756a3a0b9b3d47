"""Every cause that triage knows, once: its level (section 6), whether it heals by itself, and the commands that help.

What cannot be told from another thing is not two causes. ``unknown`` is one of them: an honest answer with evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pipeline_services.triage.causes.config import CONFIG, NETWORK
from pipeline_services.triage.causes.data import DATA
from pipeline_services.triage.causes.infrastructure import PLACE
from pipeline_services.triage.causes.observability import SIGHT
from pipeline_services.triage.causes.workloads import PODS
from pipeline_services.triage.model import Cause

CAUSES: Final[Mapping[str, Cause]] = MappingProxyType(
    {cause.id: cause for cause in (*PODS, *PLACE, *CONFIG, *NETWORK, *DATA, *SIGHT)}
)
"""Every cause by its id."""

__all__ = ["CAUSES"]
