"""The key-metrics table of RUNBOOK.md: ``python -m pipeline_services.reporting.metrics_table`` writes it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

from pipeline_services.key_metrics import KEY_METRICS
from pipeline_services.metric import KeyMetric
from pipeline_services.reporting.runbook import RUNBOOK

BEGIN: Final = "<!-- key metrics: written by python -m pipeline_services.reporting.metrics_table -->\n"
END: Final = "<!-- end of key metrics -->"
_COLUMNS: Final = ("Metric", "Row of section 8", "Look it up", "Holds while", "Otherwise", "Section", "Escalate")
_HEAD: Final = f"| {' | '.join(_COLUMNS)} |\n{'|---' * len(_COLUMNS)}|\n"


def table(metrics: Iterable[KeyMetric]) -> str:
    """The rows as Markdown."""
    return _HEAD + "".join(_row(metric) for metric in metrics)


def _row(metric: KeyMetric) -> str:
    advice = metric.advice
    cells = (
        f"`{metric.id}`",
        "added" if metric.row == "suite" else metric.row,
        metric.shown_by,
        metric.threshold(),
        advice.impact,
        f"[{advice.runbook}](#{advice.runbook})",
        advice.escalation.name,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def with_table(text: str, metrics: Iterable[KeyMetric]) -> str:
    """The runbook's text with its table brought up to date."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}{table(metrics)}{end}{after}"


def main() -> int:
    """Write the table into RUNBOOK.md."""
    text = RUNBOOK.read_text(encoding="utf-8")
    RUNBOOK.write_text(with_table(text, KEY_METRICS.values()), encoding="utf-8")
    sys.stdout.write(f"{RUNBOOK.name}: {len(KEY_METRICS)} key metrics\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
