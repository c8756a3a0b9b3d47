"""What was handed to Kafka and is not acknowledged yet: the producer's own record, from which it sends again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from pipeline_services.model.message import Reading

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """A reading on its way. ``since`` is on the monotonic clock: when it was first handed over."""

    key: Key
    device: bytes
    payload: bytes
    since: float


class Outbox:
    """At most ``capacity`` readings, in the order they were made. Acknowledgements come from another thread."""

    def __init__(self, capacity: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        self._waiting: dict[Key, Unacknowledged] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def room(self) -> int:
        """How many readings may still be made: none while the cap is reached, which is back-pressure, not loss."""
        return self._capacity - len(self._waiting)

    def add(self, reading: Reading, payload: bytes) -> Unacknowledged:
        """Keep a reading until it is acknowledged."""
        key = (reading.device_id, reading.sequence)
        entry = Unacknowledged(key, reading.device_id.encode(), payload, self._clock())
        with self._lock:
            self._waiting[key] = entry
        return entry

    def acknowledge(self, key: Key) -> bool:
        """Forget a reading that Kafka has. False if that was known: a reading sent twice is acknowledged twice."""
        with self._lock:
            return self._waiting.pop(key, None) is not None

    def waiting(self) -> list[Unacknowledged]:
        """Everything unacknowledged, oldest first."""
        with self._lock:
            return list(self._waiting.values())

    def oldest_age(self) -> float:
        """Seconds the oldest reading has waited; 0.0 with none."""
        with self._lock:
            first = next(iter(self._waiting.values()), None)
        return 0.0 if first is None else self._clock() - first.since
