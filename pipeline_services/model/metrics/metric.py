"""What a key metric is: how it is read, what is allowed, and what to do when it is not (section 8)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Literal

from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.levels import Levels
from pipeline_services.model.metrics.advice import Advice
from pipeline_services.model.pipeline import STATEFUL_SET, Pipeline

Tool = Literal["prometheus", "kubernetes", "kafka", "influxdb"]
"""All but the Kubernetes API are components."""
KUBERNETES: Final = "kubernetes"
Subjects = Callable[[Pipeline], tuple[str, ...]]


def data_path(pipeline: Pipeline) -> tuple[str, ...]:
    """The components that a reading passes through."""
    return pipeline.data_path


def workloads(pipeline: Pipeline) -> tuple[str, ...]:
    """Every component that has a workload."""
    return pipeline.judged_workloads


def stateful(pipeline: Pipeline) -> tuple[str, ...]:
    """The components that keep readings: each is a StatefulSet."""
    return pipeline.of_kind(STATEFUL_SET)


def with_volume(pipeline: Pipeline) -> tuple[str, ...]:
    """The components that keep data on a volume: readings, or the metrics of them."""
    return pipeline.with_volume


def servers(pipeline: Pipeline) -> tuple[str, ...]:
    """The Services that producer and processor look up by name."""
    return tuple(service.name for component in stateful(pipeline) if (service := pipeline[component].service))


def autoscalers(pipeline: Pipeline) -> tuple[str, ...]:
    """The names of the HorizontalPodAutoscalers."""
    return tuple(pipeline.autoscalers)


class Comparison(Enum):
    """How a reading has to stand to the level for the metric to hold."""

    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="

    def holds(self, value: float, level: float) -> bool:
        """Whether ``value`` is on the good side of ``level``; never for NaN."""
        return {
            Comparison.ABOVE: value > level,
            Comparison.AT_LEAST: value >= level,
            Comparison.BELOW: value < level,
            Comparison.AT_MOST: value <= level,
        }[self]


class Absence(Enum):
    """What it means when a metric has no value."""

    UNKNOWN = "nothing is known: inconclusive"
    ZERO_WITHOUT_PODS = "zero where the component has no pod, else inconclusive"


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a metric.

    Attributes:
        at: seconds since the epoch when it was true.
        of: whose value it is, where several were looked at and this is the worst.
    """

    value: float
    at: float
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMetric:
    """One row of the key-metrics table.

    Attributes:
        id: short and stable; settings and reports name the metric by it.
        row: the row of section 8 that it stands for, or ``suite`` for what the suite adds.
        shown_by: where an operator looks it up by hand.
        tool: what the collector asks; ``query`` is a template of PromQL for prometheus (see ``PrometheusApi``), else
            says in words what is read.
        unit, window: of the value; the window in seconds is what "sustained" means, 0 for one moment.
        fail, warn: the levels; ``floor`` is a second, lower bound that must be reached too.
        reason: why the levels, the tolerance and the window are what they are.
        by: the label of the query's result that tells the subjects apart; ``pod`` is looked up by component.
        subjects: one case each, of a pipeline; None for a single value.
        needs: components that must have a ready pod for the question to make sense.
        component: named by the report; empty means that the subject is the component.
        stale_after: seconds after which a reading is no longer taken for the present.
    """

    id: str
    row: str = "suite"
    shown_by: str
    tool: Tool = "prometheus"
    query: str
    unit: str
    window: float = 0
    comparison: Comparison
    fail: float
    warn: float
    reason: str
    advice: Advice
    component: str = ""
    by: str = ""
    subjects: Subjects | None = None
    needs: tuple[str, ...] = ()
    floor: float | None = None
    absence: Absence = Absence.UNKNOWN
    stale_after: float = 120.0

    def cases(self, pipeline: Pipeline) -> tuple[str, ...]:
        """The subjects in a pipeline; one empty subject for a single value."""
        return self.subjects(pipeline) if self.subjects else ("",)

    @property
    def wants_much(self) -> bool:
        """Whether a higher value is the better one."""
        return self.comparison in (Comparison.ABOVE, Comparison.AT_LEAST)

    def component_of(self, subject: str) -> str:
        """The component that a finding about ``subject`` names."""
        return self.component or subject

    def allows(self, reading: Reading) -> bool:
        """Whether the reading keeps to the fail level (and to the floor).

        Raises:
            NoData: the reading is NaN, which is neither good nor bad.
        """
        if math.isnan(reading.value):
            raise NoData(f"{self.id}: the value is NaN, which is no usable value")
        above_floor = self.floor is None or reading.value >= self.floor
        return above_floor and self.comparison.holds(reading.value, self.fail)

    def warns(self, reading: Reading) -> bool:
        """Whether the reading is allowed but past the warn level."""
        return self.allows(reading) and not self.comparison.holds(reading.value, self.warn)

    def observed(self, reading: Reading) -> str:
        """The reading in words, with its unit and whose it is."""
        return f"{self.id}{f' of {reading.of}' if reading.of else ''} is {reading.value:.3g} {self.unit}"

    def threshold(self) -> str:
        """The level in words, with the window."""
        window = f"over {self.window:g} s" if self.window else "now"
        floor = f">= {self.floor:g} and " if self.floor is not None else ""
        return f"{floor}{self.comparison.value} {self.fail:g} {self.unit} ({window})"


def with_levels(
    metrics: Mapping[str, KeyMetric], levels: Mapping[str, Levels], table: str = "thresholds"
) -> dict[str, KeyMetric]:
    """The metrics with an environment's own levels in place; ``table`` is where a file has them.

    Raises:
        PreconditionNotMet: an id that no metric has, a warn level on the far side of the fail level, or a level that
            would switch the check off or let nothing pass.
    """
    unknown = [metric_id for metric_id in levels if metric_id not in metrics]
    if unknown:
        raise PreconditionNotMet(f"{table}.{unknown[0]}: no such metric; known are {', '.join(sorted(metrics))}")
    return {
        metric_id: _with(metric, levels[metric_id], table) if metric_id in levels else metric
        for metric_id, metric in metrics.items()
    }


def _with(metric: KeyMetric, levels: Levels, table: str) -> KeyMetric:
    fail = metric.fail if levels.fail is None else levels.fail
    warn = levels.warn
    if warn is None:  # a fail level moved past the metric's own warn level takes the warn level along
        warn = metric.warn if _warns_first(metric, metric.warn, fail) else fail
    elif not _warns_first(metric, warn, fail):
        raise PreconditionNotMet(f"{table}.{metric.id}: warn {warn:g} would come after fail {fail:g}")
    for key, level in (("fail", fail), ("warn", warn)):
        why = _senseless(metric, level)
        if why:
            raise PreconditionNotMet(f"{table}.{metric.id}.{key}: {level:g} {metric.unit} {why}")
    return replace(metric, fail=fail, warn=warn)


def _senseless(metric: KeyMetric, level: float) -> str:
    """Why a level judges nothing; no metric is ever negative, and a share is at most 1."""
    if metric.unit.startswith("of ") and level > 1:
        return "is no share: 0.8 means 80 %"
    if metric.floor is not None and level < metric.floor:
        return f"lies below the least allowed, {metric.floor:g}: nothing would pass"
    if level < 0 or (level == 0 and metric.comparison in (Comparison.AT_LEAST, Comparison.BELOW)):
        off = metric.comparison in (Comparison.ABOVE, Comparison.AT_LEAST)
        return "is always reached: the check would be off" if off else "is never kept to: nothing would pass"
    return ""


def changes(metrics: Mapping[str, KeyMetric], levels: Mapping[str, Levels]) -> list[str]:
    """What the levels of an environment change, in words: one text for each metric."""
    with_own = with_levels(metrics, levels)
    return [
        f"{name} fails unless {new.comparison.value} {new.fail:g} {new.unit} (else {old.fail:g}), "
        f"warns unless {new.comparison.value} {new.warn:g} (else {old.warn:g})"
        for name, new in with_own.items()
        if (new.fail, new.warn) != ((old := metrics[name]).fail, old.warn)
    ]


def _warns_first(metric: KeyMetric, warn: float, fail: float) -> bool:
    wants_much = metric.comparison in (Comparison.ABOVE, Comparison.AT_LEAST)
    return warn >= fail if wants_much else warn <= fail
