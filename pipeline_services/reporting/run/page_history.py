"""What the page compares a run with: earlier runs of the same installation, and no others, which stay in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pipeline_services.model.installation import Installation
from pipeline_services.model.json_lines import tables_in, write_tables
from pipeline_services.reporting.allure.page import HISTORY_RUNS

_MS: Final = 1000


@contextmanager
def of_installation(kept: Path, draft: Path, where: str, here: Installation) -> Iterator[None]:
    """Within the block ``draft`` has the runs of ``kept`` that are this installation's; after it all, with what came.

    Args:
        where: what the page's title says of every run of it, the moment left out.

    Raises:
        OSError: a file cannot be read or written.
    """
    runs = tables_in(kept)
    ours = [run for run in runs if _is_of(run, where, here)]
    if ours:
        write_tables(draft, ours)
    yield
    others = [run for run in runs if run not in ours]
    if others:
        write_tables(draft, [*others[-HISTORY_RUNS:], *tables_in(draft)])


def _is_of(run: Mapping[str, Any], where: str, here: Installation) -> bool:
    """The generator's lines have no room for a UID: the title says where it was, and the time which one it was."""
    ended = run.get("timestamp")
    return where in str(run.get("name")) and isinstance(ended, int | float) and here.has({}, ended / _MS)
