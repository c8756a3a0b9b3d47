"""A ledger's history in a file, as compact as in memory: it can be judged again, after a run that was killed, too.

The first line is JSON: the format, the committed offsets, and of each account its series with the numbers of blocks of
their columns. Behind it stand the columns in that order, in numpy's own format.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from pipeline_services.audit.column import Block, Column, column
from pipeline_services.audit.ledger import History
from pipeline_services.audit.records import Records, Series, TopicLog
from pipeline_services.model.atomic import open_whole
from pipeline_services.model.errors import PreconditionNotMet

FORMAT: Final = 2
READ: Final = (1, FORMAT)
"""The formats that can be read; in the first one, no block that lies above a line has a step."""
SUFFIX: Final = ".ledger"
KEPT: Final = 20
"""Files that stay in a folder; the oldest go first."""


def keep(history: History, folder: Path, name: str) -> Path:
    """Write the history to a file of this name, whole or not at all, and remove the oldest of the folder."""
    path = folder / f"{name}{SUFFIX}"
    save(history, path)
    for old in sorted(folder.glob(f"*{SUFFIX}"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def load(path: Path) -> History:
    """The history that was kept. Raises PreconditionNotMet where there is no such file, or it is no kept history."""
    try:
        with path.open("rb") as file:
            return _read(file)
    except OSError as error:
        raise PreconditionNotMet(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PreconditionNotMet(f"{path} is not a ledger's history, or not all of it") from error


def save(history: History, path: Path) -> None:
    """Write the history to this file, column by column, whole or not at all."""
    parts = [(account, series, [one.blocks() for one in columns]) for account, series, columns in _parts(history)]
    counts = [(account, series, list(map(len, columns))) for account, series, columns in parts]
    head = {"format": FORMAT, "committed": sorted(history.committed.items()), "series": counts}
    with open_whole(path) as file:
        file.write(json.dumps(head).encode() + b"\n")
        for _, _, columns in parts:
            for blocks in columns:
                _write_blocks(blocks, file)


def _read(file: IO[bytes]) -> History:
    head = json.loads(file.readline())
    if head["format"] not in READ:
        raise ValueError(f"format {head['format']}")
    attempted, topic, stored = Records(), TopicLog(), Records()
    acknowledged: dict[Series, Column] = {}
    for account, names, counts in head["series"]:
        columns = [_read_blocks(count, file) for count in counts]
        if len(set(map(len, columns))) != 1:
            raise ValueError(f"{account} of {names}: columns of different lengths")
        series: Series = names[0], names[1]
        if account == "acknowledged":
            acknowledged[series] = columns[0]
            continue
        records = {"attempted": attempted, "topic": topic.records, "stored": stored}[account]
        records.enter(series, columns[0], columns[1])
        if account == "topic":
            topic.enter(series, columns[2], columns[3])
    return History(attempted, acknowledged, topic, dict(head["committed"]), stored)


def _parts(history: History) -> Iterator[tuple[str, Series, list[Column]]]:
    for account, records in (("attempted", history.attempted), ("stored", history.stored)):
        for series in records:
            yield account, series, [records.sequences(series), records.checksums(series)]
    for series, sequences in history.acknowledged.items():
        yield "acknowledged", series, [column(sequences)]
    topic, records = history.topic, history.topic.records
    for series in records:
        places = [topic.partitions(series), topic.offsets(series)]
        yield "topic", series, [records.sequences(series), records.checksums(series), *places]


def _write_blocks(blocks: list[Block], file: IO[bytes]) -> None:
    table = [(one.first, one.step, one.length, one.above is not None) for one in blocks]
    _save(np.array(table, dtype=np.int64).reshape(-1, 4), file)
    for block in blocks:
        if block.above is not None:
            _save(block.above, file)


def _read_blocks(count: int, file: IO[bytes]) -> Column:
    table = _restored(file)
    if len(table) != count:
        raise ValueError(f"{len(table)} blocks in place of {count}")
    return Column.of_blocks(
        Block(first, step, length, _restored(file) if packed else None)
        for first, step, length, packed in table.tolist()
    )


def _save(values: Any, file: IO[bytes]) -> None:
    np.lib.format.write_array(file, values, allow_pickle=False)


def _restored(file: IO[bytes]) -> Any:
    return np.lib.format.read_array(file, allow_pickle=False)
