"""Which daily checks see a fault, and when: their judgements, asked again and again on a small snapshot."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

from pipeline_services.cluster import Cluster
from pipeline_services.collect import collect
from pipeline_services.collect_cluster import LISTS, shaped
from pipeline_services.collect_record import Record
from pipeline_services.errors import PipelineError
from pipeline_services.scenario import Seen, Symptom
from pipeline_services.settings import Settings
from pipeline_services.snapshot import Snapshot

EVERY: Final = 0.4
END_WITHIN: Final = 15.0
FAILED: Final = "failed"
_GLANCED: Final = tuple(kind for kind in LISTS if kind not in ("nodes", "node_metrics", "pod_metrics"))
_WATCHERS: Final = frozenset({"grafana", "loki"})


@dataclass(slots=True)
class _Pace:
    """The symptoms of one depth, and when the last look was taken."""

    symptoms: Sequence[Symptom]
    look: Callable[[], Snapshot]
    last: float = field(default_factory=time.time)


class SymptomWatch(AbstractContextManager["SymptomWatch"]):
    """Asks the symptoms' judgements while the block runs; ``seen`` has the first sight of each."""

    def __init__(self, cluster: Cluster, symptoms: Sequence[Symptom]) -> None:
        self.seen: dict[str, Seen] = {}
        self.expected = tuple(symptoms)
        shallow = [symptom for symptom in symptoms if not symptom.deep]
        deep = [symptom for symptom in symptoms if symptom.deep]
        paces = [_Pace(shallow, lambda: glance(cluster)), _Pace(deep, lambda: collect(cluster, _settings()))]
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(pace,), name="symptoms", daemon=True)
            for pace in paces
            if pace.symptoms
        ]

    def __enter__(self) -> SymptomWatch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(END_WITHIN)

    @property
    def missing(self) -> list[str]:
        """The checks that have not seen it yet."""
        return [symptom.id for symptom in self.expected if symptom.id not in self.seen]

    def _run(self, pace: _Pace) -> None:
        while not self._stop.is_set():
            self._look(pace)
            self._stop.wait(EVERY)

    def _look(self, pace: _Pace) -> None:
        asked = time.time()
        try:
            snapshot = pace.look()
        except PipelineError:
            return  # the API server is away: that is not for these checks to see
        for symptom in pace.symptoms:
            if symptom.id not in self.seen:
                finding = judged(symptom, snapshot)
                if finding and (finding[0] == FAILED or not symptom.red):
                    now = time.time()
                    self.seen[symptom.id] = Seen(symptom.id, now, now - pace.last, *finding)
        pace.last = asked


def judged(symptom: Symptom, snapshot: Snapshot) -> tuple[str, str] | None:
    """None for green, else ``failed`` or ``inconclusive`` and the first line of what the check says."""
    try:
        symptom.judge(snapshot)
    except AssertionError as deviation:
        return FAILED, str(deviation).partition("\n")[0]
    except PipelineError as error:
        return "inconclusive", error.message
    return None


def glance(cluster: Cluster) -> Snapshot:
    """A snapshot of the namespace's objects alone: no logs and no service is asked."""
    at, record = time.time(), Record()
    with ThreadPoolExecutor(4, thread_name_prefix="glance") as pool:
        for kind in _GLANCED:
            pool.submit(record.take, kind, lambda kind=kind: shaped(kind, cluster.list(kind, timeout=3.0)))  # type: ignore[misc]
    return Snapshot(at, cluster.context, cluster.namespace, *record.seal(3.0))


def _settings() -> Settings:
    return Settings(absent=_WATCHERS)
