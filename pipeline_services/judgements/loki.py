"""Does Loki run, answer the runbook's queries and have the pods' latest lines (section 2)?"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.logs import WINDOW, recent_lines
from pipeline_services.judgements.pods import (
    STARTING_FOR,
    all_ready_since,
    has_just_moved,
    is_leaving,
    is_starting,
    pods_of,
    require_back,
    require_ready,
    serving_pods,
)
from pipeline_services.model import roles
from pipeline_services.model.errors import PreconditionNotMet, UnexpectedAnswer
from pipeline_services.model.k8s import K8sObject, name_of, node_of, ready_since
from pipeline_services.model.metrics.advice import Advice, advice_about
from pipeline_services.snapshot.objects import labelled_pods
from pipeline_services.snapshot.snapshot import Snapshot

SHIPPING: Final = 30.0
"""Seconds that a line may take from the container to Loki; batches leave every few seconds."""
FRESH: Final = 120.0
"""Seconds within which something in the namespace logs."""


def is_ready(snapshot: Snapshot) -> None:
    """Loki says that it is ready."""
    require_ready(snapshot, roles.LOKI)
    answer = snapshot.data("loki_ready")
    if answer["status"] != 200:
        observed = f"Loki's /ready answers {answer['status']}: {str(answer['body'])[:200]}"
        raise Deviation(snapshot, observed, "200", advice_about(roles.LOKI))


def finds_all_logs(snapshot: Snapshot) -> None:
    """``{namespace="…"}`` finds lines, the newest of the last two minutes."""
    newest = _newest(_streams(snapshot, "loki/all"))
    if newest is None or snapshot.taken_at - newest > FRESH:
        require_back(snapshot, roles.LOKI, SHIPPING)
        _require_shipper(snapshot)
        seen = "no line" if newest is None else f"its newest line {snapshot.taken_at - newest:.0f} s ago"
        raise Deviation(snapshot, f"Loki finds {seen}", f"lines of the last {FRESH:g} s", _shipping_advice())


def answers_error_search(snapshot: Snapshot) -> None:
    """The runbook's search for errors is answered; what it finds is judged by the checks of the logs."""
    _streams(snapshot, "loki/errors")


def has_logs_of(snapshot: Snapshot, component: str) -> None:
    """Each pod's last line that had time to be shipped is in Loki, or a later one.

    What was written while Loki or the log shipper was away may be missing.
    """
    require_ready(snapshot, roles.LOKI, component)
    require_back(snapshot, roles.LOKI, SHIPPING)
    start = max([snapshot.taken_at - WINDOW, *all_ready_since(serving_pods(snapshot, roles.LOKI))])
    shipped = snapshot.data("loki/pods")
    latest: dict[str, float] = {}
    for line in recent_lines(snapshot, component):
        if start < line.at < snapshot.taken_at - SHIPPING:
            latest[line.pod] = max(line.at, latest.get(line.pod, 0.0))
    for pod, at in latest.items():
        if shipped.get(pod, 0.0) < at - 1:
            _require_shipper(snapshot, {node_of(one) for one in pods_of(snapshot, component) if name_of(one) == pod})
            behind = f"ends {at - shipped[pod]:.0f} s before its log" if pod in shipped else "has nothing"
            observed = f"Loki {behind} of {pod}" if pod not in shipped else f"Loki's copy of {pod} {behind}"
            raise Deviation(snapshot, observed, f"every line within {SHIPPING:g} s", _shipping_advice())


def _require_shipper(snapshot: Snapshot, nodes: Collection[str] = ()) -> None:
    """Refuse to judge what came while the log shipper, of some nodes or of all, is being replaced or has just been.

    Raises:
        PreconditionNotMet: that is so.
    """
    now, part = snapshot.taken_at, snapshot.pipeline.workloads.get(roles.LOG_SHIPPER)
    shippers = [pod for pod in labelled_pods(snapshot, roles.LOG_SHIPPER) if not nodes or node_of(pod) in nodes]
    moves = [is_leaving(pod, now) or is_starting(pod, now) or _is_new(pod, now) for pod in shippers]
    if part and (all(moves) if moves else has_just_moved(snapshot, part)):
        raise PreconditionNotMet(f"the log shipper is being replaced; try again in {STARTING_FOR:g} s")


def _is_new(pod: K8sObject, now: float) -> bool:
    since = ready_since(pod)
    return since is not None and now - since < SHIPPING


def _streams(snapshot: Snapshot, source: str) -> list[dict[str, Any]]:
    require_ready(snapshot, roles.LOKI)
    streams = snapshot.data(source)
    if not isinstance(streams, list):
        raise UnexpectedAnswer(f"{source} is {type(streams).__name__}, not a list of streams")
    return streams


def _newest(streams: list[dict[str, Any]]) -> float | None:
    return max((int(value[0]) / 1e9 for stream in streams for value in stream["values"]), default=None)


def _shipping_advice() -> Advice:
    return advice_about(roles.LOKI).but(next_command="kubectl logs -n {namespace} -l {selector:log-shipper} --tail=50")
