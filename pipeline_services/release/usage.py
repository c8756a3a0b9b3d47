"""What a container has used, as the node's kernel counts it: nothing that a version could get wrong itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipeline_services.faults.model import Node
from pipeline_services.faults.processes import TICKS_PER_SECOND
from pipeline_services.model.errors import NoData

# $1 the id of the container's first process. Prints the CPU time of its control group (v1: ns, v2: µs) and the peak of
# the process's memory.
_USAGE: Final = """
path=$(sed -n -e 's/^[0-9]*:[a-z,]*cpuacct[a-z,]*://p' -e 's/^0:://p' "/proc/$1/cgroup" | head -n 1)
cat "/sys/fs/cgroup/cpuacct$path/cpuacct.usage" "/sys/fs/cgroup/cpu,cpuacct$path/cpuacct.usage" 2>/dev/null |
  sed -n 's/^/cpu-ns /p' | head -n 1
sed -n 's/^usage_usec/cpu-us/p' "/sys/fs/cgroup$path/cpu.stat" 2>/dev/null
grep '^VmHWM:' "/proc/$1/status"
"""
_NODE: Final = ["sh", "-c", "head -n 1 /proc/stat"]
_IDLE: Final = (3, 4)
"""Columns of the CPUs' times in which nothing ran: idle, and waiting for a disk."""
_GUEST: Final = 8
"""From this column on the times are part of others."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Since the container began: CPU seconds, and the most memory in MiB."""

    cpu_s: float
    peak_mib: float


def usage(node: Node, first_process: int) -> Usage:
    """What a container has used so far. Raises NoData where the kernel does not say; an absent figure is not zero."""
    return read_usage(node.on_node(["sh", "-c", _USAGE, "sh", str(first_process)]))


def node_busy(node: Node) -> float:
    """CPU seconds that all that runs on the node has used since it was started.

    Raises:
        NoData: the kernel does not say.
    """
    return _busy(node.on_node(_NODE))


def read_usage(text: str) -> Usage:
    """The figures in what the script printed. Raises NoData for one that is missing."""
    cpu_s = _figure(text, r"cpu-ns (\d+)", 1e-9) or _figure(text, r"cpu-us (\d+)", 1e-6)
    peak = _figure(text, r"VmHWM:\s+(\d+) kB", 1 / 1024)
    if not cpu_s or not peak:
        raise NoData(f"the kernel does not say what the container used: {text[:200]!r}")
    return Usage(cpu_s, peak)


def _figure(text: str, pattern: str, unit: float) -> float:
    found = re.search(rf"^{pattern}$", text, re.MULTILINE)
    return int(found[1]) * unit if found else 0.0


def _busy(text: str) -> float:
    found = re.search(r"^cpu +(\d[\d ]*)$", text, re.MULTILINE)
    if not found:
        raise NoData(f"the kernel does not say what the node used: {text[:200]!r}")
    ticks = [int(word) for word in found[1].split()][:_GUEST]
    return sum(one for place, one in enumerate(ticks) if place not in _IDLE) / TICKS_PER_SECOND
