"""A client for producers that sleeps while it cannot send.

While its broker cannot be sent to, a producer with readings asks its client for how long to wait before it looks again.
The client of kafka-python answers 0 while it connects, and else in seconds what is taken for milliseconds. So the
producer looks without a pause for as long as a connection hangs, on one of two cores. A longer wait costs a tenth of a
second at most, after a pause between two attempts: a connection that is made or fails ends it.

For producers alone: a consumer asks the same question to learn whether its coordinator is lost, and 0 means no to it.
"""

from __future__ import annotations

from typing import Final

from kafka.net.compat import KafkaNetClient

LEAST_DELAY_MS: Final = 100.0


class PatientClient(KafkaNetClient):  # type: ignore[misc]
    """To be named as ``kafka_client`` in the settings of a ``KafkaProducer``."""

    def connection_delay(self, node_id: int) -> float:
        """Milliseconds until a node that cannot be sent to is worth another look."""
        return max(float(super().connection_delay(node_id)) * 1000, LEAST_DELAY_MS)
