"""The time line as a picture: how old the newest stored reading is, and the backlog, around the fault."""

from __future__ import annotations

from typing import Any, Final

from pipeline_services.experiment.result import Result
from pipeline_services.experiment.scenario import Heals
from pipeline_services.experiment.timeline import phases, series
from pipeline_services.model import plots

_FAULT: Final = "#f4c7c3"
_DATA: Final = "#1a5fb4"
_BACKLOG: Final = "#8f5902"
_BACK: Final = "#26a269"
_LIMIT: Final = "#a51d2d"


def svg(result: Result) -> bytes:
    """The picture, the same bytes for the same result. The fault is shaded, recovery dashed, the limit dotted."""

    def draw(figure: Any) -> None:
        age, lag = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        zero, data = result.zero, series(result)
        age.plot(*_columns(data["age"], zero), color=_DATA, linewidth=1.4, label="newest stored reading")
        lag.plot(*_columns(data["lag"], zero), color=_BACKLOG, linewidth=1.2)
        for axes in (age, lag):
            _dress(axes, result, zero)
        age.set_ylabel("age, s")
        lag.set_ylabel("backlog,\nreadings")
        lag.set_xlabel("seconds since the fault landed")
        age.set_title(result.summary, loc="left", fontsize=10)
        figure.legend(*age.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=8)

    return plots.svg(result.scenario.id, (8.0, 4.2), draw)


def _dress(axes: Any, result: Result, zero: float) -> None:
    plan, moments = result.scenario.plan, phases(result)
    recovered = moments.get("recovered")
    clock = moments.get("healed", zero) if plan.heals is Heals.BY_UNDO else zero
    if "injected" in moments:
        until = clock if plan.heals is Heals.BY_UNDO else (recovered or moments.get("end", zero))
        axes.axvspan(moments["injected"] - zero, until - zero, color=_FAULT, label="fault")
    if recovered is not None:
        axes.axvline(recovered - zero, color=_BACK, linestyle="--", label="recovered")
    axes.axvline(clock + plan.within_s - zero, color=_LIMIT, linestyle=":", label="limit")
    axes.set_ylim(bottom=0)
    plots.plain(axes)


def _columns(points: list[tuple[float, float]], zero: float) -> tuple[list[float], list[float]]:
    return [at - zero for at, _ in points], [value for _, value in points]
