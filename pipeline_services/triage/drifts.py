"""What is not as it was declared, as far as the checks have found it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_services.checklist import checks
from pipeline_services.judgements import declared
from pipeline_services.judgements.drift import Drift
from pipeline_services.model.errors import PipelineError
from pipeline_services.triage.evidence import Evidence


def drifts(evidence: Evidence) -> Iterator[Drift]:
    """Every object that is not as it was declared."""
    for one in evidence.failed(checks.SET_AS_DECLARED):
        try:
            yield from declared.drifts(evidence.snapshot, one.component)
        except PipelineError:
            continue  # the document says which lists are missing; the check failed for what was seen before
