"""Which daily checks see a fault, and when: their judgements, asked again and again on a small snapshot."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Final

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.experiment.scenario import Seen, Symptom
from pipeline_services.measure.rounds import Rounds
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.settings import Settings
from pipeline_services.snapshot.collector import collect
from pipeline_services.snapshot.record import Record
from pipeline_services.snapshot.snapshot import Snapshot
from pipeline_services.snapshot.sources.kubernetes import LISTS, shaped

EVERY: Final = 0.4
FAILED: Final = "failed"
OTHERWISE: Final = "failed without saying what it should"
_GLANCED: Final = tuple(kind for kind in LISTS if kind not in ("nodes", "node_metrics", "pod_metrics"))
_WATCHERS: Final = frozenset({"grafana", "loki"})


@dataclass(slots=True)
class _Pace:
    """The symptoms of one depth, and when the last look was taken."""

    symptoms: Sequence[Symptom]
    look: Callable[[], Snapshot]
    last: float = field(default_factory=time.time)


class SymptomWatch(AbstractContextManager["SymptomWatch"]):
    """Asks the symptoms' judgements while the block runs.

    Attributes:
        seen: the first sight of each, by its check.
        last: what each check came to in the last look.
    """

    def __init__(self, cluster: Cluster, symptoms: Sequence[Symptom]) -> None:
        self.seen: dict[str, Seen] = {}
        self.last: dict[str, str] = {}
        self.expected = tuple(symptoms)
        shallow = [symptom for symptom in symptoms if not symptom.deep]
        deep = [symptom for symptom in symptoms if symptom.deep]
        paces = [_Pace(shallow, lambda: glance(cluster)), _Pace(deep, lambda: collect(cluster, _settings()))]
        self._rounds = Rounds()
        for pace in paces:
            if pace.symptoms:
                self._rounds.add("symptoms", partial(self._look, pace), EVERY)

    def __enter__(self) -> SymptomWatch:
        self._rounds.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rounds.__exit__(kind, error, trace)

    @property
    def missing(self) -> list[str]:
        """The checks that have not seen it yet."""
        return [symptom.id for symptom in self.expected if symptom.id not in self.seen]

    def unseen(self) -> list[str]:
        """The same, each with what it came to last."""
        return [f"{symptom} ({self.last.get(symptom, 'never asked')})" for symptom in self.missing]

    def _look(self, pace: _Pace) -> None:
        asked = time.time()
        if all(symptom.id in self.seen for symptom in pace.symptoms):
            return  # a look takes the processor from the recovery
        try:
            snapshot = pace.look()
        except PipelineError:
            return  # the API server is away: that is not for these checks to see
        for symptom in pace.symptoms:
            if symptom.id not in self.seen:
                finding = judged(symptom, snapshot)
                self.last[symptom.id] = ": ".join(finding) if finding else "green"
                if finding and (finding[0] == FAILED or not symptom.red):
                    now = time.time()
                    self.seen[symptom.id] = Seen(symptom.id, now, now - pace.last, *finding)
        pace.last = asked


def judged(symptom: Symptom, snapshot: Snapshot) -> tuple[str, str] | None:
    """None for green, else ``failed`` or ``inconclusive`` or so, and the first line of what the check says."""
    try:
        symptom.judge(snapshot)
    except AssertionError as deviation:
        text = str(deviation)
        return FAILED if symptom.says in text else OTHERWISE, text.partition("\n")[0]
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
