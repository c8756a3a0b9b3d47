"""A client for producers that sleeps while it cannot send.

While its broker cannot be sent to, a producer with readings asks its client for how long to wait before it looks again.
The client of kafka-python answers 0 while it connects, and else in seconds what is taken for milliseconds. So the
producer looks without a pause for as long as a connection hangs, on one of two cores. A longer wait costs a tenth of a
second at most, after a pause between two attempts: a connection that is made or fails ends it.

While a partition that it has sent to has no leader, a producer asks for the leaders anew each time it looks, be there a
reading for it or not. Each time kafka-python wakes who asks the broker, who goes back to sleep, since it asks ten times
a second at most; and what was woken lets the producer look again at once. Who is to ask already need not be woken.

For producers alone: a consumer asks the same question to learn whether its coordinator is lost, and 0 means no to it.
"""

from __future__ import annotations

from typing import Any, Final

from kafka.cluster import ClusterMetadata
from kafka.net.compat import KafkaNetClient

LEAST_DELAY_MS: Final = 100.0


class PatientMetadata(ClusterMetadata):  # type: ignore[misc]
    """Who leads which partition. Wakes who asks for it once for each answer."""

    def request_update(self) -> Any:
        """Let it be asked for anew; returns the future of the answer."""
        with self._lock:
            asked = self._future if self._need_update and self._refresh_loop_future is not None else None
        return asked if asked is not None and not asked.is_done else super().request_update()


class PatientClient(KafkaNetClient):  # type: ignore[misc]
    """To be named as ``kafka_client`` in the settings of a ``KafkaProducer``."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        metadata = PatientMetadata(**self._manager.cluster.config)
        metadata.attach(self._manager)
        self._manager.cluster = metadata

    def connection_delay(self, node_id: int) -> float:
        """Milliseconds until a node that cannot be sent to is worth another look."""
        return max(float(super().connection_delay(node_id)) * 1000, LEAST_DELAY_MS)
