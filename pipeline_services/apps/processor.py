"""The processor: readings from Kafka into InfluxDB, committed only after InfluxDB has acknowledged them.

Deliveries run on a thread of their own. The main loop goes on stamping, polling and taking part in re-balances however
long InfluxDB hangs: with the partitions paused, so that the group neither waits for this member nor hands it more.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from kafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from pipeline_services.apps.config import ProcessorConfig, processor_config
from pipeline_services.apps.consumer import Consumer
from pipeline_services.apps.dead_letters import DeadLetters, DeadLettersUnavailable
from pipeline_services.apps.delivery import Delivery
from pipeline_services.apps.health import Heart, Readiness
from pipeline_services.apps.metrics import ProcessorMetrics
from pipeline_services.apps.parcel import Parcel, pack
from pipeline_services.apps.run import run_app
from pipeline_services.apps.stopping import Stop
from pipeline_services.apps.store import Store, StoreUnavailable
from pipeline_services.model.processor_log import DELIVERS_AGAIN, NOT_DELIVERED

log = logging.getLogger("processor")

POLL_MS = 200
STAND_BY_MS = 100
PATIENCE = 0.3  # seconds an attempt may take before the partitions are paused
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0  # seconds between two attempts, doubling
STUCK_AFTER = 90.0  # seconds of one attempt, far beyond its time-outs: a dead-lock, so the stamps stop
PING_EVERY = 5.0  # seconds without an attempt after which InfluxDB is asked for a sign of life
SAY_AGAIN = 10.0  # seconds between two log lines about the same trouble
LAST_ATTEMPT_WITHIN = 3.0  # seconds for the attempt that is under way at the end


class Processor:
    """The main loop. At most one parcel is on its way at a time."""

    def __init__(
        self, stop: Stop, heart: Heart, consumer: Consumer, delivery: Delivery, metrics: ProcessorMetrics
    ) -> None:
        self.ready = Readiness("kafka", "delivery")
        self._stop, self._heart = stop, heart
        self._consumer, self._delivery, self._metrics = consumer, delivery, metrics
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="delivery")
        self._parcel: Parcel | None = None
        self._attempt: Future[None] | None = None
        self._attempt_at = 0.0
        self._retry_at = 0.0
        self._pause = FIRST_PAUSE
        self._trouble: str | None = None
        self._trouble_since = 0.0
        self._said_at = 0.0

    def run(self) -> None:
        """Process until asked to stop, then leave the group so that another replica takes over at once."""
        while not self._stop.requested:
            if self._attempt is None or time.monotonic() - self._attempt_at < STUCK_AFTER:
                self._heart.beat()
            try:
                self._turn()
            except KafkaError as error:
                self.ready.failed("kafka")
                self._metrics.show_lag({})
                log.warning("Kafka does not answer: %s: %s", type(error).__name__, error)
                self._stop.wait(0.3)
        self._finish()

    def _turn(self) -> None:
        self._consumer.leave_if_stalled()
        if not self._consumer.connected and not self._consumer.connect():
            self.ready.failed("kafka")
            self._stop.wait(0.3)
            return
        if self._attempt is not None:
            if wait([self._attempt], timeout=PATIENCE).done:
                self._conclude(self._attempt)
            else:
                self._consumer.stand_by(STAND_BY_MS)
        elif self._parcel is None:
            self._take_up()
        elif time.monotonic() >= self._retry_at:
            self._deliver(self._parcel)
        else:
            self._consumer.stand_by(STAND_BY_MS)
        self._consumer.commit()
        self._keep_house()

    def _take_up(self) -> None:
        polled = self._consumer.poll(POLL_MS)
        if polled:
            self._parcel = pack(polled)
            self._metrics.consumed.inc(len(self._parcel))
            self._deliver(self._parcel)
        elif time.monotonic() - self._attempt_at > PING_EVERY:
            self._begin(self._delivery.ping)

    def _deliver(self, parcel: Parcel) -> None:
        self._begin(lambda: self._delivery.deliver(parcel))

    def _begin(self, work: Callable[[], None]) -> None:
        self._attempt_at = time.monotonic()
        self._attempt = self._pool.submit(work)

    def _conclude(self, attempt: Future[None]) -> None:
        error, self._attempt = attempt.exception(), None
        if error is None:
            self._delivered()
        elif isinstance(error, StoreUnavailable):
            self._put_off(error.reason, f"{NOT_DELIVERED} ({error.reason}): {error}", error.for_operator)
        elif isinstance(error, DeadLettersUnavailable):
            self._put_off("dead-letter-topic", f"the dead-letter topic does not take messages: {error}", False)
        else:
            raise error

    def _delivered(self) -> None:
        if self._parcel is not None:
            self._consumer.delivered()
            self._parcel = None
        self.ready.worked("delivery")
        self._pause = FIRST_PAUSE
        if self._trouble is not None:
            lasted = time.monotonic() - self._trouble_since
            log.info("%s after %.1f s (%s)", DELIVERS_AGAIN, lasted, self._trouble)
            self._trouble = None

    def _put_off(self, reason: str, message: str, for_operator: bool) -> None:
        """Keep the parcel for another attempt. Nothing of it is committed."""
        now = time.monotonic()
        self._metrics.write_failures.labels(reason).inc()
        self.ready.failed("delivery")
        self._retry_at = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        if self._trouble is None:
            self._trouble_since = now
        if reason != self._trouble or now - self._said_at > SAY_AGAIN:
            self._said_at = now
            log.log(logging.ERROR if for_operator else logging.WARNING, "%s", message)
        self._trouble = reason

    def _keep_house(self) -> None:
        lag = self._consumer.lag()
        if lag is None:
            return
        self._metrics.show_lag(lag)
        if lag:
            self.ready.worked("kafka")
        else:
            self._consumer.leave_if_left_out()

    def _finish(self) -> None:
        self._heart.beat()
        if self._attempt is not None and wait([self._attempt], timeout=LAST_ATTEMPT_WITHIN).done:
            self._conclude(self._attempt)
        self._consumer.commit()
        self._consumer.close()
        if self._attempt is None:
            self._delivery.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        log.info("processor ended%s", "; what it held goes to another replica" if self._parcel else "")


def assemble(config: ProcessorConfig, stop: Stop, heart: Heart, registry: CollectorRegistry) -> Processor:
    """A processor as the settings say. Nothing is connected yet."""
    log.info("processor of group %s: %s to %s", config.kafka.group, config.kafka.topic, config.store.url)
    metrics = ProcessorMetrics(registry)
    delivery = Delivery(Store(config.store), DeadLetters(config.kafka), metrics)
    return Processor(stop, heart, Consumer(config.kafka, config.batch), delivery, metrics)


if __name__ == "__main__":
    sys.exit(run_app(log, processor_config, assemble))
