"""Faults of processes: killed or stopped from the node, where a container's first process is one like any other.

Inside its container that process cannot be signalled: the kernel protects it from what it does not handle.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pipeline_services.faults.journal import Command
from pipeline_services.faults.model import Fault, Node, Proof
from pipeline_services.model.errors import PreconditionNotMet

TICKS_PER_SECOND: Final = 100
"""What the kernel counts a process's times in, on every machine that the suite's cluster runs on."""
# The control group of a process names its container. Prints "pid pid-inside state" for each process of the container:
# both from one look, for a process may go between two.
_LIST: Final = """
for group in $(grep -ls -- "$1" /proc/[0-9]*/cgroup); do
  pid=$(basename "${group%/cgroup}")
  sed -n -e 's/^State:[^A-Z]*\\(.\\).*/\\1/p' -e 's/^NSpid:.*[^0-9]//p' "/proc/$pid/status" 2>/dev/null |
    { read -r state && read -r inside && echo "$pid $inside $state"; }
done
true
"""
FIRST_PROCESS: Final = f"""
list() {{ {_LIST} }}
first_process() {{
  ls /var/log/containers | sed -n "s/^$1-\\([0-9a-f]*\\)[.]log$/\\1/p" | while read -r id; do list "$id"; done |
    sed -n 's/ 1 .$//p'
}}
"""
"""Shell functions. ``first_process`` takes a container (``pods.container_name``) and prints the id on the node of the
first process of the one that runs now; nothing where none does. The kubelet names the log of each after both ids.
"""
# $1 container, $2 signal. A container that is gone has nothing to signal, which is well for an undo.
_SIGNAL: Final = f"""
list() {{ {_LIST} }}
list "$1" | while read -r pid inside state; do kill -s "$2" "$pid" 2>/dev/null || true; done
"""
# $1 the id of a process. Prints how often its control group was slowed down by its CPU limit (v1 and v2 of the groups).
_THROTTLED: Final = """
path=$(sed -n -e 's/^[0-9]*:[a-z,]*cpu[a-z,]*://p' -e 's/^0:://p' "/proc/$1/cgroup" | head -n 1)
cat "/sys/fs/cgroup/cpu$path/cpu.stat" "/sys/fs/cgroup/cpu,cpuacct$path/cpu.stat" "/sys/fs/cgroup$path/cpu.stat" \\
  2>/dev/null | sed -n 's/^nr_throttled //p' | head -n 1
"""
# $1 the id of a process. Prints when it was started and how long the machine runs, in ticks and in seconds.
_STARTED: Final = """
ticks=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20)
echo "$ticks $(cut -d' ' -f1 /proc/uptime)"
"""
# $1 the id of a process, $2 where control groups are mounted, $3 an empty folder. A program in the process's control
# groups fills a tmpfs that only it sees. That memory counts for the group and for no process: the program itself stays
# small, so the kernel never takes it for the largest process of the group, and with the file's end the memory is free.
# - The container's own limit is lowered, so that its group runs out and not the pod's, in which the sandbox's process
#   is another to take. The file is a little smaller still: with the app killed there is room, and no other is taken.
# - containerd drops the kernel's message where one of the container's groups is gone by the time it reads it, and
#   Kubernetes says "Error" then. So the program stays in all of them for a moment, whatever systemd asks. A runtime
#   that is sooner kills whoever is left in them (137): it has seen the container's end, and Kubernetes says of what.
_FILL_MEMORY: Final = """
path=$(sed -n -e 's/^[0-9]*:memory://p' -e 's/^0:://p' "/proc/$1/cgroup" | head -n 1)
for group in "$2/memory$path" "$2$path"; do [ -e "$group/cgroup.procs" ] && break; done
[ -e "$group/cgroup.procs" ] || { echo "no control group for memory"; exit 1; }
limit=$(cat "$group/memory.limit_in_bytes" "$group/memory.max" 2>/dev/null | head -n 1)
case "$limit" in ""|*[!0-9]*) echo "no limit of memory"; exit 1 ;; esac
lower=$((limit / 4 * 3))
for file in memory.limit_in_bytes memory.max; do [ ! -e "$group/$file" ] || echo "$lower" >"$group/$file"; done
unshare -m sh -ec '
  mount -t tmpfs -o "size=$5" filled-by-fault "$3"
  trap "" TERM
  while IFS=: read -r _ names path; do
    for one in "$2/${names#name=}$path" "$2$path"; do
      [ ! -e "$one/cgroup.procs" ] || { echo $$ >"$one/cgroup.procs" && break; }
    done
  done <"/proc/$1/cgroup" 2>/dev/null
  cat /dev/zero >"$3/filled" 2>/dev/null || rm "$3/filled"
  sleep 0.5
  killed=$(cat "$4/memory.oom_control" "$4/memory.events" 2>/dev/null | sed -n "s/^oom_kill //p" | head -n 1)
  [ "${killed:-0}" -gt 0 ] || { echo "the kernel killed nothing in $4"; exit 1; }
' sh "$1" "$2" "$3" "$group" "$((lower - 4194304))" || { code=$?; [ "$code" = 137 ] || exit "$code"; }
"""


class Processes:
    """The processes of one container, as the node sees them."""

    def __init__(self, node: Node, container_id: str) -> None:
        if len(container_id) < 12:
            raise ValueError(f"a fault needs an explicit container, not {container_id!r}")
        self._node = node
        self.container_id = container_id

    def states(self) -> dict[int, str]:
        """The processes' states (``R``, ``S``, ``T`` for stopped ...) by their id on the node."""
        lines = self._node.on_node(["sh", "-c", _LIST, "sh", self.container_id]).splitlines()
        return {int(pid): state for pid, _inside, state in (line.split() for line in lines)}

    def first(self) -> int | None:
        """The id on the node of the container's first process; None when it is gone."""
        lines = self._node.on_node(["sh", "-c", _LIST, "sh", self.container_id]).splitlines()
        return next((int(pid) for pid, inside, _state in (line.split() for line in lines) if inside == "1"), None)

    def started(self) -> float:
        """When the container's first process was started, in seconds since the epoch, to a hundredth.

        Raises:
            PreconditionNotMet: it does not run.
        """
        pid = self.first()
        found = self._node.on_node(["sh", "-c", _STARTED, "sh", str(pid)]).split() if pid else []
        if len(found) != 2:
            raise PreconditionNotMet(f"the container {self.container_id[:12]} does not run")
        ticks, uptime = found
        return time.time() - float(uptime) + int(ticks) / TICKS_PER_SECOND

    def throttled_periods(self) -> int:
        """How often the container was slowed down by its CPU limit since it was started.

        Raises:
            PreconditionNotMet: it does not run, or its control group does not say.
        """
        pid = self.first()
        text = self._node.on_node(["sh", "-c", _THROTTLED, "sh", str(pid)]).strip() if pid else ""
        if not text.isdigit():
            raise PreconditionNotMet(
                f"the container {self.container_id[:12]} does not say how often it was slowed down"
            )
        return int(text)

    def signal(self, name: str) -> Command:
        """The step that sends a signal to all of them."""
        words = ["sh", "-c", _SIGNAL, "sh", self.container_id, name]
        return Command(words, f"SIG{name} to all processes of the container {self.container_id[:12]}")


def killed(processes: Processes, pod: str) -> Fault:
    """The fault that kills a container's processes; it has landed once none of them is left."""
    return Fault(
        f"the process of {pod} killed",
        [processes.signal("KILL")],
        landed=Proof(f"no process of {pod} to be left in its container", lambda: not processes.states()),
        pods=(pod,),
    )


def stopped(processes: Processes, pod: str) -> Fault:
    """The fault that stops (SIGSTOP) a container's processes: the pod still looks Running until a probe notices."""

    def frozen() -> bool:
        states = processes.states()
        return bool(states) and set(states.values()) == {"T"}

    return Fault(
        f"the process of {pod} stopped (SIGSTOP)",
        [processes.signal("STOP")],
        [processes.signal("CONT")],
        Proof(f"every process of {pod} to be stopped", frozen),
        Proof(f"no process of {pod} to be stopped", lambda: "T" not in processes.states().values()),
        pods=(pod,),
    )


def memory_filled(processes: Processes, pod: str, killed_for_memory: Callable[[], object]) -> Fault:
    """The fault that uses up a container's memory, as a leak would, until the kernel kills for it by its own count.

    Args:
        killed_for_memory: whether the cluster says that the container was.

    Raises:
        PreconditionNotMet: the container does not run.
    """
    first = processes.first()
    if first is None:
        raise PreconditionNotMet(f"no process of {pod} runs")
    return Fault(
        f"the memory of {pod} used up",
        [
            Command(
                ["sh", "-c", _FILL_MEMORY, "sh", str(first), "/sys/fs/cgroup", "/mnt"],
                f"a file in memory filled beside process {first} until the kernel kills for it",
            )
        ],
        [processes.signal("KILL")],
        Proof(f"{pod} to be OOMKilled", killed_for_memory, within=60.0),
        pods=(pod,),
    )


def killed_with_work_undone(victim: Processes, peer: Processes, pod: str) -> Fault:
    """The fault that kills a container's processes while ``peer``, whom they tell what is done, cannot listen."""
    fault = killed(victim, pod)
    return replace(
        fault,
        summary=f"{fault.summary} while what it had just done could not be confirmed",
        inject=[peer.signal("STOP"), Command(["sleep", "1"], "wait a second"), *fault.inject, peer.signal("CONT")],
        undo=[peer.signal("CONT")],
    )
