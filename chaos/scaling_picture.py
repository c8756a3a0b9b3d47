"""A load test as a picture: how many pods each autoscaler wanted and had, and the CPU that it went by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chaos.scaling import LoadTest, Sample
from pipeline_services.model import plots

_LOAD: Final = "#f4c7c3"
_TARGET: Final = "#a51d2d"
_COLOURS: Final = ("#1a5fb4", "#8f5902", "#26a269", "#813d9c")


def svg(test: LoadTest, targets: Mapping[str, int]) -> bytes:
    """The picture. The load is shaded; pods that are wanted are dashed, those that are there are not.

    Args:
        targets: by app the CPU use, in percent of the request, that its autoscaler aims at.
    """

    def draw(figure: Any) -> None:
        pods, cpu = figure.subplots(2, 1, sharex=True)
        for colour, app in zip(_COLOURS, targets, strict=False):
            _draw(pods, cpu, test, app, colour)
        for target in sorted(set(targets.values())):
            cpu.axhline(target, color=_TARGET, linestyle=":", label=f"target {target} %")
        for axes in (pods, cpu):
            axes.axvspan(0, test.calm_at - test.loaded_at, color=_LOAD, label="load")
            axes.set_ylim(bottom=0)
            plots.plain(axes)
        pods.set_ylabel("pods")
        cpu.set_ylabel("CPU, %\nof the request")
        cpu.set_xlabel("seconds since the load began")
        figure.legend(*cpu.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=8)

    return plots.svg("load test", (8.0, 4.2), draw)


def _draw(pods: Any, cpu: Any, test: LoadTest, app: str, colour: str) -> None:
    own: list[Sample] = [one for one in test.samples if one.app == app]
    times = [one.at - test.loaded_at for one in own]
    pods.step(times, [one.wanted for one in own], where="post", color=colour, linestyle="--", linewidth=1)
    pods.step(times, [one.pods for one in own], where="post", color=colour, linewidth=1.6)
    cpu.plot(times, [one.cpu for one in own], color=colour, linewidth=1.2, label=app)
