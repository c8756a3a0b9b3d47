"""The terminal's table: a row for each component that is not well. Pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable
from typing import Final

from pipeline_services.reporting.run.outcome import CaseResult, Outcome

_WORDS: Final = {Outcome.PASSED: "ok", Outcome.FAILED: "FAILED", Outcome.INCONCLUSIVE: "INCONCLUSIVE"}


def table(results: Iterable[CaseResult], width: int) -> list[str]:
    """One row for each component that has something to say, and one paragraph for those that are well."""
    counts = _counts(results)
    troubled = {name: count for name, count in counts.items() if set(count) != {Outcome.PASSED}}
    well = [f"{name} {count.total()}" for name, count in counts.items() if name not in troubled]
    lines = []
    if troubled:
        lines.append(f"{'component':<12} {'passed':>7} {'failed':>7} {'inconclusive':>13}")
        lines += [_row(name, count) for name, count in troubled.items()]
    if well:
        lines += textwrap.wrap("ok: " + ", ".join(well), width, subsequent_indent="    ", break_on_hyphens=False)
    return lines


def _counts(results: Iterable[CaseResult]) -> dict[str, Counter[Outcome]]:
    counts: dict[str, Counter[Outcome]] = {}
    for result in results:
        counts.setdefault(result.component, Counter())[result.outcome] += 1
    return counts


def _row(name: str, count: Counter[Outcome]) -> str:
    figures = [count[Outcome.PASSED], count[Outcome.FAILED], count[Outcome.INCONCLUSIVE]]
    passed, failed, unknown = (str(figure) if figure else "-" for figure in figures)
    worst = _WORDS[Outcome.FAILED if count[Outcome.FAILED] else Outcome.INCONCLUSIVE]
    return f"{name:<12} {passed:>7} {failed:>7} {unknown:>13}   {worst}"
