"""What a collection has so far: answers and failures by source, from many threads, until it is sealed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from pipeline_services.model.errors import PipelineError, ServiceUnreachable
from pipeline_services.snapshot.snapshot import Failure


class Record:
    """Every source that is expected ends up with an answer or a failure."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, Any] = {}
        self._failures: dict[str, Failure] = {}
        self._expected: list[str] = []
        self._sealed = False

    def expect(self, sources: Iterable[str]) -> None:
        """Announce sources: those that are still unread when the record is sealed have failed."""
        self._expected += sources

    def take(self, source: str, read: Callable[[], Any]) -> None:
        """Keep what ``read`` returns, or the ``PipelineError`` that it raises."""
        try:
            answer = read()
        except PipelineError as error:
            self.fail((source,), error)
        else:
            with self._lock:
                if not self._sealed:
                    self._answers[source] = answer

    def fail(self, sources: Iterable[str], error: PipelineError) -> None:
        """Keep ``error`` as the reason why ``sources`` could not be read; what is known of one already stays."""
        with self._lock:
            if not self._sealed:
                known = self._answers.keys() | self._failures.keys()
                self._failures |= {source: Failure.of(error) for source in sources if source not in known}

    def seal(self, seconds: float) -> tuple[dict[str, Any], dict[str, Failure]]:
        """The answers and the failures; what comes later is dropped, and what is missing was too slow."""
        with self._lock:
            self._sealed = True
            known = self._answers.keys() | self._failures.keys()
            for source in self._expected:
                if source not in known:
                    error = ServiceUnreachable(f"{source} could not be read within {seconds:g} s")
                    self._failures[source] = Failure.of(error)
            return dict(self._answers), dict(self._failures)
