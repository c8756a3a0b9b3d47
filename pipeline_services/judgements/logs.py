"""Do the four components log errors that nobody knows (section 2, ``kubectl logs``)?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.known_issues import KnownIssue, known_issue
from pipeline_services.judgements.pods import RECONNECT_S, back_since, causes_of, pods_of, require_settled
from pipeline_services.model.errors import NoData, PreconditionNotMet
from pipeline_services.model.k8s import K8sObject, name_of, ready_since, stamped_lines
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.snapshot.snapshot import Snapshot

WINDOW: Final = 120.0
"""Seconds back for which errors count. What is still wrong logs again within it; what is over does not stay red."""
_THROWN = re.compile(r"[\w.$]+(Exception|Error)\b")


@dataclass(frozen=True, slots=True)
class Line:
    """One log line of one pod; ``at`` in seconds since the epoch, ``thrown`` the exception that the next line names."""

    pod: str
    at: float
    text: str
    thrown: str = ""

    @property
    def whole(self) -> str:
        """The line with its exception: what it says may be in either."""
        return f"{self.text} {self.thrown}".rstrip()


def have_no_unknown_errors(snapshot: Snapshot, component: str) -> None:
    """No line of the last minutes is an error, but for known issues and for what a pod logged before it was ready."""
    unknown = unknown_errors(snapshot, component)
    if unknown:
        last = unknown[-1]
        _require_no_outage(snapshot, component, last)
        command = f"kubectl logs -n {{namespace}} {last.pod} --tail=100"
        observed = f"{len(unknown)} error lines, the last of {last.pod}: {last.whole[:300]}"
        advice = advice_about(component).but(next_command=command)
        raise Deviation(snapshot, observed, f"none that is not a known issue (last {WINDOW:g} s)", advice)


def _require_no_outage(snapshot: Snapshot, component: str, last: Line) -> None:
    """Refuse to blame a component for what it said of a server while that was away.

    Raises:
        PreconditionNotMet: it has said nothing since the server is back, or the server is still on its way.
    """
    for server in causes_of(snapshot.pipeline, component):
        require_settled(snapshot, server)
        if last.at <= back_since(snapshot, server) + RECONNECT_S:
            raise PreconditionNotMet(
                f"{component} logged errors while {server} was away; try again in {WINDOW:g} s: {last.whole[:200]}"
            )


def unknown_errors(snapshot: Snapshot, component: str) -> list[Line]:
    """The lines that count, are errors and no known issue, oldest first; raises as ``recent_lines`` does."""
    return [line for line, issue in errors(snapshot, component) if issue is None]


def errors(snapshot: Snapshot, component: str) -> Iterator[tuple[Line, KnownIssue | None]]:
    """The lines that count and are errors, each with the known issue that it is; raises as ``recent_lines`` does."""
    for line in recent_lines(snapshot, component):
        if snapshot.pipeline[component].logs_an_error(line.text):
            yield line, known_issue("logs", component, line.whole, snapshot.taken_at)


def recent_lines(snapshot: Snapshot, component: str) -> list[Line]:
    """The lines that count, oldest first: of a ready pod those of the window and from when it became ready, of any
    other all that were collected, since it may log only once in minutes (CrashLoopBackOff).

    Raises:
        NoData: the component has no pod, or no container of it could be read.
    """
    since = {name_of(pod): _counts_from(pod, snapshot.taken_at) for pod in pods_of(snapshot, component)}
    tails, read = snapshot.data(f"logs/{component}"), snapshot.derive(_read)
    if not any(tail["pod"] in since for tail in tails):
        raise NoData(f"there is no pod of {component} whose log could be read")
    if component not in read:
        read[component] = [line for tail in tails for line in _lines(tail)]
    counting = (line for line in read[component] if line.pod in since and line.at >= since[line.pod])
    return sorted(counting, key=lambda line: line.at)


def _read(_: Snapshot) -> dict[str, list[Line]]:
    """The lines of each component that were read so far: several checks and the report ask for the same."""
    return {}


def _counts_from(pod: K8sObject, now: float) -> float:
    ready = ready_since(pod)
    return 0.0 if ready is None else max(now - WINDOW, ready)


def _lines(tail: Mapping[str, Any]) -> Iterator[Line]:
    for (at, text), (_, after) in pairwise([*stamped_lines(tail), (0.0, "")]):
        yield Line(tail["pod"], at, text, after if _THROWN.match(after) else "")
