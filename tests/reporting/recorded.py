"""The recordings of real faults as a daily run judges them, without pytest around it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from chaos.matrix import recordings
from pipeline_services.checklist.checks import cases
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.settings import Settings
from pipeline_services.reporting.run.attachments import ReadLog
from pipeline_services.reporting.run.options import RunOptions
from pipeline_services.reporting.run.outcome import CaseResult, finding_of
from pipeline_services.reporting.run.triaged import Triaged, triaged
from pipeline_services.snapshot.snapshot import Snapshot
from tests.judgements.test_replay import FOLDER, known_since

ALL = {str(path.relative_to(FOLDER)).removesuffix(recordings.SUFFIX): path for path in FOLDER.rglob("*.json.gz")}
FAULTS = sorted(name for name in ALL if not name.startswith("healthy"))

OPTIONS = RunOptions(None, None, None, None, None, None, None, Path("reports"), False)


@lru_cache(maxsize=2)
def snapshot_of(name: str) -> Snapshot:
    return known_since(recordings.read(ALL[name]))


@lru_cache(maxsize=2)
def judged(name: str) -> tuple[list[CaseResult], Triaged]:
    """All cases of the daily run, and what triage says."""
    seen = ReadLog.over(snapshot_of(name))
    triage = triaged(snapshot_of(name), Settings())
    results = []
    for case in cases(seen.pipeline, Settings(), "daily"):
        result = CaseResult(f"checks/test_recorded.py::{case.id}", case.component, "pod-status")
        try:
            case.judge(seen)
        except (AssertionError, PipelineError) as error:
            result.add(triage.attribute(result, finding_of(error)))
        result.sources = seen.take_reads()
        results.append(result)
    return results, triage
