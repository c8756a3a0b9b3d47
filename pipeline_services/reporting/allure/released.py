"""How the verdict on a release is shown: what stands above all else, and the place of each fact and metric. Pure."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Final

from pipeline_services.model.text import duration, plural, utc
from pipeline_services.release.decision import Judged, signed
from pipeline_services.release.facts import ROLLED_OUT, SCENARIOS, STATEMENTS, Fact
from pipeline_services.release.gates import METRICS
from pipeline_services.release.verdict import Conclusion, Verdict
from pipeline_services.reporting.run.outcome import Outcome
from pipeline_services.reporting.run.shown import Place, Shown

VERDICT, FACTS, COSTS = "1. Verdict", "2. Facts", "3. Costs"
ROLL_OUT, FAILURES, LAST = "4. Roll-out", "5. Failures", "6. Not measured"
REASONS: Final = 5
"""So many stand above all else; the verdict's own case has all."""
_GROUPS: Final = dict.fromkeys((one.id for one in ROLLED_OUT), ROLL_OUT) | {SCENARIOS.id: FAILURES}
_OUTCOMES: Final = {
    Verdict.GO: Outcome.PASSED,
    Verdict.NO_GO: Outcome.FAILED,
    Verdict.NOT_ENOUGH_DATA: Outcome.INCONCLUSIVE,
}
_TITLES: Final = {metric.id: metric.title for metric in METRICS}


def shown(conclusion: Conclusion, subjects: Mapping[str, str], pictures: Mapping[str, bytes]) -> Shown:
    """The verdict for terminal and page.

    Args:
        subjects: by case the id of the fact or the metric that it is about; empty for the verdict's own.
        pictures: SVG, by what it shows.
    """
    places = {case: _place(conclusion, subject) for case, subject in subjects.items()}
    said = conclusion.headline, conclusion.title, conclusion.lines()
    return Shown(_OUTCOMES[conclusion.verdict], *said, places, banner(conclusion, pictures))


def _place(conclusion: Conclusion, subject: str) -> Place:
    """What decided stands beside the verdict, what was not reached behind all else."""
    if not subject:
        title = f"{conclusion.verdict.words}: {conclusion.because[0].short}"
        return Place(VERDICT, title, "\n\n".join(conclusion.reasons))
    found = conclusion.evidence.of(subject)
    if found is None:
        title = STATEMENTS[subject].title if subject in STATEMENTS else _TITLES[subject]
        return Place(LAST, title, conclusion.not_measured)
    if isinstance(found, Fact):
        return Place(_GROUPS.get(subject, FACTS) if found.holds else VERDICT, found.words.title, str(found))
    group = COSTS if found.decision.lets_go else VERDICT
    return Place(group, f"{found.metric.title}: {found.short}", found.in_full)


def banner(conclusion: Conclusion, pictures: Mapping[str, bytes]) -> str:
    """The verdict as HTML: why, what each metric costs, what it was held against, and the pictures."""
    found = conclusion.evidence
    told = conclusion.reasons[:1] if conclusion.verdict is Verdict.GO else conclusion.reasons
    reasons = [one for one in told if one != conclusion.not_reached] or told
    more = len(reasons) - REASONS
    stages = [f"{name} {duration(seconds)}" for name, seconds in found.stages.items()]
    why = [*reasons[:REASONS], *([f"{plural(more, 'reason')} more, below"] if more > 0 else [])]
    parts = (
        f"<h1>{escape(conclusion.headline)}</h1>",
        _rows({"why": why, "open": [conclusion.not_reached]}),
        _costs(one for one in found.metrics if one.pairs),
        _rows(
            {
                "against": [found.baseline],
                "began": [", ".join([utc(found.started), *stages])],
                "notes": found.notes[:REASONS],
            }
        ),
        "".join(_picture(what, svg) for what, svg in pictures.items()),
    )
    return f'<section id="diagnosis" class="{conclusion.verdict.value}">{"".join(parts)}</section>'


def _picture(what: str, svg: bytes) -> str:
    return f'<img alt="{escape(what)}" src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}">'


def _rows(rows: Mapping[str, Iterable[str]]) -> str:
    """A list of labels, each with its texts; one that has none is left out."""
    texts = {label: "".join(f"<dd>{escape(text)}</dd>" for text in told if text) for label, told in rows.items()}
    return f"<dl>{''.join(f'<dt>{label}</dt>{told}' for label, told in texts.items() if told)}</dl>"


def _costs(metrics: Iterable[Judged]) -> str:
    """A table, a row for each metric that was measured; nothing where none was."""
    rows = ["".join(f"<td>{escape(cell)}</td>" for cell in _cells(one)) for one in metrics]
    if not rows:
        return ""
    names = "".join(f"<th>{name}</th>" for name in ("cost", "estimate", "interval", "pairs", "margin", ""))
    return f"<table><tr>{names}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _cells(judged: Judged) -> Iterator[str]:
    yield judged.metric.title
    interval = judged.interval
    ends = (interval.estimate, interval.low, interval.high) if interval else (math.nan,) * 3
    estimate, low, high = (signed(end) if math.isfinite(end) else "?" for end in ends)
    yield f"{estimate} %"
    yield f"{low} to {high} %"
    yield str(len(judged.pairs))
    yield f"{100 * judged.metric.margin:g} %"
    yield judged.decision.value
