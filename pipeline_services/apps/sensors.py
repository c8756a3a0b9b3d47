"""The conveyor's sensors: what they measure, and the numbering that lets a loss be seen."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable

from pipeline_services.model.message import Reading


class Sensor:
    """One device of one producer's life: sequence 0, 1, 2 … and event times that only go up."""

    def __init__(
        self, producer_id: str, device_id: str, *, clock_ns: Callable[[], int] = time.time_ns, seed: int | None = None
    ) -> None:
        self._producer_id = producer_id
        self._device_id = device_id
        self._clock_ns = clock_ns
        self._random = random.Random(seed)
        self._phase = self._random.uniform(0, 2 * math.pi)
        self._next = 0
        self._last_ns = -1

    def read(self) -> Reading:
        """The next reading: the belt's speed in m/s, a slow wave with noise on it."""
        now = max(self._clock_ns(), self._last_ns + 1)
        value = 1.5 + 0.3 * math.sin(now / 60e9 + self._phase) + self._random.gauss(0, 0.02)
        reading = Reading(self._producer_id, self._device_id, self._next, now, round(value, 4))
        self._last_ns = now
        self._next += 1
        return reading


def sensors(producer_id: str, count: int) -> list[Sensor]:
    """The sensors of one producer's life, ``conveyor-00`` and on."""
    return [Sensor(producer_id, f"conveyor-{number:02d}") for number in range(count)]
