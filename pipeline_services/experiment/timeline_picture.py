"""The time line as a picture: how old the newest stored reading is, and the backlog, around the fault."""

from __future__ import annotations

import io
from typing import Any, Final

from pipeline_services.experiment.scenario import Heals, Story
from pipeline_services.experiment.timeline import series

_FAULT: Final = "#f4c7c3"
_DATA: Final = "#1a5fb4"
_BACKLOG: Final = "#8f5902"
_BACK: Final = "#26a269"
_LIMIT: Final = "#a51d2d"


def svg(story: Story) -> bytes:
    """The picture, the same bytes for the same story. The fault is shaded, recovery dashed, the limit dotted."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second that only a picture is worth
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context({"svg.hashsalt": story.case.id, "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(8.0, 4.2), layout="constrained", facecolor="white")
        FigureCanvasSVG(figure)
        age, lag = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        zero = story.marks.get("landed", story.marks.get("begin", 0.0))
        data = series(story)
        age.plot(*_columns(data["age"], zero), color=_DATA, linewidth=1.4, label="newest stored reading")
        lag.plot(*_columns(data["lag"], zero), color=_BACKLOG, linewidth=1.2)
        for axes in (age, lag):
            _dress(axes, story, zero)
        age.set_ylabel("age, s")
        lag.set_ylabel("backlog,\nreadings")
        lag.set_xlabel("seconds since the fault landed")
        age.set_title(story.summary, loc="left", fontsize=10)
        figure.legend(*age.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=8)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def _dress(axes: Any, story: Story, zero: float) -> None:
    marks, recovered = story.marks, story.marks.get("recovered")
    clock = marks.get("healed", zero) if story.case.heals is Heals.BY_UNDO else zero
    if "injected" in marks:
        until = clock if story.case.heals is Heals.BY_UNDO else (recovered or marks.get("end", zero))
        axes.axvspan(marks["injected"] - zero, until - zero, color=_FAULT, label="fault")
    if recovered is not None:
        axes.axvline(recovered - zero, color=_BACK, linestyle="--", label="recovered")
    axes.axvline(clock + story.case.within - zero, color=_LIMIT, linestyle=":", label="limit")
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, linewidth=0.3, color="#cccccc")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _columns(points: list[tuple[float, float]], zero: float) -> tuple[list[float], list[float]]:
    return [at - zero for at, _ in points], [value for _, value in points]
