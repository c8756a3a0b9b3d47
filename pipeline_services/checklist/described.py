"""A profile as a command takes it: all that it says makes sense, what it says of checks and metrics too."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pipeline_services.checklist.checks import require_known_exemptions
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.metrics.key_metrics import metrics_of
from pipeline_services.model.pipeline import Pipeline


@cache
def described_pipeline(path: Path | None = None) -> Pipeline:
    """Read a profile; ``path`` as ``Pipeline.load`` takes it.

    Raises:
        PreconditionNotMet: as ``Pipeline.load``; or it has levels or a query of no metric, or exempts no check. The
            file is named.
    """
    pipeline = Pipeline.load(path)
    try:
        require_known_exemptions(pipeline)
        metrics_of(pipeline)
    except PreconditionNotMet as error:
        where = f"{path}: " if path else ""
        raise PreconditionNotMet(f"{where}{error.message}", next_step=error.next_step) from error
    return pipeline
