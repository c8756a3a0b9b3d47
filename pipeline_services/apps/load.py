"""What the benchmark sends. Whoever only has to know that need not load the clients that send and store it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_services.model.message import Reading

TOPIC_PREFIX = "bench-"
DEVICES = 50
APART_NS = 1_000


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: reading n is sequence n // 50 of device n % 50, one microsecond after the last, so that everyone
    can tell what must be stored.
    """

    producer_id: str
    readings: int
    start_ns: int

    @property
    def span(self) -> tuple[int, int]:
        """From its first reading to a second after its last one, in ns since the epoch."""
        return self.start_ns, self.start_ns + self.readings * APART_NS + 10**9

    def __iter__(self) -> Iterator[Reading]:
        for number in range(self.readings):
            sequence, device = divmod(number, DEVICES)
            value = round(1.5 + number % 1_000 / 1_000, 4)
            event_time_ns = self.start_ns + number * APART_NS
            yield Reading(self.producer_id, f"conveyor-{device:02d}", sequence, event_time_ns, value)
