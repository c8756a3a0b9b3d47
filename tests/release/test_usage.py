"""What the kernel counts: read from either layout of control groups, and never taken for zero."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

import pytest

from pipeline_services.model.errors import NoData
from pipeline_services.release.usage import node_busy, read_usage, usage

STAT = "cpu  1000 50 300 90000 700 10 40 5 60 0\n"
PEAK = "VmHWM:\t   65536 kB\n"
BUSY_S = (1000 + 50 + 300 + 10 + 40 + 5) / 100


class Here:
    """This machine as the node."""

    def on_node(self, words: Sequence[str]) -> str:
        return subprocess.run(list(words), capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("cpu", ["cpu-ns 6500000000\n", "cpu-us 6500000\n"])
def test_figures_of_both_layouts(cpu: str) -> None:
    found = read_usage(cpu + PEAK + STAT)
    assert found.cpu_s == pytest.approx(6.5)
    assert found.peak_mib == 64.0
    assert found.node_busy_s == pytest.approx(BUSY_S)


@pytest.mark.parametrize(
    "text", ["", PEAK + STAT, "cpu-ns 5\n" + STAT, "cpu-ns 5\n" + PEAK, "cpu-ns 0\n" + PEAK + STAT]
)
def test_a_figure_that_is_missing_is_no_zero(text: str) -> None:
    with pytest.raises(NoData, match="the kernel does not say"):
        read_usage(text)


def test_the_script_reads_this_machine() -> None:
    try:
        found = usage(Here(), os.getpid())
    except NoData:
        pytest.fail("no control group counts CPU time here")
    assert 1 < found.peak_mib < 100_000
    assert found.cpu_s > 0.01
    assert node_busy(Here()) >= found.node_busy_s > 0
