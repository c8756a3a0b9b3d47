"""What the processor logs when it cannot store what it has read, and when it can once more: triage looks for it."""

from __future__ import annotations

from typing import Final

NOT_DELIVERED: Final = "InfluxDB does not take readings"
DELIVERS_AGAIN: Final = "deliveries work again"
