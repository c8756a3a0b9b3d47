"""Every row of the matrix, in the order in which they are played: what is quickly over first, lasting traces last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chaos.matrix import table_pairs, table_pipeline, table_platform, table_settings
from chaos.matrix.rows import Row, by_id

ROWS: Final[Mapping[str, Row]] = by_id(
    *table_settings.ROWS, *table_platform.ROWS, *table_pipeline.ROWS, *table_pairs.ROWS, *table_pairs.LASTING
)
SAMPLE: Final = tuple(row for row, what in ROWS.items() if what.sample)
"""The few that every change is tried on: over all components, quick."""
