"""The accounts that a ledger holds against each other: readings by series, and their places in the topic. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from pipeline_services.audit.column import Column, Marks, Numbering, Numbers

Series = tuple[str, str]
"""(producer_id, device_id)"""


class Records:
    """Sequences and checksums per series, in the order they were added; 4 bytes a reading that is numbered in order.

    The checksum to enter is the one computed from what was found, so that an altered value shows.
    """

    def __init__(self, entries: Iterable[tuple[Series, int, int]] = ()) -> None:
        self._columns: dict[Series, tuple[Column, Column]] = {}
        for series, sequence, checksum in entries:
            self.add(series, sequence, checksum)

    def add(self, series: Series, sequence: int, checksum: int) -> None:
        """Enter one reading; the same may be entered more than once."""
        columns = self._columns.get(series)
        if columns is None:
            columns = self._columns[series] = Column(), Column()
        columns[0].append(sequence)
        columns[1].append(checksum)

    def enter(self, series: Series, sequences: Column, checksums: Column) -> None:
        """Enter all of a series at once; the columns are the records' own from here on."""
        self._columns[series] = sequences, checksums

    def __len__(self) -> int:
        return sum(len(sequences) for sequences, _ in self._columns.values())

    def __iter__(self) -> Iterator[Series]:
        return iter(self._columns)

    def sequences(self, series: Series) -> Column:
        """The sequences of a series as they were added; empty for an unknown series."""
        return self._columns[series][0] if series in self._columns else Column()

    def checksums(self, series: Series) -> Column:
        """The checksums, in the order of ``sequences``."""
        return self._columns[series][1] if series in self._columns else Column()

    def pieces(self, series: Series) -> Iterator[tuple[Numbers, Numbers]]:
        """Sequences and checksums side by side, some ten thousand at a time."""
        return zip(self.sequences(series).pieces(), self.checksums(series).pieces(), strict=True)


class TopicLog:
    """Every record of the topic that is a reading, with its place. Add each partition's records in offset order."""

    def __init__(self) -> None:
        self.records = Records()
        self._places: dict[Series, tuple[Column, Column]] = {}

    def add(self, partition: int, offset: int, series: Series, sequence: int, checksum: int) -> None:
        """Enter one record."""
        self.records.add(series, sequence, checksum)
        columns = self._places.get(series)
        if columns is None:
            columns = self._places[series] = Column(), Column()
        columns[0].append(partition)
        columns[1].append(offset)

    def enter(self, series: Series, partitions: Column, offsets: Column) -> None:
        """Enter the places of all that ``records`` has of a series."""
        self._places[series] = partitions, offsets

    def partitions(self, series: Series) -> Column:
        """The partition of each record, in the order of its sequences; empty for an unknown series."""
        return self._places[series][0] if series in self._places else Column()

    def offsets(self, series: Series) -> Column:
        """The offset of each record, in the order of its sequences."""
        return self._places[series][1] if series in self._places else Column()

    def below(self, series: Series, committed: Mapping[int, int], numbering: Numbering) -> Marks:
        """Which places of the numbering have a record below the committed offset of its partition."""
        marks = np.zeros(numbering.size, dtype=np.bool_)
        columns = (self.records.sequences(series), self.partitions(series), self.offsets(series))
        for sequences, partitions, offsets in zip(*(one.pieces() for one in columns), strict=True):
            for partition in np.unique(partitions):
                done = (partitions == partition) & (offsets < committed.get(int(partition), 0))
                marks[numbering.places(sequences[done])] = True
        return marks
