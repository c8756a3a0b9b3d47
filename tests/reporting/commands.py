"""The commands that RUNBOOK.md tells an operator to type."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline_services.reporting import metrics_table, runbook

_OPEN_ENDED = ("--watch", "port-forward", " -it ", "kubectl cp", "<")


def commands(*, changing: bool | None = None) -> Iterator[str]:
    """What stands in shell blocks and in tables; those that change the cluster, the others, or all."""
    before, _, rest = runbook.RUNBOOK.read_text().partition(metrics_table.BEGIN)
    text = before + rest.partition(metrics_table.END)[2]
    for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
        if changing in (None, block.startswith("# changes:")):
            yield from (line for line in block.splitlines() if not line.startswith("#"))
    if not changing:
        yield from re.findall(r"`(kubectl [^`]+)`", text)


def runnable() -> list[str]:
    """Those that only read, end by themselves and need nothing filled in."""
    reading = sorted({command for command in commands(changing=False) if command.startswith("kubectl")})
    return [command for command in reading if not any(part in command for part in _OPEN_ENDED)]
