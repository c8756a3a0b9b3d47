"""What the kernel counts: read from either layout of control groups, and never taken for zero."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

import pytest

from pipeline_services.model.errors import NoData
from pipeline_services.release.usage import node_busy, read_usage, usage

PEAK = "VmHWM:\t   65536 kB\n"


class Here:
    """This machine as the node."""

    def on_node(self, words: Sequence[str]) -> str:
        return subprocess.run(list(words), capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("cpu", ["cpu-ns 6500000000\n", "cpu-us 6500000\n"])
def test_figures_of_both_layouts(cpu: str) -> None:
    found = read_usage(cpu + PEAK)
    assert found.cpu_s == pytest.approx(6.5)
    assert found.peak_mib == 64.0


@pytest.mark.parametrize("text", ["", PEAK, "cpu-ns 5\n", "cpu-ns 0\n" + PEAK])
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


class Silent:
    """A node that says nothing."""

    def on_node(self, words: Sequence[str]) -> str:
        return ""


def test_what_the_node_used_is_there_or_not_known() -> None:
    assert node_busy(Here()) > 0
    with pytest.raises(NoData, match="what the node used"):
        node_busy(Silent())
