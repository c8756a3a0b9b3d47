"""Two containers that take turns: one runs while the other is stopped, so that both meet the same machine.

How fast a machine computes drifts within seconds: neighbours, clock, caches. Turns shorter than that take it out of the
difference of two versions, which rounds one after the other do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from pipeline_services.faults.model import Node

TURN_S: Final = 0.1
LIMIT_S: Final = 300.0
"""Seconds until the turns end by themselves, for a run that is killed meanwhile."""
# $1 a process. Prints the file that lists all processes of its container (v1 and v2 of the control groups).
_LISTED: Final = """
path=$(sed -n -e 's/^[0-9]*:memory://p' -e 's/^0:://p' "/proc/$1/cgroup" | head -n 1)
for file in "/sys/fs/cgroup/memory$path/cgroup.procs" "/sys/fs/cgroup$path/cgroup.procs"; do
  [ ! -e "$file" ] || { echo "$file"; exit; }
done
exit 1
"""
# $1 and $2 the files that list two containers' processes, $3 seconds of a turn, $4 so many turns of each at most.
# Prints the id of the program that gives the turns, in the background: until it is told to end, or a container is gone.
_TAKE_TURNS: Final = """
setsid sh -c '
  signal() { for pid in $(cat "$2" 2>/dev/null); do kill -s "$1" "$pid" 2>/dev/null; done; }
  trap "signal CONT $1; signal CONT $2; exit" TERM
  left=$4
  while [ "$left" -gt 0 ] && grep -q . "$1" && grep -q . "$2"; do
    signal STOP "$2"; signal CONT "$1"; sleep "$3"
    signal STOP "$1"; signal CONT "$2"; sleep "$3"
    left=$((left - 1))
  done
  signal CONT "$1"; signal CONT "$2"
' turns "$@" >/dev/null 2>&1 &
echo $!
"""
# $1 the program that gives the turns. Ends once it has ended.
_END: Final = """
kill "$1" 2>/dev/null || true
while kill -0 "$1" 2>/dev/null; do sleep 0.02; done
"""


@contextmanager
def turns(node: Node, processes: Sequence[int]) -> Iterator[None]:
    """Within the block the containers of these two processes take turns; both run after it, whatever ends it.

    Raises:
        UnexpectedAnswer: the kernel does not say which processes a container has.
    """
    lists = [node.on_node(["sh", "-c", _LISTED, "sh", str(one)]).strip() for one in processes]
    limits = [str(TURN_S), str(round(LIMIT_S / TURN_S / 2))]
    giver = node.on_node(["sh", "-c", _TAKE_TURNS, "sh", *lists, *limits]).strip()
    try:
        yield
    finally:
        node.on_node(["sh", "-c", _END, "sh", giver])
