"""The run as text for the operator's terminal. Pure: results in, lines out."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from pipeline_services.model import roles
from pipeline_services.model.metrics.key_metrics import KEY_METRICS, metrics_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.text import one_line, plural
from pipeline_services.reporting.run.outcome import CaseResult, Category, Finding, Outcome, verdict_of
from pipeline_services.reporting.run.table import table

WIDTH: Final = 100
_SHOWN_IDS: Final = 3
_SHOWN_REASONS: Final = 2
EXPECTED: Final = (
    *(roles.KAFKA, roles.INFLUXDB, roles.PRODUCER, roles.PROCESSOR),
    *("hpa", roles.PROMETHEUS, roles.LOKI, roles.GRAFANA),
)
"""The components that section 1 of the runbook is about."""
_NEXT: Final = "next: "
_UNKNOWN: Final = "INCONCLUSIVE"
_COLOURS: Final = {
    ("CAUSE", "LIKELY CAUSE", "FAILED", "NO-GO"): ("red", "bold"),
    ("NOT ", "NO ", "NOTHING", "INCONCLUSIVE", "SUITE ERROR", "also", "warning"): ("yellow",),
    ("PASSED", "GO: "): ("green",),
}


def summary(
    results: Sequence[CaseResult], pipeline: Pipeline, absent: Iterable[str] = (), width: int = WIDTH
) -> list[str]:
    """The table by component, the failures, then what could not be judged. A green run gives two or three lines.

    What others rest on comes first: where Kafka and the producer are red, Kafka is the one to look at.
    """
    results = sorted(results, key=lambda result: pipeline.rank(result.component))
    if nothing_checked(results):
        return _nothing_checked(results[0].finding, width)
    gone = [*not_here(absent), *_wrapped_all([*not_described(pipeline), *elsewhere(pipeline)], width)]
    return [*table(results, width), *gone, *_notes(results, width), *_in_full(results, width)]


def _in_full(results: Sequence[CaseResult], width: int) -> list[str]:
    """All that is to be said of the cases that are not green: each failure, then what is not known by its cause."""
    lines: list[str] = []
    for result in results:
        if result.outcome is Outcome.FAILED:
            lines += ["", *failure(result, width)]
    for group in by_cause(results):
        lines += ["", *_not_known(group, width)]
    return lines


def in_short(results: Sequence[CaseResult], width: int) -> list[str]:
    """What is left beside a cause: of each component the first failure with its command and the names of the others, of
    what is inconclusive the reasons that leave the most checks open, a row each."""
    failed = [result for result in results if result.outcome is Outcome.FAILED]
    lines: list[str] = []
    for component in dict.fromkeys(result.component for result in failed):
        first, *others = (result for result in failed if result.component == component)
        observed, *rest = first.finding.message.splitlines()
        told = [one_line(observed, 2 * width - 10), *(line for line in rest if line.startswith(_NEXT))]
        names = ", ".join(result.id.rpartition("::")[2] for result in others)
        also = _wrapped(f"  also: {names}", width, "    ") if others else []
        lines += [f"FAILED  {component}  {first.id}", *(row for text in told for row in _indented(text, width)), *also]
    groups = by_cause(results)
    lines += [one_line(_left_open(group), width) for group in groups[:_SHOWN_REASONS]]
    more = sum(map(len, groups[_SHOWN_REASONS:]))
    return [*lines, f"{_UNKNOWN} {plural(more, 'check')} for other reasons"] if more else lines


def nothing_checked(results: Sequence[CaseResult]) -> bool:
    """Whether one cause has left every check open, such as a cluster that does not answer."""
    groups = by_cause(results)
    return len(groups) == 1 and len(groups[0]) == len(results)


def _nothing_checked(finding: Finding, width: int) -> list[str]:
    """One cause for all: no table says more than its one line."""
    message = f"NOTHING CHECKED: {one_line(finding.message)}"
    return [*_wrapped(message, width), *([f"  next: {finding.next_step}"] if finding.next_step else [])]


def not_here(absent: Iterable[str]) -> list[str]:
    """What the settings declare absent, and is not judged."""
    names = ", ".join(sorted(absent))
    return [f"not here, by the settings: {names}"] if names else []


def not_described(pipeline: Pipeline) -> list[str]:
    """What other pipelines have and this one, by its profile, has not: said once, and not judged."""
    gone = [name for name in EXPECTED if name not in pipeline.components]
    unknown = [name for name in KEY_METRICS if name not in metrics_of(pipeline)]
    parts = [*([", ".join(gone)] if gone else []), *([f"figures for {', '.join(unknown)}"] if unknown else [])]
    return [f"not here, by the profile: {'; '.join(parts)}"] if parts else []


def elsewhere(pipeline: Pipeline) -> list[str]:
    """What the pipeline uses and does not run itself: it is judged by what it answers, and its pods are not."""
    parts = pipeline.components.values()
    outside = [f"{one.id} (outside the cluster, {one.address}; {one.contact})" for one in parts if one.address]
    shared = [f"{one.id} (namespace {one.namespace})" for one in parts if one.elsewhere and not one.address]
    return [f"judged by its answers alone: {', '.join([*outside, *shared])}"] if outside or shared else []


def _wrapped_all(lines: Iterable[str], width: int) -> list[str]:
    return [line for text in lines for line in _wrapped(text, width)]


def _notes(results: Iterable[CaseResult], width: int) -> list[str]:
    """What is green and still worth a line: metrics past their warn level, known issues."""
    warnings = [f"warning: {result.warning}" for result in results if result.warning]
    warnings += [f"exempted: {result.exempted}" for result in results if result.exempted]
    seen = sum((result.known_issues for result in results), Counter())
    known = ", ".join(f"{issue.id} {count}" for issue, count in seen.most_common())
    notes = [*warnings, f"known issues, tolerated (see the report): {known}"] if known else warnings
    return _wrapped_all(notes, width)


def failure(result: CaseResult, width: int = WIDTH) -> list[str]:
    """The case, then its five lines."""
    head = f"FAILED  {result.component}  {result.id}"
    return [head, *(line for text in result.finding.message.splitlines() for line in _indented(text, width))]


def _indented(text: str, width: int) -> list[str]:
    """A line of a finding; a command stays whole, so that it can be pasted."""
    if text.startswith(_NEXT):
        return [f"  {text}"]
    return _wrapped(f"  {text}", width, "    ")


def by_cause(results: Iterable[CaseResult]) -> list[list[CaseResult]]:
    """The inconclusive cases that share a cause, the most common cause first."""
    groups: dict[tuple[Category, str, str], list[CaseResult]] = {}
    for result in results:
        if result.outcome is Outcome.INCONCLUSIVE:
            finding = result.finding
            groups.setdefault((finding.category, finding.message, finding.next_step), []).append(result)
    return sorted(groups.values(), key=len, reverse=True)


def _not_known(group: Sequence[CaseResult], width: int) -> list[str]:
    """One cause: why, what to do, and which cases it leaves open."""
    finding = group[0].finding
    lines = _wrapped(_left_open(group), width)
    if finding.next_step:
        lines.append(f"  next: {finding.next_step}")
    ids = ", ".join(result.id.rsplit("/", 1)[-1] for result in group[:_SHOWN_IDS])
    more = f" and {len(group) - _SHOWN_IDS} more" if len(group) > _SHOWN_IDS else ""
    return [*lines, *_wrapped(f"  {ids}{more}", width)]


def _left_open(group: Sequence[CaseResult]) -> str:
    finding = group[0].finding
    word = "SUITE ERROR" if finding.category is Category.SUITE_ERROR else _UNKNOWN
    components = ", ".join(dict.fromkeys(result.component for result in group))
    where = f" ({finding.where})" if finding.where else ""
    return f"{word}  {plural(len(group), 'check')} of {components}: {one_line(finding.message)}{where}"


def verdict(results: Sequence[CaseResult], where: str, left_out: int | None = 0, *, blamed: bool = True) -> str:
    """The whole run in one line, as it ends the output.

    Args:
        where: of which cluster and when.
        left_out: how many checks of the whole run were not picked; None where that is not known.
        blamed: name the components; where the causes stand above, they name them.
    """
    counts = Counter(result.outcome for result in results)
    failed, unknown, passed = counts[Outcome.FAILED], counts[Outcome.INCONCLUSIVE], counts[Outcome.PASSED]
    worst = verdict_of(results)
    some = f"{len(results)} picked" if left_out is None else f"{len(results)} of {len(results) + left_out}"
    if worst is Outcome.PASSED:
        return f"PASSED: all {passed} checks; {where}" if left_out == 0 else f"{some} checks, all passed; {where}"
    if unknown == len(results):
        of = unknown if left_out == 0 else some
        return f"INCONCLUSIVE: none of the {of} checks could be judged; {where}"
    parts = [f"{failed} failed{_blamed(results, Outcome.FAILED) if blamed else ''}"] if failed else []
    parts += [f"{unknown} inconclusive{_blamed(results, Outcome.INCONCLUSIVE) if blamed else ''}"] if unknown else []
    word = "FAILED" if worst is Outcome.FAILED else "INCONCLUSIVE"
    only = f" ({some} checks)" if left_out != 0 else ""
    return f"{word}: {', '.join([*parts, f'{passed} passed'])}{only}; {where}"


def _blamed(results: Iterable[CaseResult], outcome: Outcome) -> str:
    counts = Counter(result.component for result in results if result.outcome is outcome)
    return f" ({', '.join(f'{name} {count}' for name, count in counts.most_common())})"


def markup(line: str) -> dict[str, bool]:
    """The colour of a line, for a terminal that has any."""
    found = (colour for starts, colour in _COLOURS.items() if line.startswith(starts))
    return dict.fromkeys(next(found, ()), True)


def paragraphs(lines: Iterable[str], width: int) -> list[str]:
    """The lines, wrapped, each with what follows of it further in."""
    return [row for text in lines for row in _wrapped(text, width, "    ")]


def _wrapped(text: str, width: int, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
