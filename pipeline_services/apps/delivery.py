"""Parcels to the store and the dead-letter topic. Blocks, so it runs beside the main loop and not in it."""

from __future__ import annotations

from pipeline_services.apps.dead_letters import DeadLetters
from pipeline_services.apps.metrics import ProcessorMetrics
from pipeline_services.apps.parcel import Bad, Good, Parcel
from pipeline_services.apps.store import Store, Unacceptable


class Delivery:
    """Writes what is good, dead-letters what is bad. Safe to repeat: both have been done before they are forgotten."""

    def __init__(self, store: Store, dead_letters: DeadLetters, metrics: ProcessorMetrics) -> None:
        self._store = store
        self._dead_letters = dead_letters
        self._metrics = metrics

    def deliver(self, parcel: Parcel) -> None:
        """Return once all of the parcel is stored or dead-lettered, and with that may be committed.

        Raises:
            StoreUnavailable, DeadLettersUnavailable: call again with the same parcel later.
        """
        if parcel.good:
            rejected = self._write(parcel.good)
            gone = {id(one.record) for one in rejected}
            self._metrics.stored([one.event_time_ns for one in parcel.good if id(one.record) not in gone])
            parcel.bad.extend(rejected)
            parcel.good = []
        if parcel.bad:
            self._dead_letters.send(parcel.bad)
            self._metrics.dead_lettered.inc(len(parcel.bad))
            parcel.bad = []

    def _write(self, good: list[Good]) -> list[Bad]:
        """Write all; where InfluxDB refuses some for good, halve until those stand alone. Returns the refused."""
        try:
            self._store.write([one.line for one in good])
        except Unacceptable as error:
            self._metrics.write_failures.labels("rejected").inc()
            if len(good) == 1:
                return [Bad(good[0].record, "rejected-by-store", str(error))]
            middle = len(good) // 2
            return self._write(good[:middle]) + self._write(good[middle:])
        return []

    def ping(self) -> None:
        """Ask InfluxDB for a sign of life. Raises: StoreUnavailable."""
        self._store.ping()

    def close(self) -> None:
        """Give up what is held."""
        self._dead_letters.close()
