"""The processor's place in the consumer group: what it owns, what it has lost, what it owes the group."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from kafka import ConsumerRebalanceListener

from pipeline_services.apps.parcel import Partition

log = logging.getLogger(__name__)


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Told by the client's own thread; must not block or call the client.

    The client keeps its position in a partition that stays with it over a re-balance, so what is on its way for that
    one stays valid. A partition that was away in between, however shortly, is *forfeited*: it starts again from the
    group's committed offset, and nothing older may be committed for it.
    """

    def __init__(self, group: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._group = group
        self._clock = clock
        self._lock = threading.Lock()
        self._owned: frozenset[Partition] = frozenset()
        self._forfeited: set[Partition] = set()
        self._without_since: float | None = clock()
        self.leaving = False

    def on_partitions_revoked(self, revoked: Iterable[Partition]) -> None:
        """A re-balance begins, or the consumer closes."""
        verb = "Leaving" if self.leaving else "Re-joining"
        log.info("%s group %s; held so far: partitions %s", verb, self._group, _numbers(revoked))
        with self._lock:
            self._without_since = self._without_since or self._clock()

    def on_partitions_lost(self, lost: Iterable[Partition]) -> None:
        """The group went on without this member."""
        log.warning("Re-joining group %s after it went on without this member; lost: %s", self._group, _numbers(lost))
        with self._lock:
            self._forfeited |= set(lost)
            self._owned -= set(lost)
            self._without_since = self._without_since or self._clock()

    def on_partitions_assigned(self, assigned: Iterable[Partition]) -> None:
        """A re-balance has ended."""
        now_owned = frozenset(assigned)
        log.info("Joined group %s with partitions %s", self._group, _numbers(now_owned))
        with self._lock:
            self._forfeited |= self._owned - now_owned
            self._owned = now_owned
            self._without_since = None if now_owned else self._clock()

    def take_forfeited(self) -> set[Partition]:
        """The partitions that were lost since the last call."""
        with self._lock:
            forfeited, self._forfeited = self._forfeited, set()
        return forfeited

    @property
    def owned(self) -> frozenset[Partition]:
        """The partitions of the last assignment."""
        return self._owned

    def seconds_without(self) -> float:
        """For how long there has been no assignment; 0.0 with one."""
        since = self._without_since
        return 0.0 if since is None else self._clock() - since


def _numbers(partitions: Iterable[Partition]) -> list[int]:
    return sorted(partition[1] for partition in partitions)
