"""Pictures that matplotlib draws, as SVG: the same bytes for the same data."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any


def svg(name: str, size: tuple[float, float], draw: Callable[[Any], None]) -> bytes:
    """What ``draw`` draws into a figure of this size (inches); ids within the SVG are made of the name."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second that only a picture is worth
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=size, layout="constrained", facecolor="white")
        FigureCanvasSVG(figure)
        draw(figure)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def plain(axes: Any) -> None:
    """A thin grid, and no frame above and to the right."""
    axes.grid(visible=True, linewidth=0.3, color="#cccccc")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
