"""A history of any size, with losses made on purpose: what the ledger's time and memory are measured on."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline_services.audit.column import Column, Numbers
from pipeline_services.audit.ledger import History
from pipeline_services.audit.records import Records, Series, TopicLog

DEVICES: Final = 24
PARTITIONS: Final = 12
LOST_FIRST: Final = 7
LOST_EVERY: Final = 100_000
"""In each series the reading with this number is not stored, and each so much later."""
SENT_TWICE_EVERY: Final = 50_000


def sample(readings: int, devices: int = DEVICES) -> History:
    """So many readings of so many devices, all acknowledged and consumed; some twice in the topic, some not stored.

    Each number comes with a checksum as good as any other, and the series share partitions as in a topic.
    """
    history = History(Records(), {}, TopicLog(), dict.fromkeys(range(PARTITIONS), readings * 2), Records())
    acknowledged: dict[Series, Column] = {}
    for device in range(devices):
        series = ("sample", f"conveyor-{device:02d}")
        sequences = np.arange(readings // devices + (device < readings % devices), dtype=np.int64)
        acknowledged[series] = Column.of_array(sequences)
        _enter(history, series, sequences, device)
    return History(history.attempted, acknowledged, history.topic, history.committed, history.stored)


def _enter(history: History, series: Series, sequences: Numbers, device: int) -> None:
    checksums = np.random.default_rng(device).integers(0, 2**32, len(sequences), dtype=np.int64)
    history.attempted.enter(series, Column.of_array(sequences), Column.of_array(checksums))
    stored = sequences % LOST_EVERY != LOST_FIRST
    history.stored.enter(series, Column.of_array(sequences[stored]), Column.of_array(checksums[stored]))
    order = np.sort(np.concatenate([sequences, sequences[::SENT_TWICE_EVERY]]))
    offsets = np.cumsum(np.random.default_rng(device).integers(1, 3, len(order), dtype=np.int64)) - 1
    history.topic.records.enter(series, Column.of_array(order), Column.of_array(checksums[order]))
    partition = np.full(len(order), device % PARTITIONS, dtype=np.int64)
    history.topic.enter(series, Column.of_array(partition), Column.of_array(offsets))
