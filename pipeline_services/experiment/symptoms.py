"""Symptoms: which daily checks detect a fault, and when. They are judged again and again on a light snapshot."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.model import roles
from pipeline_services.model.commands import fill
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.periodic import PeriodicCalls
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings
from pipeline_services.model.text import first_line
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.record import Record
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.snapshot.sources.kubernetes import LISTS, shaped

LOOK_INTERVAL_S: Final = 0.4
FAILED: Final = "failed"
OTHERWISE: Final = "failed without saying what it should"
_LIGHT: Final = tuple(kind for kind in LISTS if kind not in ("nodes", "node_metrics", "pod_metrics"))
_WITHOUT_WATCHERS: Final = Settings(absent=frozenset({roles.GRAFANA, roles.LOKI}))


@dataclass(frozen=True, slots=True)
class Symptom:
    """A daily check that has to detect a fault.

    Attributes:
        id: the check's, as reports name it.
        judge: the check's judgement.
        must_fail: it has to fail; else it is enough that it no longer passes.
        full: it needs more than the Kubernetes API's lists, which takes seconds for each look.
        says: what it has to say when it fails, such as whom to call.
    """

    id: str
    judge: Callable[[Snapshot], Any]
    must_fail: bool = False
    full: bool = False
    says: str = ""

    def filled(self, pipeline: Pipeline) -> Symptom:
        """The symptom with the pipeline's own names in place of placeholders in its id."""
        return replace(self, id=fill(self.id, pipeline))


@dataclass(frozen=True, slots=True)
class Detection:
    """The first time that a check no longer passed: when, by how much earlier it may have been so, what it said."""

    id: str
    at: float
    error: float
    kind: str
    message: str


@dataclass(slots=True)
class _Pace:
    """The symptoms that one kind of snapshot is enough for, and when the last look was taken."""

    symptoms: Sequence[Symptom]
    look: Callable[[], Snapshot]
    last: float = field(default_factory=time.time)


class SymptomWatch:
    """Judges the symptoms while ``running``.

    Attributes:
        detections: the first of each, by its check.
        last: what each check said in the last look.
    """

    def __init__(self, cluster: Cluster, pipeline: Pipeline, symptoms: Sequence[Symptom]) -> None:
        self.detections: dict[str, Detection] = {}
        self.last: dict[str, str] = {}
        self._symptoms = tuple(symptoms)
        light = _Pace([one for one in symptoms if not one.full], lambda: light_snapshot(cluster, pipeline))
        full = _Pace([one for one in symptoms if one.full], lambda: collect(cluster, _WITHOUT_WATCHERS, pipeline))
        self._paces = [pace for pace in (light, full) if pace.symptoms]

    @contextmanager
    def running(self) -> Iterator[SymptomWatch]:
        """Look again and again within the block."""
        calls = PeriodicCalls()
        for pace in self._paces:
            calls.add("symptoms", partial(self._look, pace), LOOK_INTERVAL_S)
        with calls:
            yield self

    @property
    def undetected(self) -> list[str]:
        """The checks that have not detected it yet."""
        return [symptom.id for symptom in self._symptoms if symptom.id not in self.detections]

    def describe_undetected(self) -> list[str]:
        """The same, each with what it said last."""
        return [f"{check} ({self.last.get(check, 'never asked')})" for check in self.undetected]

    def _look(self, pace: _Pace) -> None:
        asked = time.time()
        if all(symptom.id in self.detections for symptom in pace.symptoms):
            return  # a look takes the processor from the recovery
        try:
            snapshot = pace.look()
        except PipelineError:
            return  # the API server is away: that is not for these checks to detect
        for symptom in pace.symptoms:
            if symptom.id not in self.detections:
                finding = judged(symptom.judge, snapshot, symptom.says)
                self.last[symptom.id] = ": ".join(finding) if finding else "green"
                if finding and (finding[0] == FAILED or not symptom.must_fail):
                    now = time.time()
                    self.detections[symptom.id] = Detection(symptom.id, now, now - pace.last, *finding)
        pace.last = asked


def judged(judge: Callable[[Snapshot], Any], snapshot: Snapshot, says: str = "") -> tuple[str, str] | None:
    """None where the judgement passes, else ``failed`` or ``inconclusive`` or so, and the first line of why.

    Args:
        says: what a failure has to say.
    """
    try:
        judge(snapshot)
    except AssertionError as deviation:
        text = str(deviation)
        return FAILED if says in text else OTHERWISE, first_line(text)
    except PipelineError as error:
        return "inconclusive", error.message
    return None


def light_snapshot(cluster: Cluster, pipeline: Pipeline) -> Snapshot:
    """A snapshot of the namespace's objects alone: no logs, and no service is queried."""
    at, record = time.time(), Record()
    with ThreadPoolExecutor(4, thread_name_prefix="light-snapshot") as pool:
        for kind in _LIGHT:
            pool.submit(record.take, kind, lambda kind=kind: shaped(kind, cluster.list(kind, timeout_s=3.0)))  # type: ignore[misc]
    return Snapshot(at, cluster.context, cluster.namespace, *record.seal(3.0), pipeline)
