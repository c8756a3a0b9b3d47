"""Hand-made samples of a pipeline to which something happens."""

from __future__ import annotations

from collections.abc import Callable

from pipeline_services.measure.samples import LagSample, PodSeen, PodsSample, Samples, StoredSample

START = 1_000.0
"""When the fault lands in every history here."""


def pod(life: str = "new", app: str = "processor", *, ready: bool = True, going: bool = False) -> PodSeen:
    status = "Running" if ready else "ContainerCreating"
    return PodSeen(f"{app}-{life}", app, life, ready, going, status, 0)


def history(
    pods: Callable[[float], tuple[PodSeen, ...]],
    newest: Callable[[float], float | None],
    lag: Callable[[float], int] = lambda _at: 10,
    until: float = 30.0,
) -> Samples:
    """Samples from 5 s before the fault until ``until`` seconds after it; times count from the fault.

    Args:
        newest: the event time of the newest stored reading; None when InfluxDB does not answer.
    """
    samples, step = Samples(), 0.25
    for index in range(int((until + 5.0) / step)):
        at = -5.0 + index * step
        asked, answered = START + at - 0.02, START + at
        samples.pods.append(PodsSample(asked, answered, pods=pods(at)))
        event = newest(at)
        if event is None:
            samples.stored.append(StoredSample(asked, answered, error="away"))
        else:
            samples.stored.append(StoredSample(asked, answered, newest={"audit-1": START + event}))
        samples.lag.append(LagSample(asked, answered, lag=lag(at), end=0))
    return samples


def outage(begin: float, end: float, delay: float = 0.3) -> Callable[[float], float | None]:
    """Readings are stored ``delay`` seconds after their event, but for an outage; what waited comes at its end."""
    return lambda at: min(at, begin) - delay if at < end else at - delay
